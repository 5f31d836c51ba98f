// `portcullis waf`: what each rule of the running gate cost; a request judged without a gate; the rules that are loaded.

import { ask, dataDirectoryOf } from './ask.ts';
import { type Arguments, type Command, type ExitCode, UsageError, type World } from './command.ts';
import { count } from './figures.ts';
import { jsonText } from './json.ts';
import { table } from './table.ts';

/** The answer of a gate with rules of files. */
interface Bill {
  readonly phases: number;
  readonly sharedMs: number;
  readonly overruns: number;
  readonly rows: readonly {
    readonly id: number;
    readonly at: string;
    readonly hits: number;
    readonly asked: number;
    readonly cpuMs: number;
  }[];
}

/** Rules on the screen where `--top` does not say how many. */
const shownRules = 20;

/** The `waf` command. */
export const waf: Command = {
  name: 'waf',
  summary: 'What the rules of the firewall for applications are, find and cost',
  usage:
    "bill [--top N] | test (--get TARGET [-X METHOD] [-H 'N: V'] [-d BODY] | --raw FILE) [--from ADDRESS] | rules [--id N] [--tag TAG] [--file NAME] | exclude ID [--for 30d] [--because TEXT] [--write] | learn [--site NAME] [--at-least N] [--forget]",
  options: {
    top: {
      type: 'string',
      value: 'N',
      says: `bill: how many rules are shown, ${shownRules} where it is left out; all with --json`,
    },
    get: {
      type: 'string',
      value: 'TARGET',
      says: 'test: a request for this path and query; exit code 1 where it would be refused',
    },
    host: { type: 'string', value: 'HOST', says: 'test: its host (that of the first site)' },
    method: { type: 'string', short: 'X', value: 'METHOD', says: 'test: its method (GET, with --data POST)' },
    header: {
      type: 'string',
      short: 'H',
      multiple: true,
      value: "'N: V'",
      says: 'test: a field of its header; again for more',
    },
    data: {
      type: 'string',
      short: 'd',
      value: 'BODY',
      says: 'test: its body (a form, unless a header says otherwise)',
    },
    raw: { type: 'string', value: 'FILE', says: 'test: a whole HTTP/1.1 request as it is sent, in a file' },
    from: { type: 'string', value: 'ADDRESS', says: 'test: who asks, for rules about clients (203.0.113.7)' },
    id: { type: 'string', value: 'N', says: 'rules: the one with this number' },
    tag: { type: 'string', value: 'TAG', says: 'rules: those with this tag' },
    file: { type: 'string', value: 'NAME', says: 'rules: those of the file whose name ends so' },
    for: { type: 'string', value: '30d', says: 'exclude: how long it holds (90d)' },
    because: { type: 'string', value: 'TEXT', says: 'exclude: why, for whoever reads the file next' },
    journal: { type: 'string', value: 'FILE', says: 'exclude: a journal that has the request' },
    site: {
      type: 'string',
      value: 'NAME',
      says: 'learn: of this site; the one learnt longest ago where it is left out',
    },
    'at-least': { type: 'string', value: 'N', says: 'learn: leaves out what was asked for fewer times (10)' },
    forget: { type: 'boolean', says: 'learn: begins anew' },
    write: { type: 'boolean', says: 'exclude: put it into the configuration' },
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate' },
    config: { type: 'string', value: 'FILE', says: 'the configuration of the gate (bill: for its data directory)' },
  },
  examples: [
    { says: 'the dearest rules, and how often they matched', line: 'portcullis waf bill' },
    { says: 'the five dearest', line: 'portcullis waf bill --top 5' },
    {
      says: 'every rule that matches a request, what it saw and what it added; no gate is asked',
      line: "portcullis waf test --get '/users?id=1;DROP TABLE users;--'",
    },
    {
      says: 'the same for a client of your choice',
      line: 'portcullis waf test --get /admin --from 198.51.100.7',
    },
    { says: 'the rules of files that are loaded', line: 'portcullis waf rules' },
    {
      says: 'the smallest exclusion that lets a request through, and what it lets through beside it',
      line: 'portcullis waf exclude 01JDX3M8RN',
    },
    {
      says: 'what was learnt of a site, as a model that can be enforced',
      line: 'portcullis waf learn --at-least 1',
    },
  ],
  run,
};

/** The words of this command. */
const words: Readonly<Record<string, Command['run']>> = {
  bill,
  test: async (args, world) => (await import('./waf-offline.ts')).testRequest(args, world),
  rules: async (args, world) => (await import('./waf-offline.ts')).showRules(args, world),
  learn: async (args, world) => (await import('./waf-learn.ts')).proposeModel(args, world),
  exclude: async (args, world) => (await import('./waf-exclude.ts')).excludeFinding(args, world),
};

/** Options that belong to one word; `bill` has `top`. */
const optionsOf: Readonly<Record<string, readonly string[]>> = {
  bill: ['top'],
  test: ['get', 'host', 'method', 'header', 'data', 'raw', 'from'],
  rules: ['id', 'tag', 'file'],
  learn: ['site', 'at-least', 'forget'],
  exclude: ['for', 'because', 'journal', 'write'],
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  const [word, extra] = args.words;
  const names = Object.keys(words).join(', ');
  if (word === undefined) throw new UsageError(`waf needs a word: ${names}`);
  if (!Object.hasOwn(words, word)) throw new UsageError(`waf has no word "${word}": write one of ${names}`);
  if (extra !== undefined && (word !== 'exclude' || args.words.length > 2))
    throw new UsageError(`"${extra}" is not expected behind ${word}`);
  for (const [owner, options] of Object.entries(optionsOf))
    for (const option of options)
      if (owner !== word && args.options[option] !== undefined)
        throw new UsageError(`--${option} belongs to waf ${owner}, not to waf ${word}`);
  return words[word]!(args, world);
}

async function bill(args: Arguments, world: World): Promise<ExitCode> {
  const top = topOf(args.options.top);
  const answer = (await ask(dataDirectoryOf(args, world), { ask: 'bill' })) as Bill | null;
  if (args.options.json === true) world.stdout.write(jsonText(answer));
  else
    world.stdout.write(
      answer === null
        ? 'The built-in rules hold, which have no bill: waf.crs or waf.files name others.\n'
        : screen(answer, top, world),
    );
  return 0;
}

function topOf(option: unknown): number {
  if (option === undefined) return shownRules;
  const top = Number(option);
  if (Number.isInteger(top) && top > 0) return top;
  throw new UsageError(`--top ${String(option)} is no number of rules: write a whole number from 1`);
}

/** The bill as a table, the dearest rules first. */
export function screen(bill: Bill, top: number, world: Pick<World, 'stdout'>): string {
  const total = bill.rows.reduce((sum, { cpuMs }) => sum + cpuMs, bill.sharedMs);
  const share = (ms: number) => (total === 0 ? '0.0 %' : `${((100 * ms) / total).toFixed(1)} %`);
  const rows = bill.rows
    .slice(0, top)
    .map(({ id, at, hits, asked, cpuMs }) => [
      String(id),
      count(hits),
      count(asked),
      cpuMs.toFixed(1),
      share(cpuMs),
      asked === 0 ? '-' : ((1000 * cpuMs) / asked).toFixed(1),
      at,
    ]);
  const shared = [
    'all',
    '',
    '',
    bill.sharedMs.toFixed(1),
    share(bill.sharedMs),
    '',
    'the pass over values that all rules share',
  ];
  const more =
    bill.rows.length > top ? `${count(bill.rows.length - top)} more rules were asked: --top shows them.\n` : '';
  return [
    `${count(bill.phases)} phases of requests, ${total.toFixed(1)} ms in all; ${count(bill.overruns)} spent their budget. Times are reckoned from one phase in 17.\n\n`,
    table(['RULE', 'HITS', 'ASKED', 'MS', 'SHARE', 'US EACH', 'WHERE'], [shared, ...rows], world),
    more,
  ].join('');
}
