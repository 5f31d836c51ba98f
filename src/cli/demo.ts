// `portcullis demo`: a shop that is vulnerable on purpose, the gate before it, and what to try; what `npm start` runs.

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join, relative } from 'node:path';
import { attacks, curlOf, goodRequest, quoted } from '../../demo/attacks.ts';
import { type ShopProcess, startShop } from '../../demo/start-shop.ts';
import { type Configuration, dataDirectoryFrom, settingsFrom } from '../config/config.ts';
import { GateTrouble, launchProcess, startGate } from '../supervisor/supervisor.ts';
import { type Arguments, type Command, type ExitCode, Trouble, UsageError, type World } from './command.ts';

/** Where the demonstration listens and keeps its things. */
interface Place {
  readonly port: number;
  readonly httpPort: number;
  readonly dataDirectory: string;
}

type Gate = Awaited<ReturnType<typeof startGate>>;

/** The `demo` command. */
export const demo: Command = {
  name: 'demo',
  summary: 'A small vulnerable shop with the gate before it, and attacks to try',
  usage: '[--port PORT] [--http-port PORT] [--data-dir DIRECTORY]',
  options: {
    port: { type: 'string', value: 'PORT', says: 'the port for HTTPS (8443)' },
    'http-port': { type: 'string', value: 'PORT', says: 'the port that redirects to it (8080)' },
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'where the local CA and the control socket live' },
  },
  examples: [
    { says: 'the gate on 8443, and what to try', line: 'portcullis demo' },
    { says: 'on other ports', line: 'portcullis demo --port 9443 --http-port 9080' },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  if (args.words.length > 0)
    throw new UsageError(`demo takes no words, and was given "${args.words[0]}"; an app of your own: portcullis PORT`);
  const place = placeOf(args, world);
  const shop = await startShop().catch((error: Error) => {
    throw new Trouble(error.message);
  });
  try {
    const gate = await open(place, shop, world);
    world.stdout.write(args.options.json === true ? asJson(gate, shop, place) : asText(gate, shop, place, world));
    return await stay(gate, shop, world);
  } finally {
    await shop.stop();
  }
}

function placeOf({ options }: Arguments, world: World): Place {
  const dataDirectory = dataDirectoryFrom(options, world);
  return {
    port: portOf('port', options.port, 8443),
    httpPort: portOf('http-port', options['http-port'], 8080),
    // Because the demonstration's CA, bans and journeys are not those of a gate that does real work here.
    dataDirectory: options['data-dir'] === undefined ? join(dataDirectory, 'demo') : dataDirectory,
  };
}

function portOf(name: string, value: Arguments['options'][string], otherwise: number): number {
  if (value === undefined) return otherwise;
  const port = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new UsageError(`--${name} ${value}: a port is a number from 0 to 65535 (0 takes any free one)`);
}

/** The configuration of the demonstration in the words of `portcullis.yaml`: the guide's firewall, WAF and rate. */
export function configurationOf(place: Place, shopPort: number): Configuration {
  const open = (port: number, description: string) => ({
    action: 'allow',
    protocol: 'tcp',
    port,
    source: 'any',
    description,
  });
  return {
    data_directory: place.dataDirectory,
    listen: [
      { address: '127.0.0.1', port: place.port, tls: true },
      { address: '127.0.0.1', port: place.httpPort, redirect: 'https' },
    ],
    firewall: {
      default: 'deny',
      rules: [
        open(place.port, 'HTTPS from anywhere'),
        open(place.httpPort, 'HTTP from anywhere'),
        {
          action: 'allow',
          protocol: 'tcp',
          port: 22,
          source: '10.0.0.0/8',
          description: 'SSH from the internal network only',
        },
        { action: 'deny', protocol: 'all', port: 'all', source: 'any', description: 'Block everything else' },
      ],
    },
    tls: { local_names: ['localhost', '127.0.0.1'] },
    sites: [{ host: '*', to: [`127.0.0.1:${shopPort}`] }],
    waf: { mode: 'block', rules: 'builtin' },
    rates: [{ limit: '500 per 10s', by: 'client' }],
  };
}

/** How often other free ports are taken when somebody else was quicker. */
const maxAttempts = 5;

async function open(place: Place, shop: ShopProcess, world: World): Promise<Gate> {
  for (let attempt = 1; ; attempt++) {
    // Because a port that the kernel chooses at the last moment is known too late for a firewall rule.
    const free = place.port * place.httpPort === 0 ? await freePorts() : [0, 0];
    const here = { ...place, port: place.port || free[0]!, httpPort: place.httpPort || free[1]! };
    try {
      return await startGate(settingsFrom(configurationOf(here, shop.port)), {
        locate: () => 'the demonstration',
        launch: launchProcess,
        dashboard: {
          file: null,
          cwd: world.cwd,
          load: () => Promise.reject(new Error('the demonstration has no configuration file')),
        },
        say: (text) => void world.stderr.write(`portcullis: ${text}\n`),
      });
    } catch (error) {
      if (!(error instanceof GateTrouble)) throw error;
      const isChosen =
        (place.port === 0 && !(await isFree(here.port))) || (place.httpPort === 0 && !(await isFree(here.httpPort)));
      if (!isChosen || attempt === maxAttempts) throw await withOtherPorts(error, here, world);
    }
  }
}

/** The trouble, with ports that are free where those that were wanted are not. */
async function withOtherPorts(error: GateTrouble, place: Place, world: World): Promise<Trouble> {
  const port = await freePortNear(place.port);
  const httpPort = await freePortNear(place.httpPort);
  if (port === place.port && httpPort === place.httpPort) return new Trouble(error.message);
  return new Trouble(
    `${error.message}\n  other ports are free: ${commandName(world)} demo --port ${port} --http-port ${httpPort}`,
  );
}

/** Two ports that nobody uses now. */
async function freePorts(): Promise<number[]> {
  const servers = [createServer(), createServer()];
  await Promise.all(servers.map((server) => once(server.listen(0, '127.0.0.1'), 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** The port itself where it is free on loopback, or the first free one a thousand, two thousand, … higher. */
async function freePortNear(port: number): Promise<number> {
  for (let candidate = port; candidate <= 65535; candidate += 1000) if (await isFree(candidate)) return candidate;
  return 0;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Until Ctrl-C, or until the gate or the shop ends on its own, which is a trouble. */
async function stay(gate: Gate, shop: ShopProcess, world: World): Promise<ExitCode> {
  const asked = new Promise<null>((resolve) => {
    if (world.stop.aborted) resolve(null);
    else world.stop.addEventListener('abort', () => resolve(null), { once: true });
  });
  const ended = gate.finished.then(() => (world.stop.aborted ? null : 'the gate ended on its own'));
  const sentence = await Promise.race([asked, ended, shop.ended]);
  await gate.stop();
  if (sentence !== null) throw new Trouble(sentence);
  return 0;
}

function asJson(gate: Gate, shop: ShopProcess, place: Place): string {
  const { addresses, caCertificatePath } = gate;
  const shopPart = { address: '127.0.0.1', port: shop.port, pid: shop.pid };
  return `${JSON.stringify({ ready: true, addresses, caCertificatePath, dataDirectory: place.dataDirectory, shop: shopPart, dashboard: gate.dashboardLink() })}\n`;
}

function asText(gate: Gate, shop: ShopProcess, place: Place, world: World): string {
  const portOfGate = (tls: boolean) => gate.addresses.find((address) => address.tls === tls)?.port ?? 0;
  const base = `https://localhost:${portOfGate(true)}`;
  const ca = gate.caCertificatePath === null ? null : nearestName(gate.caCertificatePath, world);
  const portcullis = (words: string) =>
    `${commandName(world)} ${words} --data-dir ${quoted(nearestName(place.dataDirectory, world))}`;
  const lines = [
    'The Woolly Sock, a shop that is vulnerable on purpose, behind the gate',
    '',
    `  ${base}    the gate`,
    `  http://localhost:${portOfGate(false)}     sends you there`,
    `  http://127.0.0.1:${shop.port}    the shop itself, without the gate: there the attacks below do harm`,
    `  http://127.0.0.1:${shop.port}/visits    what really reached the shop`,
    '',
    'See it happen: the dashboard, for whoever has this link (once, within 15 minutes)',
    `  ${gate.dashboardLink() ?? 'is not served'}`,
    `  ${portcullis('dashboard')}    prints another`,
    '',
    'A good request',
    `  ${curlOf(goodRequest, base, ca)}`,
    '',
    'Five attacks',
    ...attacks.flatMap((attack) => [
      `  # ${attack.says}: answered with ${attack.status}; without the gate, ${attack.harm}`,
      `  ${curlOf(attack, base, ca)}`,
    ]),
    '',
    'What the gate decided, and why (every answer has its id in X-Request-Id, and in the page of a refusal)',
    `  ${portcullis('explain ID')}`,
    `  ${portcullis("explain --get '/users?id=1;DROP TABLE users;--'")}`,
    `  ${portcullis('status')}`,
    `  ${portcullis('connections --watch')}`,
    '',
    ...trustLines(ca, base),
    'Ctrl-C ends it.',
    '',
  ];
  return lines.join('\n');
}

function trustLines(ca: string | null, base: string): string[] {
  if (ca === null) return [];
  return [
    `The certificate comes from a local CA of your own: ${ca}`,
    `  curl     --cacert ${quoted(ca)}, as above; or once for a shell: export CURL_CA_BUNDLE=${quoted(ca)}`,
    `  browser  open ${base} and accept the warning, or import the file under Settings, Certificates, Authorities`,
    '',
  ];
}

/** The path from here where that is shorter, as a person would type it. */
function nearestName(path: string, world: World): string {
  const fromHere = relative(world.cwd, path);
  return fromHere !== '' && !fromHere.startsWith('..') && fromHere.length < path.length ? fromHere : path;
}

/** How this person can call us again: the clone's own file, or the name that npm installed. */
function commandName(world: World): string {
  const root = join(import.meta.dirname, '../..');
  if (root.includes('node_modules')) return 'npx portcullis';
  return nearestName(join(root, 'bin/portcullis'), world);
}
