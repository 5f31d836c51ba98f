// `portcullis firewall show` and `firewall simulate`: the rules as a table, and which of them decides about a packet.

import { AddressReader } from '../base/address.ts';
import { isDigits } from '../base/address-faults.ts';
import { type Loaded, loadSettings } from '../config/config.ts';
import { build, type Firewall } from '../firewall/firewall.ts';
import { endpoint } from '../traffic/connection.ts';
import { ask, NoGate } from './ask.ts';
import { type Arguments, type Command, type ExitCode, Trouble, UsageError, type World } from './command.ts';
import { table } from './table.ts';

/** The `firewall` command. */
export const firewall: Command = {
  name: 'firewall',
  summary: 'The firewall rules as a table, and which of them decides about a packet',
  usage: 'show | simulate --from IP:PORT --to :PORT/tcp',
  options: {
    config: { type: 'string', value: 'FILE', says: 'the configuration (portcullis.yaml here)' },
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate that is asked for hits' },
    from: { type: 'string', value: 'IP:PORT', says: 'simulate: who calls; an IPv6 address in brackets' },
    to: { type: 'string', value: ':PORT/tcp', says: 'simulate: which port is called, over tcp (the default) or udp' },
  },
  examples: [
    { says: 'the rules, with their hits where a gate runs', line: 'portcullis firewall show' },
    {
      says: 'would this connection be let in, and by which rule?',
      line: 'portcullis firewall simulate --from 203.0.113.7:52431 --to :5432/tcp',
    },
    {
      says: 'the same for an IPv6 source and UDP',
      line: "portcullis firewall simulate --from '[2001:db8::7]:40000' --to :53/udp",
    },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  const [word, extra] = args.words;
  if (extra !== undefined) throw new UsageError(`"${extra}" is not expected behind "${word}"`);
  if (word === 'show') return show(args, world);
  if (word === 'simulate') return simulate(args, world);
  throw new UsageError(word === undefined ? 'say `show` or `simulate`' : `"${word}" is neither show nor simulate`);
}

/** The firewall of the configuration. Its warnings go to stderr, so that JSON on stdout stays whole. */
async function load(args: Arguments, world: World): Promise<{ gate: Firewall; dataDirectory: string }> {
  const loaded: Loaded = await loadSettings(args, world);
  const rooted = (path: readonly (string | number)[]) => ['firewall', ...path];
  const result = build(loaded.settings.firewall, { locate: (path) => loaded.locate(rooted(path)) });
  const found = result.ok ? result.warnings : result.problems;
  const text = found.length === 0 ? '' : loaded.print(found.map((each) => ({ ...each, path: rooted(each.path) })));
  if (!result.ok) throw new Trouble(text.trimEnd());
  if (text !== '') world.stderr.write(`${text.trimEnd()}\n`);
  return { gate: result.value, dataDirectory: loaded.settings.dataDirectory };
}

/** Hits of the running gate by rule number (0 is the default), or null where none runs. */
async function askHits(dataDirectory: string): Promise<ReadonlyMap<number, number> | null> {
  try {
    const answer = (await ask(dataDirectory, { ask: 'firewall' })) as Partial<HitsAnswer> | null;
    const hits = new Map<number, number>();
    for (const rule of answer?.rules ?? []) hits.set(rule.number, rule.hits);
    hits.set(0, answer?.defaultHits ?? 0);
    return hits;
  } catch (error) {
    if (error instanceof NoGate) return null;
    throw error;
  }
}

interface HitsAnswer {
  readonly rules: readonly { readonly number: number; readonly hits: number }[];
  readonly defaultHits: number;
}

async function show(args: Arguments, world: World): Promise<ExitCode> {
  if (args.options.from !== undefined || args.options.to !== undefined)
    throw new UsageError('--from and --to belong to `firewall simulate`');
  const { gate, dataDirectory } = await load(args, world);
  const { rules, default: whenNone } = gate;
  const hits = await askHits(dataDirectory);
  if (args.options.json === true) {
    const shown = rules.map((rule) => ({ ...rule, hits: hits?.get(rule.number) ?? null }));
    writeJson(world, { rules: shown, default: whenNone, defaultHits: hits?.get(0) ?? null, gate: hits !== null });
    return 0;
  }
  const count = (number: number) => (hits === null ? [] : [String(hits.get(number) ?? 0)]);
  const rows = rules.map((rule) => [
    String(rule.number),
    rule.action,
    rule.protocol,
    rule.ports,
    rule.source,
    rule.description,
    ...count(rule.number),
    rule.at,
  ]);
  rows.push(['default', whenNone, 'ALL', 'ALL', 'any', 'Whatever no rule matches', ...count(0), '']);
  const headers = ['Rule #', 'Action', 'Protocol', 'Port', 'Source', 'Description', ...(hits ? ['Hits'] : []), 'Where'];
  world.stdout.write(table(headers, rows, world));
  return 0;
}

async function simulate(args: Arguments, world: World): Promise<ExitCode> {
  const { address, port: fromPort } = sourceOf(args.options.from);
  const { port, protocol } = targetOf(args.options.to);
  const { gate } = await load(args, world);
  const number = gate.simulate(protocol, address, port);
  const rule = gate.rules[number - 1];
  const action = gate.isAllowed(number) ? 'ALLOW' : 'DENY';
  const from = fromPort === null ? address : endpoint(address, fromPort);
  if (args.options.json === true) {
    const { description = '', at = '' } = rule ?? {};
    writeJson(world, { action, rule: number, description, at, protocol, from, to: `:${port}` });
    return 0;
  }
  const title = rule?.description ? ` "${rule.description}"` : '';
  const decider = rule === undefined ? 'the default: no rule matches' : `rule ${number}${title}`;
  const at = rule?.at ? ` (${rule.at})` : '';
  world.stdout.write(`${action}  ${decider}${at}\n       ${protocol} ${from} → :${port}\n`);
  return 0;
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
  world.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
