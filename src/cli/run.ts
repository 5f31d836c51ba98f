// `portcullis run`: the gate of the configuration, or, given a port, the gate before whatever listens there.

import type { Problem } from '../base/problem.ts';
import {
  ConfigurationTrouble,
  findConfiguration,
  type Loaded,
  loadedFrom,
  loadSettings,
  type Settings,
} from '../config/config.ts';
import {
  type Gate,
  GateTrouble,
  type Inheritance,
  inheritanceOf,
  launchProcess,
  type Replacement,
  startGate,
} from '../supervisor/supervisor.ts';
import { endpoint } from '../traffic/connection.ts';
import { withStations } from './check.ts';
import { type Arguments, type Command, type ExitCode, Trouble, UsageError, type World } from './command.ts';
import { visible } from './table.ts';
import { silentUpstreams } from './upstream-probe.ts';

/** The `run` command. */
export const run: Command = {
  name: 'run',
  summary: 'Run the gate',
  usage: '[PORT] [--config FILE] [--journal FILE]',
  options: {
    config: { type: 'string', value: 'FILE', says: 'the configuration (portcullis.yaml here)' },
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'where certificates and the control socket live' },
    journal: {
      type: 'string',
      value: 'FILE',
      says: 'append a JSON line for every exchange and every connection without one',
    },
    port: { type: 'string', value: 'PORT', says: 'with PORT: where HTTPS is served (8443)' },
    'http-port': { type: 'string', value: 'PORT', says: 'with PORT: where plain HTTP is redirected from (8080)' },
  },
  examples: [
    { says: 'the gate of portcullis.yaml', line: 'portcullis run' },
    { says: 'a gate on loopback before the app on port 3000', line: 'portcullis 3000' },
    { says: 'with a journal', line: 'portcullis run --config staging.yaml --journal journal.jsonl' },
  ],
  run: runGate,
};

async function runGate(args: Arguments, world: World): Promise<ExitCode> {
  if (args.words.length > 1)
    throw new UsageError(`run takes one port at most, and was given ${args.words.length} words`);
  refuseKeyLog(world);
  const { gate, loaded } = await begin(args, world);
  const signals = {
    SIGHUP: () => void reloadNow(gate, args, world),
    SIGUSR2: () => void reopenNow(gate, world),
    SIGURG: () => void upgradeNow(gate, world),
  };
  for (const [signal, act] of Object.entries(signals)) process.on(signal, act);
  try {
    world.stdout.write(args.options.json === true ? asJson(gate) : asText(gate, loaded));
    void tellSilent(loaded, world);
    await Promise.race([stopped(world), gate.finished]);
    if (args.options.json !== true && world.stop.aborted) world.stdout.write('draining…\n');
    await gate.stop();
  } finally {
    for (const [signal, act] of Object.entries(signals)) process.off(signal, act);
  }
  return 0;
}

/** Node would write the keys of all connections to a file; whoever has it reads what was ever recorded of them. */
function refuseKeyLog({ env }: World): void {
  if (env.NODE_OPTIONS?.includes('--tls-keylog') || process.execArgv.some((word) => word.startsWith('--tls-keylog')))
    throw new Trouble('--tls-keylog would write down the keys of all connections\n  take it out of NODE_OPTIONS');
}

/** Starts the gate, where one hands over to it in that one's place; then whatever is wrong is told there, too. */
async function begin(args: Arguments, world: World): Promise<{ gate: Gate; loaded: Loaded }> {
  const inheritance = inheritanceOf(process);
  try {
    const loaded = await loadedOf(args, world);
    return { loaded, gate: await open(loaded, args, world, inheritance) };
  } catch (error) {
    const whole = error instanceof ConfigurationTrouble ? await withStations(error) : error;
    inheritance?.fail(whole instanceof Error ? whole.message : String(whole));
    throw whole;
  }
}

async function reopenNow(gate: Gate, world: World): Promise<void> {
  const trouble = await gate.reopen();
  if (trouble !== null) world.stderr.write(`portcullis: ${trouble}\n`);
}

/** What SIGURG asks for: the signal that a program which does not know it passes over, so that it can never end a gate. */
async function upgradeNow(gate: Gate, world: World): Promise<void> {
  try {
    const { version, pid } = await gate.upgrade();
    world.stdout.write(`upgraded: version ${version} runs as pid ${pid}, and this process (${process.pid}) drains\n`);
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    world.stderr.write(`portcullis: not upgraded, everything stays as it was\n${says}\n`);
  }
}

/** What SIGHUP asks for. Nobody waits for an answer, so that what was done is told to whoever reads the log. */
async function reloadNow(gate: Gate, args: Arguments, world: World): Promise<void> {
  try {
    const { generation, changes } = await gate.reload(replacementOf(args, world));
    const what = changes.length === 0 ? 'nothing changed' : changes.join('\n  ');
    world.stdout.write(`reloaded, generation ${generation}\n  ${what}\n`);
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    world.stderr.write(`portcullis: not reloaded, everything stays as it was\n${says}\n`);
  }
}

/** The configuration as it stands now, by the same arguments. */
async function replacementOf(args: Arguments, world: World): Promise<Replacement> {
  const loaded = await loadedOf(args, world).catch(async (error: unknown) => {
    throw error instanceof ConfigurationTrouble ? await withStations(error) : error;
  });
  if (loaded.warnings.length > 0) world.stderr.write(`${loaded.print(loaded.warnings, true)}\n\n`);
  return { settings: settingsOf(loaded, args), ...sayingOf(loaded, args, world) };
}

function settingsOf({ settings }: Loaded, { options: { journal } }: Arguments): Settings {
  return typeof journal === 'string' ? { ...settings, observe: { ...settings.observe, journal } } : settings;
}

function withFile(args: Arguments, file: string): Arguments {
  return { ...args, options: { ...args.options, config: file } };
}

/** How problems of this configuration are told. */
function sayingOf(loaded: Loaded, { options: { journal } }: Arguments, world: World) {
  return {
    locate: loaded.locate,
    trouble: (problems: readonly Problem[]) => journalTrouble(problems, journal) ?? loaded.trouble(problems),
    warn: (warnings: readonly Problem[]) => void world.stderr.write(`${loaded.print(warnings, true)}\n\n`),
  };
}

async function loadedOf(args: Arguments, world: World): Promise<Loaded> {
  const [word] = args.words;
  const { config, port, 'http-port': httpPort } = args.options;
  if (word === undefined) {
    if (port === undefined && httpPort === undefined) return loadSettings(args, world);
    throw new UsageError(
      '--port and --http-port belong to `portcullis PORT`: the configuration has its own under `listen`',
    );
  }
  if (config !== undefined)
    throw new UsageError('a port and --config exclude each other: the configuration says where its sites lead');
  return loadedFrom(
    {
      listen: [
        { address: '127.0.0.1', port: portOf('--port', port ?? '8443'), tls: true },
        { address: '127.0.0.1', port: portOf('--http-port', httpPort ?? '8080'), redirect: 'https' },
      ],
      // Because only loopback is listened on, whoever gets so far is on this machine.
      firewall: {
        default: 'deny',
        rules: [
          { action: 'allow', protocol: 'tcp', port: 'all', source: 'any', description: 'Whoever is on this machine' },
        ],
      },
      tls: { local_names: ['localhost', '127.0.0.1'] },
      sites: [{ host: '*', to: [`localhost:${portOf('the port of the app', word, 1)}`] }],
    },
    world,
    args,
  );
}

function portOf(what: string, text: unknown, lowest = 0): number {
  const port = typeof text === 'string' && text !== '' ? Number(text) : Number.NaN;
  if (Number.isInteger(port) && port >= lowest && port <= 65535) return port;
  throw new UsageError(`${what} is a number from ${lowest} to 65535, not "${text}"`);
}

async function open(loaded: Loaded, args: Arguments, world: World, inheritance: Inheritance | null): Promise<Gate> {
  if (loaded.warnings.length > 0) world.stderr.write(`${loaded.print(loaded.warnings, true)}\n\n`);
  try {
    return await startGate(settingsOf(loaded, args), {
      ...sayingOf(loaded, args, world),
      launch: launchProcess,
      dashboard: {
        file: args.words.length > 0 ? null : findConfiguration(args, world),
        cwd: world.cwd,
        load: async (file) => ({ settings: settingsOf(await loadedOf(withFile(args, file), world), args) }),
      },
      say: (text) => void world.stderr.write(`portcullis: ${text}\n`),
      load: () => replacementOf(args, world),
      plan: { program: process.argv[1]!, args: process.argv.slice(2) },
      env: world.env,
      ...(inheritance === null ? {} : { inheritance }),
    });
  } catch (error) {
    throw error instanceof GateTrouble ? new Trouble(error.message) : error;
  }
}

/** The trouble with a journal that the command line names, where no file is to blame. */
function journalTrouble(problems: readonly Problem[], journal: unknown): Trouble | null {
  const [problem] = problems;
  if (typeof journal !== 'string' || problem?.code !== 'observe/journal-not-writable') return null;
  return new Trouble(`--journal ${visible(journal)}: ${problem.says}\n  name ${problem.instead}`);
}

async function tellSilent({ settings }: Loaded, world: World): Promise<void> {
  for (const sentence of await silentUpstreams(settings.sites.flatMap(({ to }) => to)))
    if (!world.stop.aborted) world.stderr.write(`warning: ${sentence}\n`);
}

function stopped(world: World): Promise<void> {
  return new Promise((resolve) => {
    if (world.stop.aborted) resolve();
    else world.stop.addEventListener('abort', () => resolve(), { once: true });
  });
}

function asJson(gate: Gate): string {
  return `${JSON.stringify({ ready: true, addresses: gate.addresses, caCertificatePath: gate.caCertificatePath, dashboard: gate.dashboardLink() })}\n`;
}

function asText(gate: Gate, loaded: Loaded): string {
  const lines = [`the gate stands (pid ${process.pid}${loaded.file === null ? '' : `, ${loaded.file}`})`];
  for (const { name, address, port } of gate.addresses) {
    const [, ...words] = name.split(' ');
    lines.push(`  listens on ${[endpoint(address, port), ...words].join(' ')}`);
  }
  for (const site of loaded.settings.sites)
    lines.push(`  ${urlOf(site, gate)} → ${site.to.map(({ url }) => url).join(', ')}`);
  if (gate.caCertificatePath !== null) lines.push(`  local CA ${gate.caCertificatePath}`);
  const link = gate.dashboardLink();
  if (link !== null)
    lines.push(`  dashboard ${link} (once, within 15 minutes; \`portcullis dashboard\` prints another)`);
  lines.push('Ctrl-C ends it');
  return `${lines.join('\n')}\n`;
}

/** What a person types to get to a site: its first name, or this machine's where any name will do. */
function urlOf({ hosts, path }: Loaded['settings']['sites'][number], { addresses }: Gate): string {
  const door = addresses.find(({ tls }) => tls) ?? addresses[0];
  const scheme = door?.tls === true ? 'https' : 'http';
  const port = door === undefined || door.port === (door.tls ? 443 : 80) ? '' : `:${door.port}`;
  const host = hosts[0] === undefined || hosts[0] === '*' ? 'localhost' : hosts[0];
  return `${scheme}://${host}${port}${path === '/' ? '' : path}`;
}
