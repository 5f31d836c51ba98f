// What `portcullis certs` shows of certificates that the running gate gets from a CA: the list, the doctor's findings, a renewal.

import type { Finding } from '../supervisor/supervisor.ts';
import { ask, dataDirectoryOf } from './ask.ts';
import { type Arguments, type ExitCode, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';
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

/** Longest time of an order, and of a diagnosis, in ms. */
const renewMs = 11 * 60_000;
const diagnoseMs = 120_000;

/** `certs list`: exit code 1 where one is failing. */
export async function listCertificates(args: Arguments, world: World): Promise<ExitCode> {
  const listed = (await ask(dataDirectoryOf(args, world), { ask: 'certificates' })) as { isOn: boolean; rows: Row[] };
  if (args.options.json === true) world.stdout.write(jsonText(listed, 2));
  else if (!listed.isOn)
    world.stdout.write('no CA is asked for certificates (tls.acme); `status` shows those that are served\n');
  else if (listed.rows.length === 0) world.stdout.write('no name needs a certificate of a CA\n');
  else world.stdout.write(listText(listed.rows, world));
  return listed.rows.some(({ state }) => state === 'failing') ? 1 : 0;
}

function listText(rows: readonly Row[], world: World): string {
  const cells = rows.map((row) => [
    row.names.length > 3 ? `${row.names.slice(0, 3).join(' ')} and ${row.names.length - 3} more` : row.names.join(' '),
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
      findings: (await ask(directory, { ask: 'diagnose', name: one }, diagnoseMs)) as Finding[],
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
  const row = (await ask(dataDirectoryOf(args, world), question, renewMs)) as Row;
  if (args.options.json === true) world.stdout.write(jsonText(row, 2));
  else
    world.stdout.write(
      `${row.names.join(' ')} has a certificate of ${visible(row.issuer)} until ${moment(row.notAfter)}\n`,
    );
  return 0;
}

function moment(iso: string | null): string {
  return iso === null ? '-' : `${iso.slice(0, 16)}Z`;
}
