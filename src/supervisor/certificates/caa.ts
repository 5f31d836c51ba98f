// CAA records (RFC 8659): whether they let a CA issue for a name, with the account and the proofs that we have (RFC 8657).

import { type Finding, good, problem, warning } from './finding.ts';

/** A record as node:dns gives it: the property's own name is a key. */
export type CaaRecord = Readonly<Record<string, unknown>>;

/** Who asks. */
export interface CaaAsker {
  readonly name: string;
  readonly isWildcard: boolean;
  /** Domains that stand for the CA; none where it does not say. */
  readonly identities: readonly string[];
  /** Address of our account, or ''. */
  readonly accountUrl: string;
  readonly kinds: readonly string[];
}

/** What node:dns has in a record beside the property. */
const ownKeys: ReadonlySet<string> = new Set(['critical', 'type']);
/** What every CA knows (RFC 8659 4, RFC 9495, and what the CA/Browser Forum has added). */
const knownTags: ReadonlySet<string> = new Set([
  'issue',
  'issuewild',
  'iodef',
  'issuemail',
  'contactemail',
  'contactphone',
]);
/** Longest part of a record that is told. */
const maxShown = 200;

/** Judges the records that hold for a name, which stand at `at`: itself or the nearest name above it that has any. */
export function judgeCaa(records: readonly CaaRecord[], at: string, asker: CaaAsker): Finding {
  const { identities, isWildcard, name } = asker;
  const strange = records.find(isStrange);
  if (strange !== undefined)
    return problem(
      'caa',
      `${at} has a CAA record that is critical and that CAs need not know: ${tagOf(strange).slice(0, maxShown)}`,
      'take the record away, or its critical flag: whoever does not know it must not issue',
    );
  const wild = valuesOf(records, 'issuewild');
  const tag = isWildcard && wild.length > 0 ? 'issuewild' : 'issue';
  const values = tag === 'issuewild' ? wild : valuesOf(records, 'issue');
  if (values.length === 0) return good('caa', `no CAA record says who may certify ${name}, so every CA may`);
  const shown = values.map((value) => `${tag} "${value.slice(0, maxShown)}"`).join(', ');
  if (identities.length === 0)
    return warning(
      'caa',
      `${at} has CAA records (${shown}), and the CA does not say which name they know it by`,
      'see the CA’s own pages for it',
    );
  const own = values.map(parse).filter(({ domain }) => identities.includes(domain));
  if (own.length === 0)
    return problem(
      'caa',
      `the CAA records of ${at} let nobody but ${shown} certify ${name}`,
      `add the record ${at}. CAA 0 ${tag} "${identities[0]}"`,
    );
  const faults = own.map((value) => faultOf(value, asker));
  if (faults.includes('')) return good('caa', `CAA of ${at} lets ${identities[0]} certify ${name}`);
  return problem(
    'caa',
    `the CAA records of ${at} let the CA certify ${name} only ${faults[0]}`,
    `change or remove that part of the record, or add one without it`,
  );
}

/** What was found about a CA that is only asked where the first is in trouble: nothing is in the way yet, and then it would be. */
export function ofFallback(finding: Finding, host: string): Finding {
  if (finding.level === 'good') return finding;
  return warning(finding.check, `for the fallback ${host}: ${finding.says}`, finding.cure);
}

interface Value {
  readonly domain: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** What keeps a record that names the CA from helping us, as the end of a sentence; '' for nothing. */
function faultOf({ parameters }: Value, { accountUrl, kinds }: CaaAsker): string {
  const account = parameters.get('accounturi');
  if (account !== undefined && account !== accountUrl)
    return `for the account ${account.slice(0, maxShown)}, and ours is ${accountUrl || 'not registered yet'}`;
  const methods = parameters
    .get('validationmethods')
    ?.split(',')
    .map((method) => method.trim());
  if (methods !== undefined && !methods.some((method) => kinds.includes(method)))
    return `by ${methods.join(' or ').slice(0, maxShown)}, and the settings allow ${kinds.join(', ')}`;
  return '';
}

/** `ca.example; accounturi=…; validationmethods=…` (RFC 8659 4.2). */
function parse(value: string): Value {
  const [domain = '', ...rest] = value.split(';').map((part) => part.trim());
  const parameters = rest
    .filter((part) => part.includes('='))
    .map(
      (part) =>
        [part.slice(0, part.indexOf('=')).trim().toLowerCase(), part.slice(part.indexOf('=') + 1).trim()] as const,
    );
  return { domain: domain.toLowerCase(), parameters: new Map(parameters) };
}

/** Whether a CA that does not know its tag must not issue (RFC 8659 4.1). */
function isStrange(record: CaaRecord): boolean {
  const { critical } = record;
  return typeof critical === 'number' && (critical & 0x80) !== 0 && !knownTags.has(tagOf(record));
}

/** The property's name in lower case: case is of no matter (RFC 8659 4.1). */
function tagOf(record: CaaRecord): string {
  return (
    Object.keys(record)
      .find((key) => !ownKeys.has(key))
      ?.toLowerCase() ?? ''
  );
}

function valuesOf(records: readonly CaaRecord[], tag: string): string[] {
  return records
    .filter((record) => tagOf(record) === tag)
    .flatMap((record) => Object.entries(record).filter(([key]) => !ownKeys.has(key)))
    .flatMap(([, value]) => (typeof value === 'string' ? [value] : []));
}
