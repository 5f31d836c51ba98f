// `portcullis run`: the gate of the configuration, or, given a port, the gate before whatever listens there.

import { findConfiguration, type Loaded, loadedFrom, loadSettings } from '../config/config.ts';
import { type Gate, GateTrouble, startGate } from '../supervisor/supervisor.ts';
import { type Arguments, type Command, type ExitCode, Trouble, UsageError, type World } from './command.ts';

/** The `run` command. */
export const run: Command = {
  name: 'run',
  summary: 'Run the gate',
  usage: '[PORT] [--config FILE]',
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
  const loaded = await loadedOf(args, world);
  const gate = await open(loaded, args, world);
  const onHangup = (): void => {
    void gate.reopen();
  };
  process.on('SIGHUP', onHangup);
  try {
    world.stdout.write(args.options.json === true ? asJson(gate) : asText(gate, loaded));
    await stopped(world);
    if (args.options.json !== true) world.stdout.write('draining…\n');
    await gate.stop();
  } finally {
    process.off('SIGHUP', onHangup);
  }
  return 0;
}

async function loadedOf(args: Arguments, world: World): Promise<Loaded> {
  const [word] = args.words;
  if (word === undefined) return loadSettings(args, world);
  const port = portOf('the port of the app', word);
  if (
    findConfiguration({ options: { config: args.options.config } }, world) !== null &&
    args.options.config !== undefined
  )
    throw new UsageError('a port and --config exclude each other: the configuration says where its sites lead');
  return loadedFrom(
    {
      listen: [
        { address: '127.0.0.1', port: portOf('--port', args.options.port ?? '8443'), tls: true },
        { address: '127.0.0.1', port: portOf('--http-port', args.options['http-port'] ?? '8080'), redirect: 'https' },
      ],
      firewall: { default: 'deny', rules: ['allow tcp all from 127.0.0.0/8', 'allow tcp all from ::1'] },
      tls: { local_names: ['localhost', '127.0.0.1'] },
      sites: [{ host: '*', to: [`localhost:${port}`] }],
    },
    world,
    args,
  );
}

function portOf(what: string, text: unknown): number {
  const port = typeof text === 'string' && text !== '' ? Number(text) : Number.NaN;
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new UsageError(`${what} is a number from 0 to 65535, not "${text}"`);
}

async function open(loaded: Loaded, args: Arguments, world: World): Promise<Gate> {
  const { journal } = args.options;
  const settings =
    typeof journal === 'string'
      ? { ...loaded.settings, observe: { ...loaded.settings.observe, journal } }
      : loaded.settings;
  if (loaded.warnings.length > 0) world.stderr.write(`${loaded.print(loaded.warnings, true)}\n\n`);
  try {
    return await startGate(settings, {
      locate: loaded.locate,
      trouble: (problems) => loaded.trouble(problems),
      warn: (warnings) => world.stderr.write(`${loaded.print(warnings, true)}\n\n`),
    });
  } catch (error) {
    throw error instanceof GateTrouble ? new Trouble(error.message) : error;
  }
}

function stopped(world: World): Promise<void> {
  return new Promise((resolve) => {
    if (world.stop.aborted) resolve();
    else world.stop.addEventListener('abort', () => resolve(), { once: true });
  });
}

function asJson(gate: Gate): string {
  return `${JSON.stringify({ ready: true, addresses: gate.addresses, caCertificatePath: gate.caCertificatePath })}\n`;
}

function asText(gate: Gate, loaded: Loaded): string {
  const lines = [`the gate stands (pid ${process.pid}${loaded.file === null ? '' : `, ${loaded.file}`})`];
  for (const { name, address } of gate.addresses) lines.push(`  ${address}${name}`);
  for (const { name, to } of loaded.settings.sites) lines.push(`  site ${name} → ${to.join(', ')}`);
  if (gate.caCertificatePath !== null) lines.push(`  local CA ${gate.caCertificatePath}`);
  return `${lines.join('\n')}\n`;
}
