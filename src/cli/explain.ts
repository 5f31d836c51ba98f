// `portcullis explain`: what was decided about a request or connection, layer by layer; or what would be.

import { join, resolve } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { explain as told } from '../observe/observe.ts';
import type { Journey } from '../traffic/journey.ts';
import type { Reason } from '../traffic/verdict.ts';
import { ask, dataDirectoryOf, NoGate } from './ask.ts';
import { onDisk } from './ask-history.ts';
import { type Arguments, type Command, type ExitCode, Trouble, type World } from './command.ts';
import { findInJournal } from './explain-journal.ts';
import { type Question, questionOf, type Rehearsal } from './explain-questions.ts';
import { jsonText } from './json.ts';

/** What is known: journeys, the reasons to explain them with, and who said so. */
interface Answer {
  readonly journeys: readonly Journey[];
  readonly reasons: Readonly<Record<string, Reason>>;
  /** Who answered, for people: `the running gate (/var/lib/portcullis)`. */
  readonly by: string;
}

/** What the command asks when no gate runs; a test hands it another. */
export interface Desk {
  /** The journey that an imagined request would make under the configuration here. */
  readonly rehearse: (rehearsal: Rehearsal, args: Arguments, world: World) => Promise<Answer>;
  /** The reasons of all stations. */
  readonly reasons: () => Promise<Readonly<Record<string, Reason>>>;
}

/** Most journeys that are shown of two endpoints. */
const maxShown = 100;

/** The `explain` command. */
export const explain: Command = explainAt({
  rehearse: rehearseHere,
  reasons: async () => (await import('../generation.ts')).allReasons(),
});

/** The command at a desk. */
export function explainAt(desk: Desk): Command {
  return {
    name: 'explain',
    summary: 'Why a request or connection was let in or refused, layer by layer',
    usage: 'ID | FROM-IP:PORT [TO-IP:PORT] | --get TARGET | --from IP:PORT --to :PORT/tcp',
    options: {
      journal: { type: 'string', value: 'FILE', says: 'look in this journal instead of asking the gate' },
      get: { type: 'string', value: 'TARGET', says: 'imagine a request for this path and query' },
      host: { type: 'string', value: 'HOST', says: 'its host (that of the first site)' },
      method: { type: 'string', short: 'X', value: 'METHOD', says: 'its method (GET, with --data POST)' },
      header: {
        type: 'string',
        short: 'H',
        multiple: true,
        value: "'N: V'",
        says: 'a field of its header; again for more',
      },
      data: { type: 'string', short: 'd', value: 'BODY', says: 'its body (a form, unless a header says otherwise)' },
      from: { type: 'string', value: 'IP:PORT', says: 'imagine that this client calls' },
      to: { type: 'string', value: ':PORT/tcp', says: 'and calls this port' },
      config: { type: 'string', value: 'FILE', says: 'imagine it under this configuration' },
      'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate that is asked' },
    },
    examples: [
      { says: 'a request, by the id in its X-Request-Id or its page', line: 'portcullis explain 01JDX3M8RN' },
      { says: 'whatever came over a connection', line: 'portcullis explain 203.0.113.7:52431 192.0.2.1:443' },
      { says: 'would this request pass?', line: "portcullis explain --get '/users?id=1;DROP TABLE users;--'" },
      { says: 'would this connection?', line: 'portcullis explain --from 203.0.113.7:52431 --to :5432/tcp' },
      { says: 'a request of last week', line: 'portcullis explain 01JDX3M8RN --journal journal.1' },
    ],
    run: (args, world) => run(desk, args, world),
  };
}

async function run(desk: Desk, args: Arguments, world: World): Promise<ExitCode> {
  const question = questionOf(args);
  const answer = await answerOf(question, desk, args, world);
  const { json } = args.options;
  if (answer.journeys.length === 0) {
    if (json === true) world.stdout.write(question.kind === 'tuple' ? '[]\n' : 'null\n');
    throw new Trouble(notFound(question, answer.by));
  }
  if (json === true) {
    const shown = question.kind === 'tuple' ? answer.journeys : answer.journeys[0];
    world.stdout.write(jsonText(shown, 2));
    return 0;
  }
  const refusesColour = args.options['no-color'] === true || (world.env.NO_COLOR ?? '') !== '';
  const options = {
    color: world.stdout.isTTY === true && !refusesColour,
    reasons: answer.reasons,
    rehearsed: question.kind === 'rehearsal',
  };
  if (question.kind === 'rehearsal') world.stderr.write(`a rehearsal by ${answer.by}; nothing was sent\n`);
  world.stdout.write(answer.journeys.map((journey) => told(journey, options)).join('\n'));
  return 0;
}

async function answerOf(question: Question, desk: Desk, args: Arguments, world: World): Promise<Answer> {
  const { journal, config } = args.options;
  if (question.kind !== 'rehearsal')
    return typeof journal === 'string'
      ? await fromJournal(resolve(world.cwd, journal), question, desk, world)
      : await fromGateOrDisk(question, desk, args, world);
  if (typeof config === 'string') return desk.rehearse(question.rehearsal, args, world);
  try {
    return await fromGate(question, args, world);
  } catch (error) {
    if (error instanceof NoGate) return desk.rehearse(question.rehearsal, args, world);
    throw error;
  }
}

async function fromGate(question: Question, args: Arguments, world: World): Promise<Answer> {
  const dataDirectory = dataDirectoryOf(args, world);
  const { kind, ...particulars } = question;
  const asked =
    question.kind === 'rehearsal' ? { ask: 'rehearse', ...question.rehearsal } : { ask: 'explain', ...particulars };
  const answer = (await ask(dataDirectory, asked)) as {
    journey?: Journey | null;
    journeys?: Journey[];
    reasons?: Record<string, Reason>;
  } | null;
  const one = answer?.journey ? [answer.journey] : [];
  return {
    journeys: answer?.journeys ?? one,
    reasons: answer?.reasons ?? {},
    by: `the running gate (${dataDirectory})`,
  };
}

/** What the gate remembers, or the history on disk where none runs. */
async function fromGateOrDisk(
  question: Exclude<Question, { kind: 'rehearsal' }>,
  desk: Desk,
  args: Arguments,
  world: World,
): Promise<Answer> {
  try {
    return await fromGate(question, args, world);
  } catch (error) {
    if (!(error instanceof NoGate)) throw error;
    const directory = dataDirectoryOf(args, world);
    const { kind, ...particulars } = question;
    const lines = (await onDisk(directory, { ask: 'journeys', ...particulars })) as readonly string[] | undefined;
    if (lines === undefined) throw error;
    const journeys = lines.map((line) => JSON.parse(line) as Journey);
    const isWanted = ({ connection }: Journey) =>
      question.kind !== 'tuple' || question.to === null || connection.to === question.to;
    return {
      journeys: journeys.filter(isWanted),
      reasons: await desk.reasons(),
      by: `the history in ${directory} (no gate is running)`,
    };
  }
}

async function fromJournal(path: string, question: Question, desk: Desk, world: World): Promise<Answer> {
  const journeys = await findInJournal(path, question, maxShown, world);
  return { journeys, reasons: await desk.reasons(), by: `the journal ${path}` };
}

function notFound(question: Question, by: string): string {
  switch (question.kind) {
    case 'id':
      return (
        `${by} knows no request with the id ${question.id}\n` +
        '  a gate remembers the last ones (`max_journeys`) and has those of its `history`; others may be in a journal: --journal FILE'
      );
    case 'tuple': {
      const to = question.to === null ? '' : ` to ${question.to}`;
      return `${by} knows nothing that came from ${question.from}${to}`;
    }
    default:
      return `${by} did not answer the rehearsal`;
  }
}

/** Rehearses under the configuration here, or under the demonstration's where there is none. */
async function rehearseHere(rehearsal: Rehearsal, args: Arguments, world: World): Promise<Answer> {
  const { findConfiguration, loadedFrom, loadSettings } = await import('../config/config.ts');
  const { build } = await import('../generation.ts');
  const { rehearse } = await import('../rehearsal.ts');
  const written = findConfiguration(args, world) !== null;
  const loaded = written ? await loadSettings(args, world) : loadedFrom(await demonstration(args, world), world, args);
  const built = await build(loaded.settings, { locate: loaded.locate });
  if (!built.ok) throw loaded.trouble(built.problems);
  const { journey, reasons } = rehearse(built.value, rehearsal, systemClock.now());
  const by = written
    ? String(loaded.file)
    : 'the configuration of the demonstration (no gate runs, and there is no portcullis.yaml here)';
  return { journeys: [journey], reasons, by };
}

async function demonstration(args: Arguments, world: World) {
  const { configurationOf } = await import('./demo.ts');
  return configurationOf({ port: 443, httpPort: 80, dataDirectory: join(dataDirectoryOf(args, world), 'demo') }, 3000);
}
