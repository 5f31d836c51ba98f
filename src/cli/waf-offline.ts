// `portcullis waf test` and `waf rules`: a request judged without a gate, with every rule that matched; and the rules that are loaded.

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { systemClock } from '../base/clock.ts';
import type { Hypothesis } from '../rehearsal.ts';
import type { Journey } from '../traffic/journey.ts';
import type { ListedRule } from '../waf/waf.ts';
import { type Arguments, type ExitCode, Trouble, UsageError, type World } from './command.ts';
import { callerOf, questionOf } from './explain-questions.ts';
import { count } from './figures.ts';
import { jsonText } from './json.ts';
import { generationOf } from './offline.ts';
import { table, visible } from './table.ts';

/** Longest file of a request, in bytes. */
const maxRequestBytes = 16 * 1024 * 1024;

/** What one rule that matched did, with its part of the sum. */
type Matched = NonNullable<Journey['waf']>['rules'][number];

/** `waf test`: exit code 1 where the request would be refused, by whatever station. */
export async function testRequest(args: Arguments, world: World): Promise<ExitCode> {
  const { get, raw } = args.options;
  if ((get === undefined) === (raw === undefined))
    throw new UsageError("waf test needs a request: --get '/users?id=1', or --raw FILE with one as it is sent");
  const asked = raw === undefined ? imagined(args) : await written(String(raw), args, world);
  const generation = await generationOf(args, world);
  const { rehearse } = await import('../rehearsal.ts');
  const { journey } = rehearse(generation, asked, systemClock.now());
  const isRefused = journey.verdict.action !== 'pass';
  if (args.options.json === true)
    world.stdout.write(jsonText({ refused: isRefused, verdict: journey.verdict, waf: journey.waf }));
  else world.stdout.write(testText(journey));
  return isRefused ? 1 : 0;
}

function imagined(args: Arguments) {
  const question = questionOf({ ...args, words: [] });
  if (question.kind !== 'rehearsal') throw new UsageError('waf test needs a request: --get TARGET or --raw FILE');
  return question.rehearsal;
}

async function written(name: string, args: Arguments, world: World): Promise<Hypothesis> {
  const from = callerOf(args);
  return { raw: await requestOf(name, args, world), ...(from === null ? {} : { from }) };
}

async function requestOf(name: string, { options }: Arguments, world: World): Promise<Buffer> {
  for (const option of ['host', 'header', 'method', 'data'])
    if (options[option] !== undefined) throw new UsageError(`--raw is a whole request: --${option} belongs to --get`);
  let bytes: Buffer;
  try {
    bytes = await readFile(resolve(world.cwd, name));
  } catch (error) {
    throw new Trouble(`${visible(name)} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (bytes.length > maxRequestBytes) throw new Trouble(`${visible(name)} is longer than the 16 MiB that are read`);
  return bytes;
}

/** The request's judgement for people: the verdict, the rules, the sum. */
export function testText({ verdict, waf }: Journey): string {
  const lines = [verdict.action === 'pass' ? 'passes' : `refused  ${verdict.why}  ${verdict.says}`];
  if (waf === null) return `${lines.map(visible).join('\n')}\n`;
  if (waf.action === 'off') lines.push('the WAF is off for this site');
  if (waf.action === 'detect')
    lines.push('the WAF only watches this site (mode: detect); in mode: block it is refused');
  for (const rule of waf.rules) lines.push('', ...ruleLines(rule));
  lines.push('', waf.rules.length === 0 ? 'no rule matched' : sumOf(waf.rules, waf.score, waf.threshold));
  return `${lines.map(visible).join('\n')}\n`;
}

function ruleLines({ id, message, at = '', variable, value, decoded, score, data = '' }: Matched): string[] {
  return [
    `rule ${id}  ${message}`,
    ...(at === '' ? [] : [`  at       ${at}`]),
    ...(variable === '' ? [] : [`  matched  ${variable} = ${JSON.stringify(value)}`]),
    `  after    ${decoded.length === 0 ? 'no transformation' : decoded.join(', ')}`,
    ...(data === '' ? [] : [`  data     ${data}`]),
    `  score    +${score}`,
  ];
}

function sumOf(rules: readonly Matched[], score: number, threshold: number): string {
  const scored = rules.filter((rule) => rule.score > 0);
  const parts = scored.map((rule) => `${rule.id} (${rule.score})`).join(' + ');
  return `${parts === '' ? 'no rule scored' : parts} = ${score} of ${threshold}`;
}

/** `waf rules`. */
export async function showRules(args: Arguments, world: World): Promise<ExitCode> {
  const { id, tag, file } = args.options;
  if (id !== undefined && !(Number.isInteger(Number(id)) && Number(id) > 0))
    throw new UsageError(`--id ${String(id)} is no number of a rule: write a whole number such as 942100`);
  const all = (await generationOf(args, world)).waf.listRules();
  const shown = all?.filter(
    (rule) =>
      (id === undefined || rule.id === Number(id)) &&
      (tag === undefined || rule.tags.includes(String(tag))) &&
      (file === undefined || rule.at.slice(0, rule.at.lastIndexOf(':')).endsWith(String(file))),
  );
  if (args.options.json === true) world.stdout.write(jsonText(shown ?? null));
  else world.stdout.write(shown === undefined || all == null ? builtIn : rulesText(shown, all.length, world));
  return 0;
}

const builtIn = 'The built-in rules hold, which are no list: waf.crs or waf.files name others.\n';

/** The rules as a table. */
export function rulesText(rules: readonly ListedRule[], all: number, world: Pick<World, 'stdout'>): string {
  const rows = rules.map(({ id, phase, paranoia, message, at, excluded }) => [
    String(id),
    String(phase),
    paranoia === 0 ? '-' : String(paranoia),
    message,
    excluded.map(({ site, where }) => `${site}: ${where}`).join('; '),
    at,
  ]);
  const total = `${count(rules.length)} of ${count(all)} rules\n`;
  return rows.length === 0
    ? total
    : table(['RULE', 'PHASE', 'LEVEL', 'MESSAGE', 'EXCLUDED', 'WHERE'], rows, world) + total;
}
