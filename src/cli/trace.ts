// `portcullis trace URL`: the journey of one request from the client's side, in the steps of the guide.

import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { getCACertificates } from 'node:tls';
import { type Clock, systemClock } from '../base/clock.ts';
import { build, type EphemeralRange, rangeOf, type UrlEndpoint, urlEndpoint } from '../ports/ports.ts';
import { endpoint } from '../traffic/connection.ts';
import { dataDirectoryOf } from './ask.ts';
import { type Arguments, type Command, type ExitCode, Trouble, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';
import { visible } from './table.ts';
import { traceText } from './trace-text.ts';
import { type Itinerary, type Walk, walk } from './trace-walk.ts';

/** What the command asks of the machine; a test hands it another. */
export interface Machine {
  readonly clock: Clock;
  readonly lookup: (host: string) => Promise<readonly string[]>;
  /** PEM certificates that this machine trusts. */
  readonly roots: () => readonly string[];
  readonly ephemeralRange: () => EphemeralRange;
}

/** The command on this machine. */
export const trace: Command = traceOn({
  clock: systemClock,
  lookup: async (host) => (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address),
  roots: () => [...new Set([...getCACertificates('default'), ...getCACertificates('system')])],
  ephemeralRange: () => build().ephemeral([]).range,
});

/** The command on a machine. */
export function traceOn(machine: Machine): Command {
  return {
    name: 'trace',
    summary: "Walk the way to a URL from the client's side",
    usage: 'URL [--insecure] [--ca FILE] [--connect IP:PORT]',
    options: {
      insecure: { type: 'boolean', short: 'k', says: 'go on where the certificate is not accepted' },
      ca: { type: 'string', value: 'FILE', says: 'trust the CA certificates in this PEM file too' },
      method: { type: 'string', short: 'X', value: 'METHOD', says: 'the method of the request (default GET)' },
      header: { type: 'string', short: 'H', multiple: true, value: "'N: V'", says: 'a header field; may be repeated' },
      connect: { type: 'string', value: 'IP:PORT', says: 'connect there, whatever DNS says' },
      timeout: { type: 'string', value: 'SECONDS', says: 'the deadline of each step (default 10)' },
      config: { type: 'string', value: 'FILE', says: 'the configuration that names the data directory' },
      'data-dir': { type: 'string', value: 'DIRECTORY', says: 'where the local CA is that is trusted too' },
    },
    examples: [
      { says: 'every step to a site', line: 'portcullis trace https://localhost:8443' },
      {
        says: 'a site before its DNS entry exists',
        line: 'portcullis trace https://example.com --connect 127.0.0.1:8443',
      },
      { says: 'for a program', line: 'portcullis trace http://localhost:8080 --json' },
    ],
    run: (args, world) => run(machine, args, world),
  };
}

async function run(machine: Machine, args: Arguments, world: World): Promise<ExitCode> {
  const word = args.words[0];
  if (word === undefined || args.words.length > 1) throw new UsageError('trace takes one URL');
  const answer = urlEndpoint(word);
  if (!answer.ok) {
    const { says, instead } = answer.problems[0]!;
    throw new UsageError(instead === undefined ? says : `${says}\n  instead: ${instead}`);
  }
  const url = answer.value;
  const method = methodOf(args);
  const walked = await walk({
    url,
    method,
    fields: fieldsOf(args, url, method),
    connect: connectOf(args),
    insecure: args.options.insecure === true,
    roots: url.secure ? [...machine.roots(), ...(await privateRoots(args, world))] : [],
    timeoutMs: timeoutOf(args),
    clock: machine.clock,
    lookup: machine.lookup,
    stop: world.stop,
  });
  const kernelRange = machine.ephemeralRange();
  if (args.options.json === true) world.stdout.write(jsonText(report(word, url, walked, kernelRange)));
  else world.stdout.write(traceText(url, walked, kernelRange, machine.clock.now()));
  return walked.failure === null ? 0 : 1;
}

function report(written: string, url: UrlEndpoint, walked: Walk, kernelRange: EphemeralRange) {
  const { tcp } = walked;
  const localRange = tcp === null || tcp.localPort === 0 ? '' : rangeOf(tcp.localPort).name;
  return {
    url: written,
    endpoint: url,
    ok: walked.failure === null,
    ...walked,
    tcp: tcp && { ...tcp, localRange, kernelRange: { from: kernelRange.from, to: kernelRange.to } },
  };
}

function methodOf(args: Arguments): string {
  const method = args.options.method ?? 'GET';
  if (typeof method === 'string' && isToken(method)) return method;
  throw new UsageError('--method is one word of letters, such as GET, HEAD or POST');
}

function timeoutOf(args: Arguments): number {
  const seconds = args.options.timeout === undefined ? 10 : Number(args.options.timeout);
  if (seconds > 0 && seconds <= 3600) return seconds * 1000;
  throw new UsageError('--timeout is a number of seconds greater than 0 and at most 3600');
}

function connectOf(args: Arguments): Itinerary['connect'] {
  const written = args.options.connect;
  if (typeof written !== 'string') return null;
  const place = urlEndpoint(`http://${written}`);
  if (place.ok && place.value.hostKind !== 'name' && !place.value.portImplied)
    return { address: place.value.host, port: place.value.port };
  throw new UsageError('--connect is an address and a port, such as 127.0.0.1:8443 or [::1]:8443');
}

/** The header fields of the request: ours, where the user names no other. */
function fieldsOf(args: Arguments, url: UrlEndpoint, method: string): [string, string][] {
  const written = args.options.header;
  const own = (Array.isArray(written) ? written : typeof written === 'string' ? [written] : []).map(fieldOf);
  const host = endpoint(url.host, url.port);
  const fields: [string, string][] = [
    ['Host', url.portImplied ? host.slice(0, host.lastIndexOf(':')) : host],
    ['User-Agent', 'portcullis-trace'],
    ['Accept', '*/*'],
  ];
  if (url.scheme === 'ws' || url.scheme === 'wss')
    // Because nothing is tunnelled, the key may be the same each time: 16 bytes, "portcullis trace" (RFC 6455 4.1).
    fields.push(
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Key', 'cG9ydGN1bGxpcyB0cmFjZQ=='],
    );
  else fields.push(['Connection', 'close']);
  if (method === 'POST' || method === 'PUT' || method === 'PATCH') fields.push(['Content-Length', '0']);
  const named = new Set(own.map(([name]) => name.toLowerCase()));
  return [...fields.filter(([name]) => !named.has(name.toLowerCase())), ...own];
}

function fieldOf(written: string): [string, string] {
  const colon = written.indexOf(':');
  const name = written.slice(0, Math.max(0, colon)).trim();
  const value = written.slice(colon + 1).trim();
  for (const character of value)
    if (character < ' ' || character === '\x7f' || character > '\xff')
      throw new UsageError(`--header '${visible(written)}' holds a character that no header field may hold`);
  if (isToken(name)) return [name, value];
  throw new UsageError(`--header '${visible(written)}' is not of the form 'Name: value'`);
}

/** RFC 9110 5.6.2 */
function isToken(text: string): boolean {
  for (const character of text) {
    const lower = character.toLowerCase();
    const plain = (lower >= 'a' && lower <= 'z') || (character >= '0' && character <= '9');
    if (!plain && !"!#$%&'*+-.^_`|~".includes(character)) return false;
  }
  return text !== '' && text.length <= 256;
}

/** The CA of the gate's data directory, where there is one, and that of `--ca`. */
async function privateRoots(args: Arguments, world: World): Promise<string[]> {
  const local = await readFile(join(dataDirectoryOf(args, world), 'ca', 'ca.crt'), 'latin1').catch(() => '');
  const roots = isCertificate(local) ? [local] : [];
  const named = args.options.ca;
  if (typeof named !== 'string') return roots;
  const text = await readFile(resolve(world.cwd, named), 'latin1').catch((error: Error) => {
    throw new Trouble(`--ca ${visible(named)} cannot be read: ${error.message}`);
  });
  if (isCertificate(text)) return [...roots, text];
  throw new Trouble(
    `--ca ${visible(named)} holds no certificate\n  instead: a PEM file with -----BEGIN CERTIFICATE-----`,
  );
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
