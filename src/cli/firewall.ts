// `portcullis firewall`: its words, each in a file of its own but for `show` and `simulate`.

import { AddressReader } from '../base/address.ts';
import { isDigits } from '../base/address-faults.ts';
import { nearest } from '../base/problem.ts';
import type { CompiledRule, Firewall } from '../firewall/firewall.ts';
import { endpoint } from '../traffic/connection.ts';
import { ask, dataDirectoryOf, NoGate, type Question } from './ask.ts';
import { type Arguments, type Command, type ExitCode, UsageError, type World } from './command.ts';
import { loadFirewall } from './firewall-load.ts';
import { jsonText } from './json.ts';
import { table, visible } from './table.ts';

/** The port that somebody calls from whose port nobody named. */
const anyPort = 52_431;

/** The `firewall` command. */
export const firewall: Command = {
  name: 'firewall',
  summary: 'The firewall rules: shown, asked, analysed and compared',
  usage:
    'show | simulate --from IP:PORT --to :PORT/tcp | analyse | diff A B | import FILE | export nft | verify | exposure [--interface NAME]',
  options: {
    config: { type: 'string', value: 'FILE', says: 'the rules of this file instead of the running gate' },
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate that is asked' },
    from: { type: 'string', value: 'IP:PORT', says: 'simulate: who calls; an IPv6 address in brackets' },
    format: {
      type: 'string',
      value: 'NAME',
      says: 'import: iptables-save, nft, ufw or aws, where it is not found out',
    },
    to: { type: 'string', value: ':PORT/tcp', says: 'simulate: which port is called, over tcp (the default) or udp' },
    interface: { type: 'string', value: 'NAME', says: 'exposure: the interface that faces the outside' },
  },
  examples: [
    {
      says: 'the rules and hits of the running gate, or the rules of portcullis.yaml where none runs',
      line: 'portcullis firewall show',
    },
    { says: 'the rules of a file, before a gate runs by them', line: 'portcullis firewall show --config staging.yaml' },
    {
      says: 'would this connection be let in, and by which rule?',
      line: 'portcullis firewall simulate --from 203.0.113.7:52431 --to :5432/tcp',
    },
    {
      says: 'the same for an IPv6 source and UDP',
      line: "portcullis firewall simulate --from '[2001:db8::7]:40000' --to :53/udp",
    },
    {
      says: 'what is odd about the rules, each with a packet that shows it',
      line: 'portcullis firewall analyse',
    },
    {
      says: 'what another file would open and close',
      line: 'portcullis firewall diff portcullis.yaml staging.yaml',
    },
    {
      says: 'the rules of another firewall as ours, with a note for all that is none (- reads standard input)',
      line: 'portcullis firewall import iptables.txt',
    },
    { says: 'the rules as a table of nftables, as they go into the kernel', line: 'portcullis firewall export nft' },
    { says: 'whether the kernel has the rules of the configuration', line: 'portcullis firewall verify' },
    {
      says: 'what can really be reached from outside: configuration, kernel and listeners side by side',
      line: 'portcullis firewall exposure',
    },
  ],
  run,
};

/** The words of this command, and how many more words each takes. */
const words: Readonly<Record<string, { readonly run: Command['run']; readonly files: readonly string[] }>> = {
  show: { run: show, files: [] },
  simulate: { run: simulate, files: [] },
  analyse: { run: async (args, world) => (await import('./firewall-analyse.ts')).analyse(args, world), files: [] },
  diff: { run: async (args, world) => (await import('./firewall-analyse.ts')).diff(args, world), files: ['A', 'B'] },
  import: {
    run: async (args, world) => (await import('./firewall-import.ts')).importFile(args, world),
    files: ['FILE'],
  },
  export: {
    run: async (args, world) => (await import('./firewall-kernel.ts')).exportRules(args, world),
    files: ['nft'],
  },
  verify: { run: async (args, world) => (await import('./firewall-kernel.ts')).verify(args, world), files: [] },
  exposure: {
    run: async (args, world) => (await import('./firewall-exposure.ts')).exposure(args, world),
    files: [],
  },
  guard: { run: async (args, world) => (await import('./firewall-kernel.ts')).guard(args, world), files: [] },
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  const [word, ...more] = args.words;
  const names = Object.keys(words);
  if (word === undefined) throw new UsageError(`say what: ${names.join(', ')}`);
  if (!Object.hasOwn(words, word)) {
    const near = nearest(word, names);
    throw new UsageError(
      `there is no firewall ${word}; ${near === null ? `say ${names.join(', ')}` : `did you mean ${near}?`}`,
    );
  }
  const { run: runWord, files } = words[word]!;
  if (more.length > files.length) throw new UsageError(`"${more[files.length]}" is not expected behind "${word}"`);
  if (more.length < files.length)
    throw new UsageError(`say ${files.map((name) => `${name}`).join(' and ')}: ${word} ${files.join(' ')}`);
  return runWord(args, world);
}

/** The rules as a gate or a file has them. `hits` are null where no gate counted. */
interface Shown {
  readonly rules: readonly (CompiledRule & { readonly hits: number | null })[];
  readonly default: string;
  readonly defaultHits: number | null;
}

/** Which rule decides about a packet; 0 is the default. */
interface Decision {
  readonly action: string;
  readonly rule: number;
  readonly description: string;
  readonly at: string;
}

/** What the running gate answers; null where none runs, or where `--config` asks for a file instead. */
async function askGate(question: Question, args: Arguments, world: World): Promise<unknown> {
  if (args.options.config !== undefined) return null;
  const dataDirectory = dataDirectoryOf(args, world);
  try {
    const answer = await ask(dataDirectory, question);
    world.stderr.write(`the rules of the running gate (${dataDirectory}); --config FILE asks a file instead\n`);
    return answer;
  } catch (error) {
    if (error instanceof NoGate) return null;
    throw error;
  }
}

async function show(args: Arguments, world: World): Promise<ExitCode> {
  if (args.options.from !== undefined || args.options.to !== undefined)
    throw new UsageError('--from and --to belong to `firewall simulate`');
  const counted = (await askGate({ ask: 'firewall' }, args, world)) as Shown | null;
  const shown = counted ?? uncounted(await loadFirewall(args, world));
  if (args.options.json === true) writeJson(world, { ...shown, gate: counted !== null });
  else world.stdout.write(rulesTable(shown, world));
  return 0;
}

function uncounted({ rules, default: whenNone }: Firewall): Shown {
  return { rules: rules.map((rule) => ({ ...rule, hits: null })), default: whenNone, defaultHits: null };
}

function rulesTable({ rules, default: whenNone, defaultHits }: Shown, world: World): string {
  const count = (hits: number | null) => (hits === null ? [] : [String(hits)]);
  const rows = rules.map(({ number, action, protocol, ports, source, description, hits, at }) => [
    String(number),
    action,
    protocol,
    ports,
    source,
    description,
    ...count(hits),
    at,
  ]);
  rows.push(['default', whenNone, 'ALL', 'ALL', 'any', 'Whatever no rule matches', ...count(defaultHits), '']);
  const hits = defaultHits === null ? [] : ['Hits'];
  return table(['Rule #', 'Action', 'Protocol', 'Port', 'Source', 'Description', ...hits, 'Where'], rows, world);
}

async function simulate(args: Arguments, world: World): Promise<ExitCode> {
  const { address, port: fromPort } = sourceOf(args.options.from);
  const { port, protocol } = targetOf(args.options.to);
  const from = fromPort === null ? address : endpoint(address, fromPort);
  const question = { ask: 'rehearse', from: endpoint(address, fromPort ?? anyPort), to: `:${port}/${protocol}` };
  const rehearsed = (await askGate(question, args, world)) as { journey: { firewall: Decision } } | null;
  const decision = rehearsed?.journey.firewall ?? decide(await loadFirewall(args, world), protocol, address, port);
  const { action, rule, at } = decision;
  const description = rule === 0 ? '' : decision.description;
  if (args.options.json === true) {
    writeJson(world, { action, rule, description, at, protocol, from, to: `:${port}`, gate: rehearsed !== null });
    return 0;
  }
  const decider = rule === 0 ? 'the default: no rule matches' : `rule ${rule}${description && ` "${description}"`}`;
  const where = at && ` (${at})`;
  world.stdout.write(`${visible(`${action}  ${decider}${where}`)}\n       ${protocol} ${from} → :${port}\n`);
  return 0;
}

function decide(gate: Firewall, protocol: 'tcp' | 'udp', address: string, port: number): Decision {
  const number = gate.simulate(protocol, address, port);
  const { description = '', at = '' } = gate.rules[number - 1] ?? {};
  return { action: gate.isAllowed(number) ? 'ALLOW' : 'DENY', rule: number, description, at };
}

function sourceOf(option: Arguments['options'][string]): { address: string; port: number | null } {
  if (typeof option !== 'string') throw new UsageError('say who calls: --from 203.0.113.7:52431');
  const reader = new AddressReader();
  if (reader.read(option) !== 0) return { address: reader.print(), port: null };
  const isBracketed = option.startsWith('[');
  const end = isBracketed ? option.indexOf(']') : option.lastIndexOf(':');
  const rest = option.slice(isBracketed ? end + 1 : end);
  const isRead = end > 0 && reader.read(option, isBracketed ? 1 : 0, end) !== 0;
  const port = rest === '' ? null : rest.startsWith(':') ? portOf(rest.slice(1)) : Number.NaN;
  const isPlain = isBracketed || option.indexOf(':') === end;
  if (isRead && isPlain && !Number.isNaN(port)) return { address: reader.print(), port };
  throw new UsageError(`--from "${option}" is no IP:PORT; write 203.0.113.7:52431 or [2001:db8::7]:52431`);
}

function targetOf(option: Arguments['options'][string]): { port: number; protocol: 'tcp' | 'udp' } {
  if (typeof option !== 'string') throw new UsageError('say which port is called: --to :443/tcp');
  const slash = option.indexOf('/');
  const protocol = slash < 0 ? 'tcp' : option.slice(slash + 1).toLowerCase();
  const target = slash < 0 ? option : option.slice(0, slash);
  const port = portOf(target.slice(target.lastIndexOf(':') + 1));
  // Because rules judge by port alone, an address before the port is only looked at for being one.
  const address = target
    .slice(0, Math.max(0, target.lastIndexOf(':')))
    .replace('[', '')
    .replace(']', '');
  const isAddressed = address === '' || new AddressReader().read(address) !== 0;
  if (!Number.isNaN(port) && isAddressed && (protocol === 'tcp' || protocol === 'udp')) return { port, protocol };
  throw new UsageError(`--to "${option}" is no :PORT/tcp; write :443/tcp or :53/udp`);
}

function portOf(text: string): number {
  const port = isDigits(text) && text.length <= 5 ? Number(text) : Number.NaN;
  return port <= 65535 ? port : Number.NaN;
}

function writeJson(world: World, value: unknown): void {
  world.stdout.write(jsonText(value, 2));
}
