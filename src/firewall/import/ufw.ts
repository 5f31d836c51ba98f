// ufw: what `ufw status` prints (verbose and numbered, too), and the tuples of its files user.rules and user6.rules.

import type { Cidr } from '../../base/cidr.ts';
import type { Action, Protocol } from '../rule.ts';
import { allPorts, type PortRange } from '../rule-fields.ts';
import { anySource } from '../zones.ts';
import { type Imported, type ImportedRule, looseCidr, type Note, portRangeOf, protocolOf } from './model.ts';

/** Profiles of applications that Debian's and Ubuntu's packages bring, by the ports they open. */
const profiles: Readonly<Record<string, string>> = {
  openssh: '22/tcp',
  apache: '80/tcp',
  'apache full': '80,443/tcp',
  'apache secure': '443/tcp',
  'nginx http': '80/tcp',
  'nginx https': '443/tcp',
  'nginx full': '80,443/tcp',
  www: '80/tcp',
  'www full': '80,443/tcp',
  'www secure': '443/tcp',
  postfix: '25/tcp',
  'postfix submission': '587/tcp',
  'postfix smtps': '465/tcp',
  'dovecot imap': '143/tcp',
  'dovecot secure imap': '993/tcp',
  dns: '53',
  ssh: '22/tcp',
};

/** Reads either form. */
export function readUfw(text: string): Imported | string {
  const lines = text.split('\n').map((line) => line.trimEnd());
  if (lines.some((line) => line.startsWith('### tuple ###'))) return readTuples(lines);
  return readStatus(lines);
}

function readStatus(lines: readonly string[]): Imported | string {
  const notes: Note[] = [];
  const rules: ImportedRule[] = [];
  const status = lines.find((line) => line.startsWith('Status:'));
  if (status === undefined) return 'it has no line `Status: active`';
  if (!status.includes('active') || status.includes('inactive')) return 'ufw is inactive, so there are no rules';
  const defaults = lines.find((line) => line.startsWith('Default:')) ?? '';
  const incoming =
    defaults
      .slice(9)
      .split(',')
      .find((part) => part.includes('(incoming)')) ?? '';
  if (incoming === '')
    notes.push({
      where: 'the whole',
      text: status,
      says: "the policy is not shown (`ufw status verbose` has it); ufw's own default, deny, is taken",
    });
  const header = lines.findIndex(
    (line) => line.trimStart().startsWith('To ') && line.includes('Action') && line.includes('From'),
  );
  if (header < 0) return { format: 'ufw', default: incoming.includes('allow') ? 'ALLOW' : 'DENY', rules, notes };
  for (let index = header + 2; index < lines.length; index++) {
    const line = lines[index]!;
    if (line.trim() === '') continue;
    const where = `line ${index + 1}`;
    const found = statusRule(line);
    if (typeof found === 'string') notes.push({ where, text: line.trim(), says: found });
    else {
      rules.push(found.rule);
      if (found.note !== '') notes.push({ where, text: line.trim(), says: found.note });
    }
  }
  return { format: 'ufw', default: incoming.includes('allow') ? 'ALLOW' : 'DENY', rules, notes };
}

interface Found {
  readonly rule: ImportedRule;
  readonly note: string;
}

/** `22/tcp  ALLOW IN  Anywhere  # comment`, with `[ 1]` before it where the list is numbered; columns stand two blanks apart. */
function statusRule(line: string): Found | string {
  const hash = line.indexOf(' # ');
  const description = hash < 0 ? '' : line.slice(hash + 3).trim();
  let body = (hash < 0 ? line : line.slice(0, hash)).trim();
  if (body.startsWith('[')) body = body.slice(body.indexOf(']') + 1).trim();
  if (body.endsWith('(out)')) body = body.slice(0, -5).trim();
  const columns = body
    .split('  ')
    .map((column) => column.trim())
    .filter((column) => column !== '');
  const [to, action, from] = columns;
  if (columns.length !== 3 || to === undefined || action === undefined || from === undefined)
    return 'it is no rule: To, Action, From';
  const [word = '', direction = 'IN'] = action.split(' ');
  if (direction !== 'IN')
    return `it is about traffic that goes ${direction === 'OUT' ? 'out' : 'through'}, not about who may connect`;
  return ruleOf(word.toLowerCase(), to, from, description);
}

function ruleOf(word: string, to: string, from: string, description: string): Found | string {
  const does = actionOf(word);
  if (does === null) return `${word} is no action that is known here`;
  if (` ${to} ${from} `.includes(' on ')) return 'it is about an interface, and our rules are about all';
  const isSix = to.endsWith('(v6)') || from.endsWith('(v6)');
  const target = targetOf(to.replace('(v6)', '').trim());
  if (typeof target === 'string') return target;
  const sources = sourcesOf(from.replace('(v6)', '').trim(), isSix);
  if (typeof sources === 'string') return sources;
  const shape = { protocol: target.protocol, ports: target.ports, sources };
  const note =
    word === 'limit'
      ? 'it limits how often one address may connect; limits.max_new_connections_per_client_per_second does that for all'
      : '';
  return { rule: { action: does, shape, description }, note };
}

function actionOf(word: string): Action | null {
  if (word === 'allow' || word === 'limit') return 'ALLOW';
  return word === 'deny' || word === 'reject' ? 'DENY' : null;
}

function targetOf(text: string): { protocol: Protocol; ports: readonly PortRange[] } | string {
  const written = profiles[text.toLowerCase()] ?? text;
  if (written === 'Anywhere') return { protocol: 'ALL', ports: allPorts };
  if (written.startsWith('Anywhere/')) return portless(written.slice(9));
  const slash = written.indexOf('/');
  const words = (slash < 0 ? written : written.slice(0, slash)).split(',');
  const ranges = words.map((port) => portRangeOf(port, ':'));
  if (ranges.includes(null)) {
    const isAddress = looseCidr(written.split(' ')[0]!) !== null;
    return isAddress
      ? 'it is about one address of this machine, and our rules are about all'
      : `the application profile "${text}" is not known here; \`ufw app info\` shows its ports`;
  }
  const protocol = slash < 0 ? 'ALL' : protocolOf(written.slice(slash + 1));
  return protocol === null
    ? `${written.slice(slash + 1)} has no ports and is not judged by our rules`
    : { protocol, ports: ranges as PortRange[] };
}

function portless(word: string): { protocol: Protocol; ports: readonly PortRange[] } | string {
  const protocol = protocolOf(word);
  return protocol === null ? `${word} has no ports and is not judged by our rules` : { protocol, ports: allPorts };
}

function sourcesOf(text: string, isSix: boolean): readonly Cidr[] | string {
  if (text === 'Anywhere') return anySource.filter(({ family }) => family === (isSix ? 6 : 4));
  const [address = '', ...rest] = text.split(' ');
  if (rest.length > 0) return 'it names a port of the caller, and our rules do not look at those';
  const slash = address.lastIndexOf('/');
  const protocol =
    slash > 0 && protocolOf(address.slice(slash + 1)) !== null && Number.isNaN(Number(address.slice(slash + 1)));
  const cidr = looseCidr(protocol ? address.slice(0, slash) : address);
  if (protocol) return 'it names a protocol of the caller';
  return cidr === null ? `"${text}" is no network` : [cidr];
}

/** `### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in`, then perhaps `comment=` and the text in hexadecimal. */
function readTuples(lines: readonly string[]): Imported {
  const notes: Note[] = [
    {
      where: 'the whole',
      text: '',
      says: "the policy stands in /etc/default/ufw (DEFAULT_INPUT_POLICY); ufw's own default, deny, is taken",
    },
  ];
  const rules: ImportedRule[] = [];
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('### tuple ###')) continue;
    const where = `line ${index + 1}`;
    const found = tupleRule(line.slice(13).trim().split(' '));
    if (typeof found === 'string') notes.push({ where, text: line, says: found });
    else {
      rules.push(found.rule);
      if (found.note !== '') notes.push({ where, text: line, says: found.note });
    }
  }
  return { format: 'ufw', default: 'DENY', rules, notes };
}

function tupleRule(words: readonly string[]): Found | string {
  const [action = '', protocol = '', dport = '', dst = '', sport = '', src = ''] = words;
  const rest = words.slice(6).filter((word) => !word.startsWith('comment='));
  const comment = words.find((word) => word.startsWith('comment='))?.slice(8) ?? '';
  const direction = rest.at(-1) ?? 'in';
  const [word = '', log] = action.split('_');
  const does = actionOf(word.replace('route:', ''));
  if (word.startsWith('route:') || direction.startsWith('out'))
    return 'it is about traffic that goes out or through, not about who may connect';
  if (does === null) return `${word} is no action that is known here`;
  if (direction.includes('_')) return 'it is about an interface, and our rules are about all';
  if (sport !== 'any') return 'it names a port of the caller, and our rules do not look at those';
  if (looseCidr(dst)?.prefix !== 0) return 'it is about one address of this machine, and our rules are about all';
  const ranges: readonly (PortRange | null)[] =
    dport === 'any' ? allPorts : dport.split(',').map((port) => portRangeOf(port, ':'));
  const kind = protocolOf(protocol);
  const source = looseCidr(src);
  if (kind === null) return `${protocol} has no ports and is not judged by our rules`;
  if (ranges.includes(null) || source === null) return 'its ports or its source cannot be read';
  const shape = { protocol: kind, ports: ranges as PortRange[], sources: [source] };
  const description = Buffer.from(comment, 'hex').toString('utf8');
  const limits =
    word === 'limit'
      ? 'it limits how often one address may connect; limits.max_new_connections_per_client_per_second does that for all'
      : '';
  return {
    rule: { action: does, shape, description },
    note: limits || (log === undefined ? '' : 'it also writes a log line, which the journal does for all'),
  };
}
