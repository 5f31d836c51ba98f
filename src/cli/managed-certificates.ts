// What `portcullis certs` shows of certificates that the running gate gets from a CA: the list, the doctor's findings, a renewal.

import type { Finding } from '../supervisor/supervisor.ts';
import { ask, dataDirectoryOf } from './ask.ts';
import { type Arguments, type ExitCode, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';
import { awaited } from './progress.ts';
import { table, visible } from './table.ts';

/** A certificate as the gate tells it; times are ISO 8601. */
interface Row {
  readonly names: readonly string[];
  readonly issuer: string;
  readonly profile: string;
  readonly notAfter: string | null;
  readonly renewAt: string | null;
  readonly explanation: string;
  readonly state: string;
  readonly lastError: string;
  readonly triedAgainAt: string | null;
}

/** A certificate that was replaced, as the gate tells it; times are ISO 8601. */
interface FormerRow {
  readonly names: readonly string[];
  readonly serial: string;
  readonly authority: string;
  readonly notAfter: string;
  readonly replacedAt: string | null;
  readonly state: string;
  readonly reason: string;
}

/** A certificate that was revoked, why there is no new one, or '', and when it had been replaced where that was before. */
interface Revoked {
  readonly names: readonly string[];
  readonly serial: string;
  readonly withoutNew: string;
  readonly replacedAt: string | null;
}

/** What became of an account's key at a CA. */
interface Rekeyed {
  readonly authority: string;
  readonly outcome: 'changed' | 'no account' | 'failed';
  readonly says: string;
}

/** Longest time of an order, and of a diagnosis, in ms. */
const renewMs = 11 * 60_000;
const diagnoseMs = 120_000;
/** Three CAs, each a few requests of 30 s at most. */
const rekeyMs = 5 * 60_000;

/** `certs list [--former]`: exit code 1 where one is failing, or is still to be revoked. */
export async function listCertificates(args: Arguments, world: World): Promise<ExitCode> {
  if (args.options.former === true) return listFormer(args, world);
  const listed = (await ask(dataDirectoryOf(args, world), { ask: 'certificates' })) as { isOn: boolean; rows: Row[] };
  if (args.options.json === true) world.stdout.write(jsonText(listed, 2));
  else if (!listed.isOn)
    world.stdout.write('no CA is asked for certificates (tls.acme); `status` shows those that are served\n');
  else if (listed.rows.length === 0) world.stdout.write('no name needs a certificate of a CA\n');
  else world.stdout.write(listText(listed.rows, world));
  return listed.rows.some(({ state }) => state === 'failing') ? 1 : 0;
}

async function listFormer(args: Arguments, world: World): Promise<ExitCode> {
  const question = { ask: 'certificates', former: true };
  const { former } = (await ask(dataDirectoryOf(args, world), question)) as { former: FormerRow[] };
  const cells = former.map(({ names, serial, authority, notAfter, replacedAt, state, reason }) => [
    serial,
    namesText(names),
    reason === '' ? state : `${state} (${reason})`,
    new URL(authority).host,
    moment(replacedAt),
    moment(notAfter),
  ]);
  if (args.options.json === true) world.stdout.write(jsonText({ former }, 2));
  else if (former.length === 0) world.stdout.write('no certificate that was replaced is still valid\n');
  else world.stdout.write(table(['Serial', 'Names', 'State', 'CA', 'Replaced', 'Ends'], cells, world));
  return former.some(({ state }) => state === 'to be revoked') ? 1 : 0;
}

function namesText(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(' ')} and ${names.length - 3} more` : names.join(' ');
}

function listText(rows: readonly Row[], world: World): string {
  const cells = rows.map((row) => [
    namesText(row.names),
    row.state,
    row.issuer || '-',
    row.profile || '-',
    moment(row.notAfter),
    moment(row.renewAt),
  ]);
  const errors = rows
    .filter(({ lastError }) => lastError !== '')
    .map(
      ({ names, lastError, triedAgainAt }) =>
        `\n${visible(names[0]!)}: ${visible(lastError)}\n  tried again at ${moment(triedAgainAt)}\n`,
    );
  return `${table(['Names', 'State', 'Issuer', 'Profile', 'Ends', 'Renewed'], cells, world)}${errors.join('')}`;
}

/** `certs doctor [NAME]`: everything that a CA would meet; exit code 1 where something is in the way. */
export async function examineCertificates(name: string | undefined, args: Arguments, world: World): Promise<ExitCode> {
  const directory = dataDirectoryOf(args, world);
  const { rows } = (await ask(directory, { ask: 'certificates' })) as { rows: Row[] };
  const names = name === undefined ? rows.flatMap((row) => row.names) : [name];
  const examined: { name: string; findings: readonly Finding[] }[] = [];
  for (const one of names.length === 0 ? [''] : names)
    examined.push({
      name: one,
      findings: (await awaited(
        world,
        `looking at ${one} as the authority would`,
        ask(directory, { ask: 'diagnose', name: one }, diagnoseMs),
      )) as Finding[],
    });
  if (args.options.json === true) world.stdout.write(jsonText(examined, 2));
  else world.stdout.write(examined.map(findingsText).join('\n'));
  return examined.some(({ findings }) => findings.some(({ level }) => level === 'problem')) ? 1 : 0;
}

function findingsText({ name, findings }: { readonly name: string; readonly findings: readonly Finding[] }): string {
  const words = { good: 'ok     ', warning: 'WARNING', problem: 'PROBLEM' } as const;
  const lines = findings.map(
    ({ level, says, cure }) =>
      `  ${words[level]}  ${visible(says)}\n${cure === '' ? '' : `           ${visible(cure)}\n`}`,
  );
  return `${name === '' ? 'the CA' : visible(name)}\n${lines.join('')}`;
}

/** `certs renew NAME [--force]`. */
export async function renewCertificate(name: string | undefined, args: Arguments, world: World): Promise<ExitCode> {
  if (name === undefined) throw new UsageError('say which: certs renew example.com');
  const question = { ask: 'renew', name, force: args.options.force === true };
  const work = ask(dataDirectoryOf(args, world), question, renewMs);
  const row = (await awaited(world, 'the authority is asked', work)) as Row;
  if (args.options.json === true) world.stdout.write(jsonText(row, 2));
  else
    world.stdout.write(
      `${row.names.join(' ')} has a certificate of ${visible(row.issuer)} until ${moment(row.notAfter)}\n`,
    );
  return 0;
}

/** `certs revoke NAME|SERIAL [--reason R] [--force]`: exit code 1 where it had to be done without a new certificate. */
export async function revokeCertificate(name: string | undefined, args: Arguments, world: World): Promise<ExitCode> {
  if (name === undefined) throw new UsageError('say which: certs revoke example.com');
  const { reason = 'unspecified', force } = args.options;
  const question = { ask: 'revoke', name, reason, force: force === true };
  const work = ask(dataDirectoryOf(args, world), question, renewMs);
  const revoked = (await awaited(world, 'the authority is asked', work)) as Revoked;
  if (args.options.json === true) world.stdout.write(jsonText(revoked, 2));
  else {
    const { names, serial, withoutNew, replacedAt } = revoked;
    const other = replacedAt === null ? 'another one is in use' : `it was replaced at ${moment(replacedAt)}`;
    const after = withoutNew === '' ? other : `it is still in use: ${visible(withoutNew)}`;
    world.stdout.write(`the certificate ${serial} for ${names.join(' ')} is revoked (${reason}); ${after}\n`);
  }
  return revoked.withoutNew === '' ? 0 : 1;
}

/** `certs rekey`: exit code 1 where a CA did not take the new key. */
export async function rekeyAccounts(args: Arguments, world: World): Promise<ExitCode> {
  const work = ask(dataDirectoryOf(args, world), { ask: 'rekey' }, rekeyMs);
  const done = (await awaited(world, 'authorities are asked', work)) as Rekeyed[];
  if (args.options.json === true) world.stdout.write(jsonText(done, 2));
  else for (const one of done) world.stdout.write(`${one.authority}: ${rekeyedWords(one)}\n`);
  return done.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

function rekeyedWords({ outcome, says }: Rekeyed): string {
  if (outcome === 'changed') return 'the account has another key';
  return outcome === 'no account' ? 'there is no account yet' : `the key is what it was: ${visible(says)}`;
}

function moment(iso: string | null): string {
  return iso === null ? '-' : `${iso.slice(0, 16)}Z`;
}
