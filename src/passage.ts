// One client connection's exchanges, one after the other, as bytes move: held for the WAF, carried to an upstream, answered.
// What may pass is decided in `gateway.ts` and by the stations; here is how it passes, and that each request gets exactly one end.

import { performance } from 'node:perf_hooks';
import { latin1 } from './base/bytes.ts';
import type { Clock } from './base/clock.ts';
import type { Identifiers } from './base/identifier.ts';
import type { Connections } from './connections/connections.ts';
import type { Generation } from './generation.ts';
import { type ClientHandler, type ClientSide, ownAnswer, prefersJson, redirectAnswer } from './http/http.ts';
import type { Observe } from './observe/observe.ts';
import {
  type AnswerReceiver,
  answerHeadText,
  type Failure,
  forwardingFields,
  mayRetry,
  type Pool,
  requestHeadText,
  type Route,
  trailersText,
  type Upstream,
} from './proxy/proxy.ts';
import { rateHeaders } from './rates/rates.ts';
import type { Connection } from './traffic/connection.ts';
import type { Timekeeper } from './traffic/deadline.ts';
import { Exchange } from './traffic/exchange.ts';
import type { Fault } from './traffic/fault.ts';
import type { Headers } from './traffic/headers.ts';
import { answer, type Refusal } from './traffic/verdict.ts';
import type { AnswerHead, RequestHead } from './traffic/wire.ts';
import type { BodyInspector } from './waf/waf.ts';

/** A listener as the spine needs it. */
export interface Listener {
  readonly name: string;
  readonly port: number;
  readonly tls: boolean;
  /** Port of the redirect's target, or 0 where this listener does not redirect. */
  readonly redirectPort: number;
  accepted: number;
}

/** What outlives a generation. */
export interface GatewayTools {
  readonly clock: Clock;
  readonly timekeeper: Timekeeper;
  readonly identifiers: Identifiers;
  readonly connections: Connections;
  readonly observe: Observe;
}

/** What a passage needs of the gate that it leads through. */
export interface Gate {
  /** A record that may be renewed for the next exchange, or null. */
  spare: Exchange | null;
  readonly generation: Generation;
  readonly tools: GatewayTools;
  /** Asks the stations about the head of an exchange: the refusal, or null where it may go on. */
  judgeHead(exchange: Exchange, generation: Generation): Refusal | null;
  /** The connection of a passage is over. */
  forget(passage: Passage, connection: Connection): void;
}

/** Pieces up to this size are gathered into one write; larger ones are written by themselves. */
const maxGatheredBytes = 16_384;
/** A body that is kept whole, so that the request can be sent again. */
const maxReplayBytes = 65_536;
/** One try on a reused connection, one on a fresh one, and one at every other endpoint up to this many. */
const maxTries = 4;

/** The passage of one client connection. Only one exchange is under way at a time. */
export class Passage implements ClientHandler, AnswerReceiver {
  readonly side: ClientSide;
  readonly #gateway: Gate;
  readonly #listener: Listener;
  /** Forwarding fields that are the same for each request of this connection, '' until made. */
  #forwarding = '';

  #exchange: Exchange | null = null;
  #head: RequestHead | null = null;
  #generation: Generation;
  #siteIndex = -1;
  #startedMs = 0;
  #sentMs = 0;

  #inspector: BodyInspector | null = null;
  /** Body bytes that wait for the WAF's word, or null once they were let go. */
  #held: Buffer[] | null = null;
  #heldBytes = 0;
  #bodyEnded = false;
  #trailers: Headers | null = null;

  #route: Route | null = null;
  #pool: Pool | null = null;
  #upstream: Upstream | null = null;
  #upstreamFlows = true;
  #tries = 0;
  /** The whole request as it was sent, while it may have to be sent again. */
  #replay: string | Buffer | null = null;

  /** Text of the answer that was not written yet. */
  #out = '';
  #isAnswerChunked = false;
  #isHeadWritten = false;
  #keepAlive = true;
  #clientFlows = true;

  constructor(gateway: Gate, side: ClientSide, listener: Listener) {
    this.#gateway = gateway;
    this.side = side;
    this.#listener = listener;
    this.#generation = gateway.generation;
  }

  // ---- the client speaks

  onRequest(head: RequestHead): void {
    const { identifiers, clock } = this.#gateway.tools;
    const { connection } = this.side;
    const generation = this.#gateway.generation;
    const now = clock.now();
    const exchange = this.#record(identifiers.next(now), head, now);
    exchange.requestBytes = head.bytes;
    connection.lastActiveAt = now;
    this.#begin(exchange, head, generation);
    const refusal = this.#gateway.judgeHead(exchange, generation);
    if (this.#listener.redirectPort > 0 && (refusal === null || refusal.why.startsWith('waf/'))) this.#redirect(exchange, head);
    else if (refusal !== null) this.#answerRefusal(refusal);
    else this.#admit(exchange, head);
  }

  /** The record of a new exchange: a spare one where there is one. */
  #record(id: string, head: RequestHead, now: number): Exchange {
    const { connection } = this.side;
    const { method, target, path, query, version, host, headers } = head;
    const bodyLength = head.framing === 'chunked' ? -1 : Math.max(0, head.contentLength);
    const { spare } = this.#gateway;
    const number = connection.requests;
    if (spare === null) return new Exchange(id, connection, number, now, method, target, path, query, version, host, headers, bodyLength);
    this.#gateway.spare = null;
    spare.renew(id, connection, number, now, method, target, path, query, version, host, headers, bodyLength);
    return spare;
  }

  #begin(exchange: Exchange, head: RequestHead, generation: Generation): void {
    this.#exchange = exchange;
    this.#head = head;
    this.#generation = generation;
    this.#startedMs = performance.now();
    this.#inspector = null;
    this.#held = null;
    this.#heldBytes = 0;
    this.#bodyEnded = head.framing === 'none';
    this.#trailers = null;
    this.#upstream = null;
    this.#upstreamFlows = true;
    this.#tries = 0;
    this.#replay = null;
    this.#out = '';
    this.#isHeadWritten = false;
    this.#isAnswerChunked = false;
    this.#keepAlive = true;
  }

  /** Everybody has agreed to the head: on to the body, or straight to the upstream. */
  #admit(exchange: Exchange, head: RequestHead): void {
    const { sites, siteSettings, proxy, waf } = this.#generation;
    this.#siteIndex = sites.place(exchange.host, exchange.placingPath);
    const site = siteSettings[this.#siteIndex]!;
    this.#route = proxy.routes[this.#siteIndex]!;
    if (head.framing === 'none') {
      this.#carry();
      return;
    }
    if (head.contentLength > site.maxBodyBytes) {
      this.#refuse('http', this.#bodyTooLong(site.maxBodyBytes));
      return;
    }
    this.#inspector = waf.openBody(exchange, waf.policies[this.#siteIndex]!);
    if (head.expectsContinue) this.side.sendContinue();
    if (this.#inspector === null) this.#carry();
    else this.#held = [];
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    if (this.side.isTunnel) {
      this.#tunnelToUpstream(bytes, from, to);
      return;
    }
    const exchange = this.#exchange;
    // Refused already: what still comes is read and dropped.
    if (exchange === null || exchange.refusal !== null) return;
    exchange.requestBytes += to - from;
    const { maxBodyBytes } = this.#generation.siteSettings[this.#siteIndex]!;
    if (exchange.requestBytes - this.#head!.bytes > maxBodyBytes) {
      this.#refuse('http', this.#bodyTooLong(maxBodyBytes));
      return;
    }
    // The bytes are lent, and both the WAF's word and the upstream's socket may take longer than this call.
    const piece = Buffer.from(bytes.subarray(from, to));
    if (this.#inspector !== null && !this.#inspect(piece)) return;
    if (this.#held === null) {
      this.#sendBody(piece);
      return;
    }
    this.#held.push(piece);
    this.#heldBytes += piece.length;
    if (this.#heldBytes >= this.#generation.maxHeldBytes) this.#carry();
  }

  onBodyEnd(trailers: Headers | null): void {
    if (this.side.isTunnel) {
      this.#upstream?.endTunnel();
      return;
    }
    const exchange = this.#exchange;
    if (exchange === null || exchange.refusal !== null) return;
    this.#bodyEnded = true;
    this.#trailers = trailers;
    if (this.#inspector !== null && !this.#inspect(null)) return;
    if (this.#held !== null) {
      this.#carry();
      return;
    }
    if (this.#head!.framing === 'chunked') this.#upstream?.write(`0\r\n${trailersText(trailers)}`);
    this.#upstream?.endRequest();
  }

  /** Shows a piece (null: the end) of the body to the WAF; false where it refused. */
  #inspect(piece: Buffer | null): boolean {
    const before = performance.now();
    const verdict = piece === null ? this.#inspector!.end() : this.#inspector!.feed(piece);
    this.#exchange!.wafMicroseconds += (performance.now() - before) * 1000;
    if (verdict.kind === 'pass') return true;
    this.#refuse('waf', verdict);
    return false;
  }

  #bodyTooLong(maxBytes: number): Refusal {
    return answer(413, 'http/body-too-long', `the body is longer than the ${maxBytes} bytes that this site takes`);
  }

  onFault(fault: Fault): void {
    const exchange = this.#exchange;
    const refusal = answer(fault.status, fault.why, fault.says);
    if (exchange !== null) {
      if (exchange.refusal === null) this.#refuse('http', refusal);
      return;
    }
    // Not one request was read: the connection's journey says why.
    const { tools } = this.#gateway;
    const { connection } = this.side;
    const id = tools.identifiers.next(tools.clock.now());
    connection.endedWhy = fault.why;
    connection.lastActiveAt = tools.clock.now();
    tools.observe.tellConnection(connection, id, 'http', fault.says);
    this.side.write(ownAnswer(fault.status, id, false, false, false, '', tools.clock.now()));
  }

  onDrain(): void {
    this.#clientFlows = true;
    this.#upstream?.resume();
  }

  onClose(why: string): void {
    const { connection } = this.side;
    const { tools } = this.#gateway;
    this.#upstream?.abort();
    this.#upstream = null;
    if (this.#exchange !== null) {
      this.#exchange.endedWhy ||= why;
      this.#conclude();
    } else if (connection.requests === 0 && connection.endedWhy === '') {
      connection.endedWhy = why || 'http/no-request';
      connection.lastActiveAt = tools.clock.now();
      tools.observe.tellConnection(connection, tools.identifiers.next(connection.lastActiveAt), 'http', 'the connection ended without a request');
    }
    this.#gateway.forget(this, connection);
  }

  // ---- towards the upstream

  /** Lets the request go: its head, and whatever of its body was held. */
  #carry(): void {
    const exchange = this.#exchange!;
    const head = this.#head!;
    const text = this.#requestText(exchange, head);
    const held = this.#held;
    this.#held = null;
    const first = held === null && !this.#bodyEnded ? text : this.#withBody(text, head, held ?? []);
    this.#replay = this.#bodyEnded && this.#heldBytes <= maxReplayBytes ? first : null;
    this.#sentMs = performance.now();
    this.#send(this.#route!.next(), first, false);
  }

  /** The head with the body that came so far, and with the body's end where that came, too. */
  #withBody(text: string, head: RequestHead, held: readonly Buffer[]): string | Buffer {
    const end = this.#bodyEnded && head.framing === 'chunked' ? `0\r\n${trailersText(this.#trailers)}` : '';
    if (held.length === 0) return text + end;
    const opening = head.framing === 'chunked' ? `${text}${this.#heldBytes.toString(16)}\r\n` : text;
    const closing = head.framing === 'chunked' ? `\r\n${end}` : '';
    return Buffer.concat([Buffer.from(opening, 'latin1'), ...held, Buffer.from(closing, 'latin1')]);
  }

  #send(pool: Pool, first: string | Buffer, fresh: boolean): void {
    this.#tries++;
    this.#pool = pool;
    this.#exchange!.upstreamTo = pool.endpoint;
    this.#upstream = this.#generation.proxy.carry(pool, fresh, this.#exchange!.method, first, this.#bodyEnded, this);
  }

  #requestText(exchange: Exchange, head: RequestHead): string {
    const { connection } = this.side;
    const { clientResolver, siteSettings } = this.#generation;
    const isVouched = clientResolver.isTrusted(connection.peer);
    let forwarding = this.#forwarding;
    if (forwarding === '' || isVouched) {
      forwarding = forwardingFields(connection.peer, connection.localPort, connection.secure, isVouched ? head.headers : null);
      this.#forwarding = forwarding;
    }
    const site = siteSettings[this.#siteIndex]!;
    const host = site.hostHeader === 'upstream' || head.authority === '' ? site.to[0]! : head.authority;
    const outerHost = (isVouched ? head.headers.get('x-forwarded-host') : null) ?? head.authority;
    return requestHeadText(head, exchange, host, forwarding, outerHost);
  }

  #sendBody(piece: Buffer): void {
    const upstream = this.#upstream;
    if (upstream === null) return;
    this.#upstreamFlows =
      this.#head!.framing === 'chunked'
        ? upstream.write(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, crlf]))
        : upstream.write(piece);
    if (!this.#upstreamFlows) this.side.pauseBody();
  }

  onConnected(upstream: Upstream): void {
    this.#note(upstream);
  }

  onUpstreamDrain(): void {
    this.#upstreamFlows = true;
    this.side.resumeBody();
  }

  #note(upstream: Upstream): void {
    const exchange = this.#exchange!;
    exchange.upstreamFrom = upstream.from;
    exchange.upstreamTo = upstream.to;
    exchange.upstreamReused = upstream.isReused;
  }

  // ---- the upstream answers

  onInterim(head: AnswerHead): void {
    // Our own 100 was sent when the body was wanted; a 1.0 client knows no interim answers (RFC 9110 15.2).
    if (head.status === 100 || this.#exchange!.version === '1.0') return;
    this.side.write(`${answerHeadText(head)}\r\n`);
  }

  onAnswerHead(head: AnswerHead, upstream: Upstream): void {
    const exchange = this.#exchange!;
    this.#note(upstream);
    exchange.upstreamMs = performance.now() - this.#sentMs;
    exchange.status = head.status;
    this.#replay = null;
    if (head.status === 101) {
      this.#openTunnel(head, upstream);
      return;
    }
    const isOld = exchange.version === '1.0';
    let text = answerHeadText(head);
    if (head.framing === 'length' || (head.framing === 'none' && head.contentLength >= 0 && head.status !== 204)) text += `Content-Length: ${head.contentLength}\r\n`;
    else if (head.framing === 'chunked' || head.framing === 'until-close') {
      this.#isAnswerChunked = !isOld;
      this.side.isAnswerUntilClose = isOld;
      if (isOld) this.#keepAlive = false;
      else text += 'Transfer-Encoding: chunked\r\n';
    }
    // A request whose body is still coming cannot be followed by another.
    if (!this.#bodyEnded) this.#keepAlive = false;
    this.#out = text + this.#ownFields(exchange);
    this.#isHeadWritten = true;
  }

  /** What we add to every answer, with the blank line. */
  #ownFields(exchange: Exchange): string {
    this.#keepAlive &&= this.side.mayKeepAlive;
    const { hsts } = this.#generation.siteSettings[this.#siteIndex]!;
    const connection = this.#keepAlive ? (exchange.version === '1.0' ? 'Connection: keep-alive\r\n' : '') : 'Connection: close\r\n';
    const strict = this.side.connection.secure ? hsts : '';
    return `X-Request-Id: ${exchange.id}\r\n${strict}${rateHeaders(exchange)}${connection}\r\n`;
  }

  onAnswerBody(bytes: Buffer, from: number, to: number): boolean {
    const length = to - from;
    if (this.side.isTunnel) {
      this.#exchange!.responseBytes += length;
      return this.side.write(Buffer.from(bytes.subarray(from, to)));
    }
    this.#exchange!.responseBytes += length;
    if (length > maxGatheredBytes) return this.#writeLarge(bytes, from, to);
    const text = latin1(bytes, from, to);
    this.#out += this.#isAnswerChunked ? `${length.toString(16)}\r\n${text}\r\n` : text;
    if (this.#out.length > maxGatheredBytes) this.#flush();
    return this.#clientFlows;
  }

  #writeLarge(bytes: Buffer, from: number, to: number): boolean {
    if (this.#isAnswerChunked) this.#out += `${(to - from).toString(16)}\r\n`;
    this.side.cork();
    this.#flush();
    // The bytes are lent: the kernel may take them later than this call lasts.
    this.#clientFlows = this.side.write(Buffer.from(bytes.subarray(from, to)));
    if (this.#isAnswerChunked) this.#out = '\r\n';
    this.#flush();
    this.side.uncork();
    return this.#clientFlows;
  }

  onAnswerEnd(trailers: Headers | null): void {
    if (this.side.isTunnel) {
      this.side.closeGently('');
      return;
    }
    this.#upstream = null;
    if (this.#isAnswerChunked) this.#out += `0\r\n${trailersText(trailers)}`;
    this.#flush();
    const keepAlive = this.#keepAlive;
    this.#conclude();
    this.side.finish(keepAlive);
  }

  onReadEnd(): void {
    if (this.#out !== '') this.#flush();
  }

  #flush(): void {
    const text = this.#out;
    if (text === '') return;
    this.#out = '';
    this.#clientFlows = this.side.write(text);
  }

  onFailure(failure: Failure, upstream: Upstream): void {
    this.#upstream = null;
    const exchange = this.#exchange;
    if (exchange === null) return;
    if (this.side.isTunnel) {
      this.side.closeGently('');
      return;
    }
    if (!this.#isHeadWritten && this.#tries < this.#maxTries(failure) && mayRetry(failure, upstream, exchange.method)) {
      const request = failure.isUnsent ? upstream.takeUnsent() : this.#replay;
      if (request !== null) {
        // A body that still comes waits for `onUpstreamDrain`, which a fresh connection is sure to call.
        this.#send(this.#route!.after(this.#pool!), request, !failure.isUnsent || !this.#bodyEnded);
        return;
      }
    }
    if (this.#isHeadWritten) {
      // The client has part of an answer: the only honest end is to break it off (RFC 9112 8).
      exchange.endedWhy = failure.why;
      this.#flush();
      this.side.destroy(failure.why);
      return;
    }
    this.#refuse('proxy', answer(failure.status, failure.why, failure.says));
  }

  /** Nothing sent: each endpoint once. Sent and lost on a reused connection: once more. */
  #maxTries(failure: Failure): number {
    return failure.isUnsent ? Math.min(maxTries, this.#route!.pools.length) : 2;
  }

  // ---- answers of our own

  #refuse(station: string, refusal: Refusal): void {
    refuse(this.#exchange!, station, refusal);
    this.#upstream?.abort();
    this.#upstream = null;
    this.#answerRefusal(refusal);
  }

  #answerRefusal(refusal: Refusal): void {
    const exchange = this.#exchange!;
    this.#held = null;
    if (refusal.kind === 'close' || this.#isHeadWritten) {
      this.side.destroy(refusal.why);
      return;
    }
    // A body that is still coming is not read to its end for the sake of the connection.
    const keepAlive = this.side.mayKeepAlive && !this.side.isReadingBody;
    const retry = refusal.retryAfterSeconds > 0 ? `Retry-After: ${refusal.retryAfterSeconds}\r\n` : '';
    const text = ownAnswer(
      refusal.status,
      exchange.id,
      prefersJson(exchange.headers),
      exchange.method === 'HEAD',
      keepAlive,
      retry + rateHeaders(exchange),
      this.#gateway.tools.clock.now(),
    );
    this.#finishOwn(exchange, refusal.status, text, keepAlive);
  }

  #redirect(exchange: Exchange, head: RequestHead): void {
    const port = this.#listener.redirectPort;
    const location = `https://${head.host}${port === 443 ? '' : `:${port}`}${head.path === '*' ? '/' : head.path}${
      head.query === '' ? '' : `?${head.query}`
    }`;
    const keepAlive = this.side.mayKeepAlive && !this.side.isReadingBody;
    exchange.refusal = null;
    exchange.refusedBy = '';
    exchange.endedWhy = 'http/redirected';
    const { status, text } = redirectAnswer(head.method, location, exchange.id, keepAlive, this.#gateway.tools.clock.now());
    this.#finishOwn(exchange, status, text, keepAlive);
  }

  #finishOwn(exchange: Exchange, status: number, text: string, keepAlive: boolean): void {
    exchange.status = status;
    exchange.responseBytes += text.length - text.indexOf('\r\n\r\n') - 4;
    this.side.write(text);
    this.#conclude();
    this.side.finish(keepAlive);
  }

  /** The exchange is over, however it ended: told once. */
  #conclude(): void {
    const exchange = this.#exchange!;
    this.#exchange = null;
    this.#head = null;
    this.#inspector = null;
    this.#held = null;
    this.#replay = null;
    this.#out = '';
    exchange.ms = performance.now() - this.#startedMs;
    this.#gateway.spare = this.#gateway.tools.observe.tell(exchange) ?? this.#gateway.spare;
  }

  // ---- WebSocket

  #openTunnel(head: AnswerHead, upstream: Upstream): void {
    const exchange = this.#exchange!;
    if (!this.#head!.isWebSocket || head.headers.get('upgrade')?.toLowerCase() !== 'websocket') {
      upstream.reject('it switched protocols without being asked to');
      return;
    }
    upstream.becomeTunnel();
    this.#isHeadWritten = true;
    this.side.write(`${answerHeadText(head)}Connection: Upgrade\r\nUpgrade: websocket\r\nX-Request-Id: ${exchange.id}\r\n\r\n`);
    const early = this.side.becomeTunnel();
    if (early !== null) this.#tunnelToUpstream(early, 0, early.length);
  }

  #tunnelToUpstream(bytes: Buffer, from: number, to: number): void {
    if (this.#upstream === null) return;
    this.#exchange!.requestBytes += to - from;
    if (!this.#upstream.write(Buffer.from(bytes.subarray(from, to)))) this.side.pauseBody();
  }
}

const crlf = Buffer.from('\r\n');

/** Writes a refusal into its exchange. */
export function refuse(exchange: Exchange, station: string, refusal: Refusal): Refusal {
  exchange.refusal = refusal;
  exchange.refusedBy = station;
  exchange.status = refusal.status;
  return refusal;
}
