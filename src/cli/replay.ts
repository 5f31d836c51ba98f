// `portcullis replay`: recorded requests decided once more under another configuration: what it would newly refuse, and what it would
// newly let through. No traffic is sent and no gate is asked.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../base/clock.ts';
import type { Generation } from '../generation.ts';
import { rehearse } from '../rehearsal.ts';
import type { Journey } from '../traffic/journey.ts';
import { type Arguments, type Command, type ExitCode, Trouble, UsageError, type World } from './command.ts';
import { journeyOf } from './explain-journal.ts';
import { count } from './figures.ts';
import { jsonText } from './json.ts';
import { generationOf } from './offline.ts';
import { Progress } from './progress.ts';
import { hangsOnUnrecorded, recordedOf } from './recorded.ts';
import { visible } from './table.ts';

/** Stations whose word does not depend on what else went on at that time. */
const judges: ReadonlySet<string> = new Set(['firewall', 'http', 'rules', 'model', 'waf']);
/** Kinds of changes that are told apart, and examples that are kept of each. */
const maxKinds = 1000;
const maxExamples = 3;

/** Requests whose verdict changes in the same way. */
interface Change {
  readonly kind: 'newly refused' | 'newly let through';
  /** The reason that spoke then, or speaks now, and its rule. */
  readonly why: string;
  count: number;
  readonly examples: { readonly id: string; readonly request: string; readonly says: string }[];
}

/** What a replay found. */
interface Replayed {
  decided: number;
  same: number;
  refused: number;
  letThrough: number;
  /** Refused then, and only a body or a value that is not written down could say whether now. */
  unknown: number;
  /** Connections without a request, and what limits, upstreams and the network decided. */
  leftOut: number;
  readonly changes: Map<string, Change>;
}

/** The `replay` command. */
export const replay: Command = {
  name: 'replay',
  summary: 'Decide recorded requests once more under another configuration',
  usage: 'JOURNAL [--with FILE]',
  options: {
    with: { type: 'string', value: 'FILE', says: 'the configuration that decides now (the one that would be loaded)' },
    config: { type: 'string', value: 'FILE', says: 'the same as --with' },
  },
  examples: [
    {
      says: 'what a changed configuration would newly refuse or let through; exit code 1 where it refuses more',
      line: 'portcullis replay journal.1 --with portcullis.yaml',
    },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  const [journal, extra] = args.words;
  if (journal === undefined) throw new UsageError('replay needs a journal: the file that `journal:` names');
  if (extra !== undefined) throw new UsageError(`"${extra}" is not expected behind ${journal}`);
  const config = args.options.with ?? args.options.config;
  const options = config === undefined ? args.options : { ...args.options, config };
  const generation = await generationOf({ ...args, options }, world);
  const replayed = await decideAll(resolve(world.cwd, journal), generation, world);
  world.stdout.write(args.options.json === true ? jsonText(asJson(replayed)) : screen(replayed));
  return replayed.refused > 0 ? 1 : 0;
}

async function decideAll(path: string, generation: Generation, world: World): Promise<Replayed> {
  const replayed: Replayed = {
    decided: 0,
    same: 0,
    refused: 0,
    letThrough: 0,
    unknown: 0,
    leftOut: 0,
    changes: new Map(),
  };
  const progress = new Progress(world, 'deciding once more', () => systemClock.monotonicMs());
  try {
    const { size } = await stat(path);
    const input = createReadStream(path, 'utf8');
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    for await (const line of lines) {
      const journey = journeyOf(line);
      if (journey !== null) decide(journey, generation, replayed);
      // A pipe has no size, and so no end that anybody knows.
      progress.show(size === 0 ? null : input.bytesRead / size, `${count(replayed.decided)} requests`);
    }
  } catch (error) {
    throw new Trouble(`the journal ${visible(path)} cannot be read: ${error instanceof Error ? error.message : ''}`);
  } finally {
    progress.end();
  }
  return replayed;
}

/** One journey: what was decided, what is decided now, and whether that is the same. */
export function decide(journey: Journey, generation: Generation, replayed: Replayed): void {
  const recorded = recordedOf(journey);
  const then = journey.verdict;
  const wasRefused = then.action !== 'pass';
  if (recorded === null || (wasRefused && !judges.has(then.station))) {
    replayed.leftOut++;
    return;
  }
  const now = rehearse(generation, recorded, systemClock.now()).journey.verdict;
  const isRefused = now.action !== 'pass';
  if (wasRefused && !isRefused && hangsOnUnrecorded(journey)) {
    replayed.unknown++;
    return;
  }
  replayed.decided++;
  if (wasRefused === isRefused) {
    replayed.same++;
    return;
  }
  if (isRefused) replayed.refused++;
  else replayed.letThrough++;
  note(replayed, journey, isRefused ? 'newly refused' : 'newly let through', isRefused ? now : then);
}

function note(
  { changes }: Replayed,
  { id, request }: Journey,
  kind: Change['kind'],
  { why, rule, says }: Journey['verdict'],
): void {
  const name = rule === '' ? why : `${why}  ${rule}`;
  const key = `${kind} ${name}`;
  let change = changes.get(key);
  if (change === undefined) {
    if (changes.size >= maxKinds) return;
    change = { kind, why: name, count: 0, examples: [] };
    changes.set(key, change);
  }
  change.count++;
  if (change.examples.length < maxExamples)
    change.examples.push({ id, request: `${request!.method} ${request!.target}`, says });
}

function sorted({ changes }: Replayed): Change[] {
  return [...changes.values()].sort((a, b) => b.count - a.count);
}

function asJson(replayed: Replayed) {
  return { ...replayed, changes: sorted(replayed) };
}

/** The findings for people. */
export function screen(replayed: Replayed): string {
  const { decided, same, refused, letThrough, unknown, leftOut } = replayed;
  const lines = [
    `${count(decided)} requests decided once more: ${count(same)} as before, ${count(refused)} newly refused, ${count(letThrough)} newly let through`,
  ];
  if (unknown > 0) lines.push(`${count(unknown)} were refused for a body or a value that is not recorded: not decided`);
  if (leftOut > 0) lines.push(`${count(leftOut)} were no request, or limits and upstreams decided: left out`);
  for (const change of sorted(replayed)) {
    lines.push('', `${change.kind}  ${count(change.count)} ×  ${change.why}`);
    for (const { id, request, says } of change.examples) lines.push(`  ${request}`, `    ${says}  (${id})`);
  }
  return `${lines.map((line) => visible(line)).join('\n')}\n`;
}
