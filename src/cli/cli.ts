// The frame of the command line: which command is meant, its arguments checked, its troubles printed.

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { nearest } from '../base/problem.ts';
import type { ConfigurationTrouble } from '../config/config.ts';
import {
  type Arguments,
  type Command,
  type ExitCode,
  type Option,
  Trouble,
  UsageError,
  type World,
} from './command.ts';
import { commonOptions, helpOf, overview, type Row, usageLine } from './help.ts';
import { visible } from './table.ts';

/** A command that is loaded when it is meant: start stays fast, and a broken one leaves the others whole. */
interface Entry extends Row {
  readonly load: () => Promise<Command>;
}

const entries: readonly Entry[] = [
  { name: 'run', summary: 'Start the gate', load: async () => (await import('./run.ts')).run },
  {
    name: 'init',
    summary: 'Write a portcullis.yaml to begin with',
    load: async () => (await import('./init.ts')).init,
  },
  {
    name: 'check',
    summary: 'List every problem of the configuration',
    load: async () => (await import('./check.ts')).check,
  },
  {
    name: 'reload',
    summary: 'Let the running gate go on with its configuration as it stands now',
    load: async () => (await import('./reload.ts')).reload,
  },
  {
    name: 'replay',
    summary: 'Decide recorded requests once more under another configuration',
    load: async () => (await import('./replay.ts')).replay,
  },
  {
    name: 'purge',
    summary: 'Delete what was recorded of requests',
    load: async () => (await import('./purge.ts')).purge,
  },
  {
    name: 'upgrade',
    summary: 'Let a new version of the program take the place of the running gate',
    load: async () => (await import('./upgrade.ts')).upgrade,
  },
  { name: 'status', summary: 'How the running gate is', load: async () => (await import('./status.ts')).status },
  {
    name: 'connections',
    summary: 'The connections that are open, by their 4-tuple',
    load: async () => (await import('./connections.ts')).connections,
  },
  {
    name: 'logs',
    summary: 'What came and what became of it: search, group, follow',
    load: async () => (await import('./logs.ts')).logs,
  },
  {
    name: 'metrics',
    summary: "The running gate's metrics, as Prometheus reads them",
    load: async () => (await import('./metrics.ts')).metrics,
  },
  {
    name: 'dashboard',
    summary: 'A link to the dashboard of the running gate',
    load: async () => (await import('./dashboard.ts')).dashboard,
  },
  {
    name: 'explain',
    summary: 'Why a request or connection was let in or refused',
    load: async () => (await import('./explain.ts')).explain,
  },
  {
    name: 'trace',
    summary: "Walk the way to a URL from the client's side",
    load: async () => (await import('./trace.ts')).trace,
  },
  {
    name: 'ports',
    summary: 'What a port is, and what listens on this machine',
    load: async () => (await import('./ports.ts')).ports,
  },
  {
    name: 'waf',
    summary: 'What the rules of the firewall for applications cost and find',
    load: async () => (await import('./waf.ts')).waf,
  },
  {
    name: 'firewall',
    summary: 'Show the rules, or ask what they say of a packet',
    load: async () => (await import('./firewall.ts')).firewall,
  },
  {
    name: 'certs',
    summary: 'Certificates: list, doctor, renew; and trust in the local CA',
    load: async () => (await import('./certs.ts')).certs,
  },
  {
    name: 'bans',
    summary: 'Who is shut out: list, add, remove; and the blocklists',
    load: async () => (await import('./bans.ts')).bans,
  },
  {
    name: 'learn',
    summary: 'Experiments about ports and connections, on the loopback',
    load: async () => (await import('./learn.ts')).learn,
  },
  {
    name: 'plan',
    summary: "What the rules would change in the kernel's firewall",
    load: async () => (await import('./plan.ts')).plan,
  },
  {
    name: 'apply',
    summary: "Put the rules into the kernel's firewall, on trial or for good",
    load: async () => (await import('./apply.ts')).apply,
  },
  {
    name: 'confirm',
    summary: 'Keep the rules that are on trial',
    load: async () => (await import('./apply.ts')).confirm,
  },
  {
    name: 'rollback',
    summary: "Go back to former rules of the kernel's firewall",
    load: async () => (await import('./rollback.ts')).rollback,
  },
  {
    name: 'demo',
    summary: 'A small vulnerable shop with the gate before it',
    load: async () => (await import('./demo.ts')).demo,
  },
];

/** Runs the command that `argv` (without node and script) means. Never throws; never prints a stack for a trouble it can name. */
export async function runCommand(argv: readonly string[], world: World): Promise<ExitCode> {
  let command: Command | null = null;
  try {
    const meant = await meaning(argv, world);
    if (meant === 'help') return say(world, overview(entries, await version()));
    if (meant === 'version') return say(world, `portcullis ${await version()}\n`);
    command = await entryOf(meant.name).load();
    const args = readArguments(command, meant.rest);
    if (args.options.help === true) return say(world, helpOf(command));
    return await command.run(args, world);
  } catch (error) {
    return await complain(error, command, world);
  }
}

/** Help, the version, or a command and what stands behind it. */
type Meaning = 'help' | 'version' | { readonly name: string; readonly rest: readonly string[] };

async function meaning(argv: readonly string[], world: World): Promise<Meaning> {
  const [first, ...rest] = argv;
  if (first === '--help' || first === '-h') return 'help';
  if (first === '--version' || first === '-V' || first === 'version') return 'version';
  if (first === 'help') return rest[0] === undefined ? 'help' : { name: rest[0], rest: ['--help'] };
  if (first === undefined) {
    const { findConfiguration } = await import('../config/config.ts');
    return findConfiguration({ options: {} }, world) === null ? 'help' : { name: 'run', rest };
  }
  // Because `portcullis 3000` and `portcullis --config FILE` both mean: run it.
  if (first.startsWith('-') || isDigits(first)) return { name: 'run', rest: argv };
  return { name: first, rest };
}

function entryOf(name: string): Entry {
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry;
  const near = nearest(
    name,
    entries.map((candidate) => candidate.name),
  );
  throw new UsageError(
    `there is no command "${visible(name.slice(0, 64))}"${near === null ? '' : `; did you mean ${near}?`}\n` +
      'portcullis --help lists the commands',
  );
}

/** The arguments against the command's own options; `UsageError` with the nearest option where one is unknown. */
export function readArguments(command: Command, rest: readonly string[]): Arguments {
  const known: Record<string, Option> = { ...command.options, ...commonOptions };
  const options = Object.fromEntries(
    Object.entries(known).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short === undefined ? {} : { short }), ...(multiple === undefined ? {} : { multiple }) },
    ]),
  );
  const { values, positionals, tokens } = parseArgs({ args: [...rest], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (option === undefined) throw unknownOption(token.rawName, known);
    if (option.type === 'boolean' && token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`);
    const swallowed = token.inlineValue === false && token.value.length > 1 && token.value.startsWith('-');
    if (option.type === 'string' && (token.value === undefined || swallowed))
      throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${option.value ?? 'VALUE'}`);
  }
  return { words: positionals, options: { ...values } as Arguments['options'] };
}

function unknownOption(rawName: string, known: Readonly<Record<string, Option>>): UsageError {
  const near = nearest(
    rawName,
    Object.keys(known).map((name) => `--${name}`),
  );
  const shown = visible(rawName.slice(0, 64));
  return new UsageError(`there is no option ${shown}${near === null ? '' : `; did you mean ${near}?`}`);
}

async function complain(error: unknown, command: Command | null, world: World): Promise<ExitCode> {
  if (error instanceof UsageError) {
    const name = command === null ? 'portcullis' : `portcullis ${command.name}`;
    const more = command === null ? '' : `${usageLine(command)}\n${name} --help shows examples\n`;
    world.stderr.write(`${name}: ${error.message}\n${more}`);
    return 2;
  }
  if (error instanceof Trouble) {
    world.stderr.write(`portcullis: ${error.message}\n`);
    return 1;
  }
  return unnamed(error, world);
}

async function unnamed(error: unknown, world: World): Promise<ExitCode> {
  // Because schema and YAML parser take a tenth of a second that `--help` need not wait for.
  const { ConfigurationTrouble } = await import('../config/config.ts');
  if (error instanceof ConfigurationTrouble) {
    world.stderr.write(`${(await wholeOf(error)).message}\n`);
    return 1;
  }
  const debug = (world.env.PORTCULLIS_DEBUG ?? '') !== '';
  const text = error instanceof Error ? (debug ? (error.stack ?? error.message) : error.message) : String(error);
  world.stderr.write(
    `portcullis: unexpected: ${text}\n${debug ? '' : '  PORTCULLIS_DEBUG=1 shows where it happened\n'}`,
  );
  return 1;
}

/** The trouble together with what the stations object to, so that nobody mends a file in two rounds. */
async function wholeOf(trouble: ConfigurationTrouble): Promise<ConfigurationTrouble> {
  try {
    return await (await import('./check.ts')).withStations(trouble);
  } catch {
    // Because a station that breaks on half a configuration must not hide what is already known to be wrong.
    return trouble;
  }
}

function say(world: World, text: string): ExitCode {
  world.stdout.write(text);
  return 0;
}

async function version(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function isDigits(text: string): boolean {
  for (const character of text) if (character < '0' || character > '9') return false;
  return text !== '';
}
