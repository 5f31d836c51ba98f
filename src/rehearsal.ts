// A rehearsal: the same stations and the same code as traffic, asked about a connection or request that nobody sent.

import { performance } from 'node:perf_hooks';
import { AddressReader, normalise, parseAddress } from './base/address.ts';
import { both, stationOf } from './body-judges.ts';
import { refuse } from './gate.ts';
import type { Generation } from './generation.ts';
import { bodyTooLong, limitsFor, openRequestBody, readRequestHead, SeenFields } from './http/http.ts';
import { judgeHead } from './judge-head.ts';
import { markRule, markShutOut } from './markings.ts';
import { Connection, splitEndpoint } from './traffic/connection.ts';
import { Exchange } from './traffic/exchange.ts';
import { Fault } from './traffic/fault.ts';
import { type Journey, journeyOf, journeyOfConnection } from './traffic/journey.ts';
import type { Reason } from './traffic/verdict.ts';
import type { RequestHead } from './traffic/wire.ts';

/** What is rehearsed. Whatever is left out is what an ordinary visitor would bring. */
export interface Hypothesis {
  /** `IP:PORT`. */
  readonly from?: string;
  /** `IP:PORT`, `:PORT`, either with `/tcp` or `/udp` behind it. */
  readonly to?: string;
  readonly method?: string;
  /** Path and query; without it only the connection is rehearsed. */
  readonly target?: string;
  readonly host?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  /** A whole HTTP/1.1 request as bytes, in place of everything from `method` on. */
  readonly raw?: Buffer;
}

/** A journey that did not happen, and the words for its reasons. */
export interface Rehearsal {
  readonly journey: Journey;
  readonly reasons: Readonly<Record<string, Reason>>;
}

/** An address of the documentation range (RFC 5737), for visitors who come from nowhere in particular. */
const somebody = { address: '203.0.113.7', port: 52431 };

/** A listener that a rehearsed connection may call. */
export interface RehearsedListener {
  readonly port: number;
  readonly tls: boolean;
  readonly redirect: 'https' | null;
}

/** Asks every station in the order of traffic. Uses nothing up: no rate is counted, no rule gets a hit. `listeners` are those
 * that are open; without them those of the settings. */
export function rehearse(
  generation: Generation,
  hypothesis: Hypothesis,
  now: number,
  listeners: readonly RehearsedListener[] = generation.settings.listen,
): Rehearsal {
  const { reasons } = generation;
  const listener = listenerOf(listeners, hypothesis);
  const { connection, protocol } = connectionOf(listener, hypothesis, now);
  const before = performance.now();
  const reader = new AddressReader();
  reader.read(connection.peer);
  const shutOut = generation.callers.judge(reader);
  if (shutOut !== null) {
    markShutOut(connection, shutOut, (performance.now() - before) * 1000);
    connection.endedWhy = shutOut.why;
    return { journey: journeyOfConnection(connection, 'rehearsal', 'firewall', shutOut.says), reasons };
  }
  const rule = generation.firewall.simulate(protocol, connection.peer, connection.localPort);
  markRule(connection, generation.firewall, rule, (performance.now() - before) * 1000);
  if (connection.firewallAction === 'DENY') {
    const refusal = generation.firewall.refusal(rule, protocol, connection.peer, connection.localPort);
    connection.endedWhy = refusal.why;
    return { journey: journeyOfConnection(connection, 'rehearsal', 'firewall', refusal.says), reasons };
  }
  if (hypothesis.target === undefined && hypothesis.raw === undefined) {
    const journey = journeyOfConnection(connection, 'rehearsal', '', '');
    return { journey: { ...journey, verdict: { ...journey.verdict, action: 'pass' } }, reasons };
  }
  return { journey: rehearseRequest(generation, connection, listener, hypothesis, now), reasons };
}

function rehearseRequest(
  generation: Generation,
  connection: Connection,
  listener: RehearsedListener | undefined,
  hypothesis: Hypothesis,
  now: number,
): Journey {
  connection.requests = 1;
  const read = hypothesis.raw === undefined ? imagined(generation, hypothesis) : written(generation, hypothesis.raw);
  if (read instanceof Fault) {
    connection.endedWhy = read.why;
    connection.endedStatus = read.status;
    return journeyOfConnection(connection, 'rehearsal', 'http', read.says);
  }
  const { head, body } = read;
  const exchange = new Exchange(
    'rehearsal',
    connection,
    1,
    now,
    head.method,
    head.target,
    head.path,
    head.query,
    head.version,
    head.host,
    head.headers,
    head.framing === 'chunked' ? -1 : Math.max(0, head.contentLength),
  );
  exchange.requestBytes = head.bytes + body.length;
  const refusal = judgeHead(exchange, generation, null);
  const isOpen = refusal === null || refusal.why.startsWith('waf/');
  if (isOpen && listener?.redirect === 'https') redirect(exchange);
  else if (refusal === null && body.length > 0) inspectBody(generation, exchange, body);
  return journeyOf(exchange);
}

/** What a listener that redirects makes of a request, attacks among them: they are judged where they are sent to. */
function redirect(exchange: Exchange): void {
  exchange.refusal = null;
  exchange.refusedBy = '';
  exchange.endedWhy = 'http/redirected';
  exchange.status = exchange.method === 'GET' || exchange.method === 'HEAD' ? 301 : 308;
}

function inspectBody(generation: Generation, exchange: Exchange, body: Buffer): void {
  const { waf, siteSettings } = generation;
  const index = exchange.siteIndex;
  const limits = limitsFor(siteSettings[index]!, exchange.placingPath);
  if (body.length > limits.maxBodyBytes) {
    refuse(exchange, 'http', bodyTooLong(limits, false));
    return;
  }
  const before = performance.now();
  const modelled = exchange.skipsWaf ? null : generation.model.openBody(exchange);
  const inspector = both(waf.openBody(exchange, waf.policies[index]!), modelled);
  if (inspector === null) return;
  let verdict = inspector.feed(body);
  if (verdict.kind === 'pass') verdict = inspector.end();
  exchange.wafMicroseconds += (performance.now() - before) * 1000;
  if (verdict.kind !== 'pass') refuse(exchange, stationOf(verdict), verdict);
}

interface ReadRequest {
  readonly head: RequestHead;
  readonly body: Buffer;
}

function imagined(generation: Generation, hypothesis: Hypothesis): ReadRequest | Fault {
  const body = Buffer.from(hypothesis.body ?? '', 'utf8');
  const head = headOf(generation, hypothesis, body.length);
  return head instanceof Fault ? head : { head, body };
}

/** The first request of these bytes, read by the codec that reads traffic; what follows it is another and not looked at. */
function written(generation: Generation, bytes: Buffer): ReadRequest | Fault {
  const head = readRequestHead(bytes, 0, bytes.length, generation.limits, new SeenFields());
  if (head === null) return new Fault(400, 'http/bad-request-line', 'the request ends before its head does');
  if (head instanceof Fault) return head;
  const reader = openRequestBody(head.framing, head.contentLength);
  const pieces: Buffer[] = [];
  if (reader !== null && !reader.done) {
    // Copied, because a reader may join small chunks in the bytes that it is handed.
    const sink = {
      data: (from: Buffer, start: number, end: number) => void pieces.push(Buffer.from(from.subarray(start, end))),
      end: () => {},
    };
    const fault = reader.read(Buffer.from(bytes), head.bytes, bytes.length, sink);
    if (fault instanceof Fault) return fault;
    if (!reader.done) return new Fault(400, 'http/bad-request-line', 'the request ends before its body does');
  }
  return { head, body: Buffer.concat(pieces) };
}

/** The request as bytes, read by the codec that reads traffic. */
function headOf(generation: Generation, hypothesis: Hypothesis, bodyBytes: number): RequestHead | Fault {
  const { method = bodyBytes > 0 ? 'POST' : 'GET', target = '/', headers = [] } = hypothesis;
  const named = new Set(headers.map(([name]) => name.toLowerCase()));
  const lines = [`${method} ${asSent(target)} HTTP/1.1`];
  if (!named.has('host')) lines.push(`Host: ${hypothesis.host ?? firstHost(generation)}`);
  if (!named.has('user-agent')) lines.push('User-Agent: portcullis-explain');
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  if (bodyBytes > 0 && !named.has('content-length')) lines.push(`Content-Length: ${bodyBytes}`);
  if (bodyBytes > 0 && !named.has('content-type')) lines.push(`Content-Type: ${guessedType(hypothesis.body ?? '')}`);
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'utf8');
  const head = readRequestHead(bytes, 0, bytes.length, generation.limits, new SeenFields());
  return head ?? new Fault(400, 'http/bad-request-line', 'the rehearsed request is not whole');
}

/** A target as a browser sends it: what no request line can hold is percent-encoded. */
function asSent(target: string): string {
  let text = '';
  for (const byte of Buffer.from(target, 'utf8'))
    text +=
      byte > 32 && byte < 127 && byte !== 35
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  return text;
}

function guessedType(body: string): string {
  const first = body.trimStart()[0];
  return first === '{' || first === '[' ? 'application/json' : 'application/x-www-form-urlencoded';
}

function firstHost(generation: Generation): string {
  const host = generation.siteSettings[0]?.hosts[0] ?? 'localhost';
  return host === '*' ? 'localhost' : host.replace(/^\*\./, 'www.');
}

function connectionOf(
  listener: RehearsedListener | undefined,
  hypothesis: Hypothesis,
  now: number,
): { connection: Connection; protocol: 'tcp' | 'udp' } {
  const from = hypothesis.from === undefined ? somebody : readEndpoint(hypothesis.from);
  const [endpoint, protocol] = (hypothesis.to ?? '').split('/');
  const to =
    endpoint === undefined || endpoint === '' ? { address: '', port: listener?.port ?? 443 } : readEndpoint(endpoint);
  const connection = new Connection(
    0,
    normalise(from.address),
    from.port,
    normalise(to.address === '' ? '::' : to.address),
    to.port,
    listener === undefined ? '' : `:${listener.port}`,
    listener?.tls ?? false,
    now,
  );
  return { connection, protocol: protocol?.toLowerCase() === 'udp' ? 'udp' : 'tcp' };
}

function listenerOf(listen: readonly RehearsedListener[], hypothesis: Hypothesis) {
  if (hypothesis.to === undefined) return listen.find(({ redirect }) => redirect === null) ?? listen[0];
  const port = readEndpoint(hypothesis.to.split('/')[0]!).port;
  return listen.find((listener) => listener.port === port);
}

/** `ADDRESS:PORT`, `:PORT`, or an address alone, whose port is then 0. */
function readEndpoint(text: string): { address: string; port: number } {
  const colon = text.lastIndexOf(':');
  const isAddress = colon < 0 ? text.includes('.') : text.endsWith(']') || parseAddress(text).ok;
  if (isAddress) return { address: text.replace(/^\[|\]$/g, ''), port: 0 };
  const { address, port } = splitEndpoint(text);
  return { address, port: port || 0 };
}
