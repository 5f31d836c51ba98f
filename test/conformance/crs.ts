// Sends every regression test of the OWASP Core Rule Set through a running gate, and compares the rules that matched with what the
// tests expect.
//
//   node test/conformance/crs.ts [DIRECTORY of the Core Rule Set] [--only 942100,942101-3] [--show]
//
// The gate runs as an owner's would: its own listener, its own codec, an upstream behind it, and what matched is read from its journal.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { settingsFrom } from '../../src/config/config.ts';
import { startGate } from '../../src/supervisor/supervisor.ts';
import type { Journey } from '../../src/traffic/journey.ts';
import { exceptions, otherwise } from './crs-exceptions.ts';
import { type CrsTest, crsTestSetup, type Expectation, readTests } from './crs-tests.ts';
import { startReflector } from './reflector.ts';

/** What came of one stage: the status and id of the answer, or nothing. */
interface Answer {
  readonly status: number;
  readonly id: string;
}

/** How one test ended. */
export interface Result {
  readonly name: string;
  readonly outcome: 'passed' | 'excepted' | 'otherwise' | 'failed';
  readonly says: string;
}

/** Requests under way at once. */
const parallel = 8;

/** Runs the tests of `directory` whose names `isWanted`. */
export async function runCrsTests(
  directory: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<Result[]> {
  const tests = readTests(join(directory, 'tests')).filter(({ name }) => isWanted(name));
  const place = await mkdtemp(join(tmpdir(), 'portcullis-crs-'));
  const { port, server } = await startReflector();
  const setup = join(place, 'setup.conf');
  await writeFile(setup, `${crsTestSetup}\nInclude ${directory}/crs-setup.conf.example\n`);
  const journal = join(place, 'journal.jsonl');
  const gate = await startGate(
    settingsFrom({
      data_directory: place,
      journal,
      listen: [{ address: '127.0.0.1', port: 0 }],
      firewall: { default: 'allow' },
      sites: [{ host: '*', to: [`127.0.0.1:${port}`] }],
      rates: [],
      limits: { max_connections_per_client: 10_000, max_new_connections_per_client_per_second: 1_000_000 },
      waf: { mode: 'detect', crs: directory, paranoia: 4, setup },
    }),
    { locate: () => '' },
  );
  const to = gate.addresses[0]!.port;
  const answers = new Map<string, Answer[]>();
  const queue = [...tests];
  const work = async (): Promise<void> => {
    for (let test = queue.shift(); test !== undefined; test = queue.shift()) {
      const got: Answer[] = [];
      for (const { request } of test.stages) got.push(await send(to, request));
      answers.set(test.name, got);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  await gate.stop();
  server.close();
  const journeys = new Map<string, Journey>();
  for (const line of (await readFile(journal, 'utf8')).split('\n'))
    if (line !== '') {
      const journey = JSON.parse(line) as Journey;
      journeys.set(journey.id, journey);
    }
  await rm(place, { recursive: true, force: true });
  return tests.map((test) => judge(test, answers.get(test.name)!, journeys));
}

/** One request on a connection of its own; the answer's head is all that matters. */
function send(port: number, request: Buffer): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
    let text = '';
    const end = (): void => {
      socket.destroy();
      resolve({ status: Number(text.split(' ', 2)[1] ?? 0), id: /\r\nX-Request-Id: ([^\r]+)/i.exec(text)?.[1] ?? '' });
    };
    socket.setTimeout(20_000, end);
    socket.on('error', end);
    socket.on('close', end);
    socket.on('data', (piece: Buffer) => {
      text += piece.toString('latin1');
      if (text.includes('\r\n\r\n')) end();
    });
    socket.write(request);
  });
}

function judge(test: CrsTest, answers: readonly Answer[], journeys: ReadonlyMap<string, Journey>): Result {
  const problems: string[] = [];
  let isBeforeWaf = false;
  for (const [index, { expects }] of test.stages.entries()) {
    const { status, id } = answers[index]!;
    const journey = journeys.get(id) ?? null;
    if (journey === null || journey.verdict.station === 'http') isBeforeWaf = true;
    problems.push(...compare(expects, status, journey));
  }
  const reason = exceptions[test.name];
  if (problems.length === 0) {
    if (reason === undefined) return { name: test.name, outcome: 'passed', says: '' };
    return { name: test.name, outcome: 'failed', says: 'passes: take it off the exceptions' };
  }
  const says = problems.join('; ');
  const other = otherwise[test.name];
  const matched = answers.flatMap(({ id }) => journeys.get(id)?.waf?.rules.map((rule) => rule.id) ?? []);
  if (other?.expectIds.every((id) => matched.includes(id)))
    return { name: test.name, outcome: 'otherwise', says: `${says}: ${other.because}` };
  if (reason !== undefined && isBeforeWaf) return { name: test.name, outcome: 'excepted', says: `${says}: ${reason}` };
  return { name: test.name, outcome: 'failed', says };
}

function compare(expects: Expectation, status: number, journey: Journey | null): string[] {
  const problems: string[] = [];
  const rules = journey?.waf?.rules ?? [];
  const ids = new Set(rules.map(({ id }) => id));
  const log = rules
    .map(({ id, message, data }) => escaped(`[id "${id}"] [msg "${message}"] [data "${data ?? ''}"]`))
    .join('\n');
  if (expects.error && status === 400) return problems;
  if (expects.status !== null && status !== expects.status) problems.push(`status ${status}, not ${expects.status}`);
  for (const id of expects.expectIds) if (!ids.has(id)) problems.push(`${id} did not match (status ${status})`);
  for (const id of expects.noExpectIds) if (ids.has(id)) problems.push(`${id} matched`);
  if (expects.match !== null && !new RegExp(expects.match).test(log)) problems.push(`the log has no ${expects.match}`);
  if (expects.noMatch !== null && new RegExp(expects.noMatch).test(log))
    problems.push(`the log has ${expects.noMatch}`);
  return problems;
}

/** Control characters as a log writes them, so that one match stays one line. */
function escaped(text: string): string {
  let line = '';
  for (const one of text)
    line += one < ' ' || one === '\x7f' ? `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}` : one;
  return line;
}

/** Number of tests that CRS 4.28 brings: fewer means that some were not read. */
const leastTests = 5003;

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const only = args.includes('--only') ? (args[args.indexOf('--only') + 1] ?? '').split(',') : null;
  const directory = resolve(
    args.find((arg, index) => !arg.startsWith('--') && args[index - 1] !== '--only') ?? '../shared/crs-4.28.0',
  );
  const isWanted = (name: string): boolean =>
    only === null || only.some((one) => name === one || name.startsWith(`${one}-`));
  const results = await runCrsTests(directory, isWanted);
  const of = (outcome: Result['outcome']): Result[] => results.filter((result) => result.outcome === outcome);
  const print = (line: string): boolean => process.stdout.write(`${line}\n`);
  for (const { name, says } of of('excepted')) print(`excepted  ${name}  ${says}`);
  for (const { name, says } of of('otherwise')) print(`otherwise ${name}  ${says}`);
  for (const { name, says } of of('failed')) print(`FAILED    ${name}  ${says}`);
  print(
    `${results.length} tests: ${of('passed').length} passed, ${of('excepted').length} answered by the codec before the WAF, ${of('otherwise').length} as nginx is expected to, ${of('failed').length} failed`,
  );
  if (only === null && results.length < leastTests) print(`fewer than ${leastTests} tests were read`);
  process.exitCode = of('failed').length > 0 || (only === null && results.length < leastTests) ? 1 : 0;
}

if (import.meta.main) await main();
