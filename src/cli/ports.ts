// `portcullis ports`: what ports mean, what a URL really connects to, who listens here, and how many ports are left.

import { lookup } from 'node:dns/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { CidrSet, parseCidr } from '../base/cidr.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Built } from '../base/problem.ts';
import {
  addSample,
  build,
  type EphemeralRange,
  type Forecast,
  forecast,
  type Listener,
  type PortDescription,
  type Ports,
  portRanges,
  type Sample,
  type Upstream,
  type UpstreamUse,
  type UrlEndpoint,
} from '../ports/ports.ts';
import { endpoint, splitEndpoint } from '../traffic/connection.ts';
import { ask, dataDirectoryOf, NoGate } from './ask.ts';
import { type Arguments, type Command, type ExitCode, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';
import { table, visible } from './table.ts';

/** What the command asks of the machine; a test hands it another. */
export interface Machine {
  readonly ports: () => Ports;
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<unknown>;
  /** Endpoints of the upstreams of the running gate, or null where no gate runs. */
  readonly upstreamEndpoints: (args: Arguments, world: World) => Promise<readonly string[] | null>;
}

/** How often a rate is looked at within the time of `--seconds`. */
const looks = 4;

/** Most upstreams that are counted. */
const maxUpstreams = 1000;

/** The command on this machine. */
export const ports: Command = portsOn({
  ports: () => build(),
  clock: systemClock,
  wait: (ms) => wait(ms),
  upstreamEndpoints: askForUpstreams,
});

/** The command on a machine. */
export function portsOn(machine: Machine): Command {
  return {
    name: 'ports',
    summary: 'What a port is, and what listens on this machine',
    usage: '[NUMBER|NAME|URL] [--listening]',
    options: {
      listening: { type: 'boolean', short: 'l', says: 'what listens on this machine, and by which process' },
      seconds: { type: 'string', value: 'N', says: 'how long the use is watched for the forecast (default 1)' },
      config: { type: 'string', value: 'FILE', says: 'the configuration that names the data directory' },
      'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the running gate' },
    },
    examples: [
      { says: 'the ranges, and the ports left for each upstream of the running gate', line: 'portcullis ports' },
      { says: 'what a port is for, and who listens on it here', line: 'portcullis ports 443' },
      { says: 'the port of a service', line: 'portcullis ports postgresql' },
      { says: 'what a URL really connects to', line: 'portcullis ports http://example.com:8443' },
      { says: 'everything that listens on this machine', line: 'portcullis ports --listening' },
    ],
    run: (args, world) => run(machine, args, world),
  };
}

async function run(machine: Machine, args: Arguments, world: World): Promise<ExitCode> {
  if (args.words.length > 1) throw new UsageError('ports takes one number, name or URL at a time');
  const word = args.words[0];
  const of = machine.ports();
  const show = (facts: unknown, text: () => string) => {
    world.stdout.write(args.options.json === true ? jsonText(facts) : text());
    return 0 as const;
  };
  if (word !== undefined && isUrl(word)) {
    const leads = orUsage(of.endpointOf(word));
    return show(leads, () => urlText(word, leads, of));
  }
  const described = word === undefined ? null : orUsage(of.describe(word));
  if (described === null && args.options.listening !== true) {
    const overview = await look(machine, of, args, world);
    return show(overview, () => overviewText(overview, world));
  }
  const listening = of.listening().filter((listener) => described === null || listener.port === described.port);
  const rows = listening.map((listener) => ({
    ...listener,
    service: of.serviceOn(listener.port, listener.protocol),
    reachable: reachable(listener),
  }));
  if (described === null) return show(rows, () => listeningText(rows, world));
  return show({ ...described, listening: rows }, () => portText(described, rows, world));
}

// Because no service name in use has a dot, and a colon stands in URLs, in `host:port` and at the start of `:443` only.
function isUrl(word: string): boolean {
  return word.includes('.') || word.includes('[') || word.lastIndexOf(':') > 0;
}

function orUsage<T>(answer: Built<T>): T {
  if (answer.ok) return answer.value;
  const { says, instead } = answer.problems[0]!;
  throw new UsageError(instead === undefined ? says : `${says}\n  instead: ${instead}`);
}

interface Overview {
  readonly ranges: typeof portRanges;
  readonly kernel: EphemeralRange;
  /** Whether a gate answered. */
  readonly gate: boolean;
  readonly upstreams: readonly (UpstreamUse & { readonly forecast: Forecast | null })[];
}

async function look(machine: Machine, of: Ports, args: Arguments, world: World): Promise<Overview> {
  const seconds = secondsOf(args);
  const endpoints = await machine.upstreamEndpoints(args, world);
  const upstreams = await Promise.all((endpoints ?? []).slice(0, maxUpstreams).map(resolve));
  let now = of.ephemeral(upstreams);
  let samples: Sample[][] = upstreams.map(() => []);
  for (let count = 1; upstreams.length > 0; count++) {
    const atMs = machine.clock.monotonicMs();
    samples = samples.map((before, index) => addSample(before, { atMs, used: now.upstreams[index]!.used }));
    if (count === looks || world.stop.aborted) break;
    await machine.wait((seconds * 1000) / (looks - 1));
    now = of.ephemeral(upstreams);
  }
  return {
    ranges: portRanges,
    kernel: now.range,
    gate: endpoints !== null,
    upstreams: now.upstreams.map((use, index) => ({ ...use, forecast: forecast(samples[index]!, now.range.ports) })),
  };
}

function secondsOf(args: Arguments): number {
  const seconds = args.options.seconds === undefined ? 1 : Number(args.options.seconds);
  if (seconds > 0 && seconds <= 600) return seconds;
  throw new UsageError('--seconds is a number greater than 0 and at most 600');
}

async function askForUpstreams(args: Arguments, world: World): Promise<string[] | null> {
  try {
    const status = await ask(dataDirectoryOf(args, world), { ask: 'status' });
    const listed = (status as { upstreams?: unknown } | null)?.upstreams;
    const endpoints = Array.isArray(listed) ? listed.map((one: { upstream?: unknown } | null) => one?.upstream) : [];
    // A Unix socket takes no port.
    return [...new Set(endpoints.filter((text) => typeof text === 'string' && !text.startsWith('unix:')))] as string[];
  } catch (trouble) {
    if (trouble instanceof NoGate) return null;
    throw trouble;
  }
}

/** An upstream with the addresses of its name; one that does not resolve has none. */
async function resolve(written: string): Promise<Upstream> {
  const { address: host, port } = splitEndpoint(written.slice(written.lastIndexOf('/') + 1));
  const found = await lookup(host, { all: true }).catch(() => []);
  return { endpoint: written, addresses: found.map(({ address }) => address), port };
}

function overviewText({ ranges, kernel, gate, upstreams }: Overview, world: World): string {
  const rows = ranges.map(({ name, from, to, says }) => [name, `${from}–${to}`, says]);
  const reserved = kernel.to - kernel.from + 1 - kernel.ports;
  const lines = [
    table(['RANGE', 'PORTS', 'WHAT FOR'], rows, world),
    `This kernel lends ${kernel.from}–${kernel.to} to outgoing connections: ${count(kernel.ports)} ports`,
    `${reserved > 0 ? `, without ${count(reserved)} reserved ones,` : ''} for each upstream endpoint.\n`,
  ];
  if (!gate) lines.push('No gate is running here: `portcullis run` starts one, and its upstreams are listed here.\n');
  else if (upstreams.length === 0) lines.push('The running gate has no upstreams.\n');
  else lines.push('\n', upstreamTable(upstreams, world));
  return lines.join('');
}

function upstreamTable(upstreams: Overview['upstreams'], world: World): string {
  const rows = upstreams.map((use) => [
    use.endpoint,
    count(use.connections),
    count(use.byState.ESTABLISHED ?? 0),
    count(use.byState.TIME_WAIT ?? 0),
    count(use.used),
    count(use.free),
    forecastText(use.forecast),
  ]);
  const headers = ['UPSTREAM', 'CONNECTIONS', 'ESTABLISHED', 'TIME_WAIT', 'PORTS USED', 'FREE', 'RUNS OUT'];
  return table(headers, rows, world);
}

function forecastText(told: Forecast | null): string {
  if (told === null) return 'not at the present rate';
  if (told.secondsLeft === 0) return 'now: no port is left';
  const { secondsLeft } = told;
  const [amount, unit] =
    secondsLeft < 120 ? [secondsLeft, 's'] : secondsLeft < 7200 ? [secondsLeft / 60, 'min'] : [secondsLeft / 3600, 'h'];
  return `in ${count(Math.round(amount))} ${unit}, at ${told.portsPerSecond.toFixed(1)} ports a second`;
}

function count(amount: number): string {
  return amount.toLocaleString('en-US');
}

interface ListenerRow extends Listener {
  readonly service: string;
  readonly reachable: string;
}

function listeningText(rows: readonly ListenerRow[], world: World): string {
  if (rows.length === 0) return 'Nothing listens on this machine, as far as this user may see.\n';
  const cells = rows.map((row) => [
    row.protocol,
    row.address,
    String(row.port),
    row.service || '-',
    row.process === null ? '? (not visible to this user)' : `${row.process.name} (${row.process.pid})`,
    row.scope,
    row.reachable,
  ]);
  return table(['PROTO', 'ADDRESS', 'PORT', 'SERVICE', 'PROCESS', 'SCOPE', 'REACHABLE'], cells, world);
}

/** From where the address of a listener can be reached, before any firewall is asked. */
function reachable({ address, scope }: Listener): string {
  if (scope === 'loopback') return 'from this machine only';
  if (scope === 'all') return 'from outside, on every address of this machine';
  for (const [kind, networks] of nearNetworks) {
    const cidrs = networks.map(parseCidr).flatMap((cidr) => (cidr.ok ? [cidr.value] : []));
    if (new CidrSet(cidrs).has(address)) return `from ${kind}, at ${address}`;
  }
  return `from outside, at ${address}`;
}

// RFC 1918, 4193, 6598; RFC 3927, 4291.
const nearNetworks: readonly (readonly [string, readonly string[]])[] = [
  ['the private network', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7']],
  ['the local link', ['169.254.0.0/16', 'fe80::/10']],
];

function portText(described: PortDescription, rows: readonly ListenerRow[], world: World): string {
  const { port, range, services } = described;
  const lines = [`${port} is in the ${range.name} range ${range.from}–${range.to}: ${range.says}.\n`];
  for (const { name, protocol, says, aliases } of services) {
    const also = aliases.length === 0 ? '' : ` (also ${aliases.join(', ')})`;
    lines.push(`${port}/${protocol}  ${name}${also}${says === '' ? '' : `: ${says}`}\n`);
  }
  if (services.length === 0) lines.push('No service is known on it.\n');
  if (described.browsersRefuse) lines.push('Browsers refuse to open http or https on it.\n');
  lines.push(rows.length === 0 ? 'Nothing listens on it on this machine.\n' : `\n${listeningText(rows, world)}`);
  return lines.join('');
}

function urlText(word: string, leads: UrlEndpoint, of: Ports): string {
  const { scheme, host, port, secure } = leads;
  const why = leads.portImplied ? `${port} is what ${scheme} means where no port is written` : 'the port is written';
  const service = of.serviceOn(port, 'tcp');
  const lines = [
    `${visible(word)} → ${endpoint(host, port)}\n`,
    `  scheme  ${scheme}${leads.schemeImplied ? ' (not written: browsers assume it)' : ''}, ${secure ? 'encrypted by TLS' : 'not encrypted'}\n`,
    `  host    ${host}${leads.hostKind === 'name' ? '' : ', an address: no DNS is asked'}\n`,
    `  port    ${port}${service === '' ? '' : ` (${service})`}: ${why}\n`,
    ...leads.notes.map((note) => `  note    ${visible(note)}\n`),
  ];
  return lines.join('');
}
