// `portcullis waf bill`: what each rule of the running gate cost, and how often it matched.

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
  summary: 'What the rules of the firewall for applications cost and find',
  usage: 'bill [--top N]',
  options: {
    top: {
      type: 'string',
      value: 'N',
      says: `bill: how many rules are shown, ${shownRules} where it is left out; all with --json`,
    },
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate' },
    config: { type: 'string', value: 'FILE', says: 'the configuration of the gate, for its data directory' },
  },
  examples: [
    { says: 'the dearest rules, and how often they matched', line: 'portcullis waf bill' },
    { says: 'the five dearest', line: 'portcullis waf bill --top 5' },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  const [word, extra] = args.words;
  if (word !== 'bill')
    throw new UsageError(word === undefined ? 'waf needs a word: bill' : `waf has no word "${word}": write bill`);
  if (extra !== undefined) throw new UsageError(`"${extra}" is not expected behind bill`);
  const top = topOf(args.options.top);
  const bill = (await ask(dataDirectoryOf(args, world), { ask: 'bill' })) as Bill | null;
  if (args.options.json === true) world.stdout.write(jsonText(bill));
  else
    world.stdout.write(
      bill === null
        ? 'The built-in rules hold, which have no bill: waf.crs or waf.files name others.\n'
        : screen(bill, top, world),
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
