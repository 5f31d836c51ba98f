// The exchanges of one client's side, one after the other, as bytes move: held for the WAF, carried to an upstream, answered. Which
// protocol each side speaks is the side's own affair. What may pass is decided in `gateway.ts` and by the stations; here is how it passes, and that each request gets exactly one end.

import { performance } from 'node:perf_hooks';
import { AnswerOut } from './answer-out.ts';
import { type BodyInspector, openBody, stationOf } from './body-judges.ts';
import { outgoingRequest, ownForwarding } from './departure.ts';
import { type Gate, isWeighed, type Listener, mayRedirect, type Passing, placeOf, recordOf, refuse } from './gate.ts';
import type { Generation } from './generation.ts';
import { GrpcCall } from './grpc-call.ts';
import { HeldAnswer } from './held-answer.ts';
import { HeldBody } from './held-body.ts';
import { bodyTooLong, type ClientHandler, limitsFor, ownAnswer, type RequestLimits } from './http/http.ts';
import { refusalAnswer, secureRedirect } from './own-answers.ts';
import { type Carried, type Endpoint, Failure, type Route } from './proxy/proxy.ts';
import { rateHeaders } from './rates/rates.ts';
import type { Held } from './tarpit.ts';
import type { Exchange } from './traffic/exchange.ts';
import type { Fault } from './traffic/fault.ts';
import type { Headers } from './traffic/headers.ts';
import type { OutgoingRequest } from './traffic/outgoing.ts';
import type { ClientStream, OwnAnswer, UpstreamSide } from './traffic/sides.ts';
import { answer, type Refusal } from './traffic/verdict.ts';
import type { AnswerHead, RequestHead } from './traffic/wire.ts';
import { tellWithoutRequest } from './without-request.ts';

/** A body that is kept whole, so that the request can be sent again. */
const maxReplayBytes = 65_536;

const nobody: readonly Endpoint[] = [];

/** The passage of one client's side: a connection, or a stream of one. Only one exchange is under way at a time. */
export class Passage implements ClientHandler, Carried {
  readonly side: ClientStream;
  /** Whose end is told where this side is a whole connection. */
  readonly #passing: Passing;
  readonly #gateway: Gate;
  readonly #listener: Listener;
  /** Forwarding fields that are the same for each request of this connection where nobody vouches for another client, '' until made. */
  #forwarding = '';

  #exchange: Exchange | null = null;
  #head: RequestHead | null = null;
  #generation: Generation;
  /** What the exchange in hand may take, once everybody has agreed to its head. */
  #limits: RequestLimits | null = null;
  #startedMs = 0;
  #sentMs = 0;

  #inspector: BodyInspector | null = null;
  /** Does the body wait for the WAF's word? */
  #isHolding = false;
  /** The call of gRPC that this exchange is, once everybody has agreed to its head. */
  #call: GrpcCall | null = null;
  readonly #held = new HeldBody();
  #bodyEnded = false;
  /** An answer that waits for the WAF's word, or null. */
  #heldAnswer: HeldAnswer | null = null;
  #trailers: Headers | null = null;

  #route: Route | null = null;
  #upstream: UpstreamSide | null = null;
  /** The endpoint that has the request in hand, and all that were tried. */
  #endpoint: Endpoint | null = null;
  #tried: readonly Endpoint[] = nobody;
  /** The whole request as it was sent, while it may have to be sent again. */
  #replay: OutgoingRequest | null = null;
  readonly #answer: AnswerOut;
  /** Its place in the tarpit while its refusal takes its time, or null. */
  #mired: Held | null = null;

  constructor(gateway: Gate, side: ClientStream, listener: Listener, passing: Passing) {
    this.#gateway = gateway;
    this.side = side;
    this.#answer = new AnswerOut(side);
    this.#passing = passing;
    this.#listener = listener;
    this.#generation = gateway.generation;
  }

  // ---- the client speaks

  /** A failure of our own is this side's end and nobody else's (DESIGN law 8): what cannot be judged does not pass. */
  fail(error: unknown): void {
    const exchange = this.#exchange;
    this.#abandon();
    if (exchange !== null) refuse(exchange, 'http', answer(500, 'http/internal-error', placeOf(error)));
    this.side.abort('http/internal-error');
  }

  onRequest(head: RequestHead): void {
    const { tools, generation } = this.#gateway;
    const now = tools.clock.now();
    const exchange = recordOf(this.#gateway, this.side.connection, head, now);
    exchange.requestBytes = head.bytes;
    this.side.connection.lastActiveAt = now;
    this.#begin(exchange, head, generation);
    const proof = tools.challenges.find(exchange, now);
    if (proof !== null) this.#finishOwn(exchange, proof);
    // A body would have to be kept meanwhile: robots that only look bring none.
    else if (head.framing !== 'none' || !this.#gateway.await(exchange, generation, () => this.#resume(head)))
      this.#judge(exchange, head);
  }

  /** What was to be known first is known; the client may have left meanwhile. */
  #resume(head: RequestHead): void {
    if (this.#head !== head) return;
    try {
      this.#judge(this.#exchange!, head);
    } catch (error) {
      this.fail(error);
    }
  }

  #judge(exchange: Exchange, head: RequestHead): void {
    const refusal = this.#gateway.judgeHead(exchange, this.#generation);
    if (this.#listener.redirectPort > 0 && mayRedirect(refusal)) this.#redirect(exchange, head);
    else if (refusal !== null) this.#answerRefusal(refusal);
    else this.#admit(exchange, head);
  }

  #begin(exchange: Exchange, head: RequestHead, generation: Generation): void {
    this.#exchange = exchange;
    this.#head = head;
    this.#generation = generation;
    this.#startedMs = performance.now();
    this.#inspector = null;
    this.#isHolding = false;
    this.#call = null;
    this.#held.clear();
    this.#bodyEnded = head.framing === 'none';
    this.#trailers = null;
    this.#upstream = null;
    this.#endpoint = null;
    this.#tried = nobody;
    this.#replay = null;
    this.#heldAnswer = null;
    this.side.beginExchange(head);
  }

  /** Everybody has agreed to the head: on to the body, or straight to the upstream. */
  #admit(exchange: Exchange, head: RequestHead): void {
    const { siteSettings, proxy } = this.#generation;
    this.#limits = limitsFor(siteSettings[exchange.siteIndex]!, exchange.placingPath);
    this.#route = proxy.routes[exchange.siteIndex]!;
    if (head.framing === 'none') {
      this.#carry();
      return;
    }
    if (head.contentLength > this.#limits.maxBodyBytes) {
      this.#refuse('http', bodyTooLong(this.#limits, head.isGrpc));
      return;
    }
    this.side.paceBody(this.#limits);
    this.#inspector = openBody(exchange, this.#generation);
    if (head.expectsContinue) this.side.sendContinue();
    if (head.isGrpc) this.#admitGrpc(this.#limits);
    else if (this.#inspector === null) this.#carry();
    else this.#isHolding = true;
  }

  /** gRPC speaks both ways at once, and either side may wait for the other: the head goes at once, and the body as it comes, once each message
   * has shown that it is one. Messages are binary, so that there is no text in them for detectors to read. */
  #admitGrpc(limits: RequestLimits): void {
    this.#call = new GrpcCall(limits, this.#inspector !== null);
    this.#inspector = null;
    this.#carry();
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
    if (exchange.requestBytes - this.#head!.bytes > this.#limits!.maxBodyBytes) {
      this.#refuse('http', bodyTooLong(this.#limits!, this.#head!.isGrpc));
      return;
    }
    const piece = bytes.subarray(from, to);
    if (this.#call !== null && this.#isRefused(this.#call.feed(piece))) return;
    if (this.#inspector !== null && !this.#inspect(piece)) return;
    if (!this.#isHolding) {
      this.#sendBody(piece);
      return;
    }
    this.#held.add(piece);
    // Up to the bound the WAF's word may still come with the last byte; beyond it, it has spoken of all that it looks at.
    if (this.#inspector === null || this.#held.bytes > this.#generation.maxHeldBytes) this.#carry();
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
    if (this.#call !== null && this.#isRefused(this.#call.feed(null))) return;
    if (this.#inspector !== null && !this.#inspect(null)) return;
    if (trailers !== null && !this.#inspectTrailers(trailers)) return;
    if (this.#isHolding) {
      this.#carry();
      return;
    }
    this.#upstream?.endRequest(trailers);
  }

  /** Refuses where a message of gRPC may not go on. */
  #isRefused(refusal: Refusal | null): boolean {
    if (refusal === null) return false;
    // What only said that it was gRPC is answered as anything else.
    if (refusal.why === 'http/not-grpc') this.#head!.isGrpc = false;
    this.#refuse('http', refusal);
    return true;
  }

  /** Shows a piece (null: the end) of the body to the WAF; false where it refused. */
  #inspect(piece: Buffer | null): boolean {
    const before = performance.now();
    const verdict = piece === null ? this.#inspector!.end() : this.#inspector!.feed(piece);
    this.#exchange!.wafMicroseconds += (performance.now() - before) * 1000;
    if (verdict.kind === 'pass') {
      if (this.#inspector!.done) this.#inspector = null;
      return true;
    }
    this.#refuse(stationOf(verdict), verdict);
    return false;
  }

  /** Shows the fields behind a body to the WAF; false where it refused. */
  #inspectTrailers(trailers: Headers): boolean {
    const { waf } = this.#generation;
    const exchange = this.#exchange!;
    const verdict = waf.inspectTrailers(exchange, waf.policies[exchange.siteIndex]!, trailers);
    if (verdict.kind === 'pass') return true;
    this.#refuse('waf', verdict);
    return false;
  }

  onFault(fault: Fault): void {
    const exchange = this.#exchange;
    const refusal = answer(fault.status, fault.why, fault.says);
    if (exchange !== null) {
      if (exchange.refusal === null) this.#refuse('http', refusal);
      return;
    }
    // What came never became a request: the connection's journey says why.
    const { tools } = this.#gateway;
    const id = tellWithoutRequest(tools, this.side.connection, fault.why, fault.status, fault.says);
    this.side.answerOwn(ownAnswer(fault.status, id, false, false, '', tools.clock.now()));
  }

  /** The client has ended its side before it was answered: most that do are gone, and no upstream should work for nobody (nginx, Envoy
   * and Go's server see it so); some only said that they will ask for nothing more (RFC 9112 9.6), hence the setting. Once the
   * answer has begun, what is written finds out whether anybody is there. */
  onClientEnd(): void {
    if (this.#exchange === null) return;
    const isAwaited = !this.side.isAnswerBegun && this.#generation.settings.proxy.clientClose === 'abort';
    if (isAwaited || this.#mired !== null) this.side.abort('http/client-gone');
  }

  onDrain(): void {
    this.#upstream?.resume();
  }

  onClose(why: string): void {
    const { connection } = this.side;
    const { tools } = this.#gateway;
    this.#abandon();
    if (this.#exchange !== null) {
      this.#exchange.endedWhy ||= why;
      this.#conclude();
    } else if (this.side.isConnection && connection.requests === 0 && connection.endedWhy === '') {
      tellWithoutRequest(tools, connection, why || 'http/no-request', 0, 'the connection ended without a request');
    }
    if (this.side.isConnection) this.#gateway.forget(this.#passing, connection);
  }

  // ---- towards the upstream

  /** Lets the request go: its head, and whatever of its body was held. */
  #carry(): void {
    const exchange = this.#exchange!;
    const head = this.#head!;
    const { connection } = this.side;
    if (this.#forwarding === '') this.#forwarding = ownForwarding(connection);
    const request = outgoingRequest(exchange, head, connection, this.#generation, this.#forwarding);
    request.patience = this.#limits!;
    if (this.#isHolding || this.#bodyEnded) {
      request.body = this.#held.release();
      request.isWhole = this.#bodyEnded;
      request.trailers = this.#trailers;
    }
    this.#isHolding = false;
    this.#replay = this.#bodyEnded && this.#held.bytes <= maxReplayBytes ? request : null;
    const waiting = this.#route!.carry(exchange, request, this);
    if (waiting instanceof Failure) this.#refuseFor(waiting);
    else if (waiting !== null) this.#upstream = waiting;
  }

  onPlaced(endpoint: Endpoint, side: UpstreamSide): void {
    this.#endpoint = endpoint;
    this.#upstream = side;
    this.#tried = this.#tried === nobody ? endpoint.alone : [...this.#tried, endpoint];
    this.#exchange!.upstreamTo = endpoint.label;
    this.#sentMs = performance.now();
  }

  /** Gives up what is on its way to an upstream, or slowly to the client. */
  #abandon(): void {
    this.#mired?.leave();
    this.#mired = null;
    this.#upstream?.abort();
    this.#upstream = null;
    this.#endpoint?.health.abandoned();
    this.#endpoint = null;
  }

  #sendBody(piece: Buffer): void {
    if (this.#upstream !== null && !this.#upstream.write(piece)) this.side.pauseBody();
  }

  onConnected(upstream: UpstreamSide): void {
    // Another connection than the one that was opened for it may have become free first.
    this.#upstream = upstream;
    this.#note(upstream);
  }

  onUpstreamDrain(): void {
    this.side.resumeBody();
  }

  #note(upstream: UpstreamSide): void {
    const exchange = this.#exchange!;
    exchange.upstreamFrom = upstream.from;
    exchange.upstreamTo = upstream.to;
    exchange.upstreamReused = upstream.isReused;
  }

  // ---- the upstream answers

  onInterim(head: AnswerHead): void {
    // Our own 100 was sent when the body was wanted.
    if (head.status !== 100) this.side.sendInterim(head);
  }

  onAnswerHead(head: AnswerHead, upstream: UpstreamSide): void {
    const exchange = this.#exchange!;
    this.#note(upstream);
    exchange.upstreamMs = performance.now() - this.#sentMs;
    this.#endpoint?.answered(head.status, exchange.upstreamMs);
    if (this.#askElsewhere(exchange, head.status, upstream)) return;
    exchange.status = head.status;
    this.#replay = null;
    if (head.status === 101) {
      this.#openTunnel(head, upstream);
      return;
    }
    this.#inspectAnswer(exchange, head);
  }

  /** Shows the head of an answer to the WAF; its body is held only where a rule has to see it. */
  #inspectAnswer(exchange: Exchange, head: AnswerHead): void {
    const { waf } = this.#generation;
    const before = performance.now();
    const inspector = waf.openAnswer(exchange, waf.policies[exchange.siteIndex]!, head);
    if (inspector !== null) exchange.wafMicroseconds += (performance.now() - before) * 1000;
    if (inspector !== null && inspector.verdict.kind !== 'pass') {
      this.#refuse('waf', inspector.verdict);
      return;
    }
    if (inspector !== null && inspector.holdBytes > 0) this.#heldAnswer = new HeldAnswer(head, inspector);
    else this.#beginAnswer(exchange, head);
  }

  /** Lets a held answer go, or refuses it; false where it was refused. */
  #releaseAnswer(isCut: boolean): boolean {
    const exchange = this.#exchange!;
    const held = this.#heldAnswer!;
    this.#heldAnswer = null;
    const before = performance.now();
    const verdict = held.judge(isCut);
    exchange.wafMicroseconds += (performance.now() - before) * 1000;
    if (verdict.kind !== 'pass') {
      exchange.responseBytes = 0;
      this.#refuse('waf', verdict);
      return false;
    }
    this.#beginAnswer(exchange, held.head);
    const { body } = held;
    if (body.length > 0) this.#answer.write(body, 0, body.length);
    return true;
  }

  /** Where the site's owner wrote that such an answer is to be tried elsewhere, and that can be done: does so. */
  #askElsewhere(exchange: Exchange, status: number, upstream: UpstreamSide): boolean {
    const request = this.#replay;
    const other =
      request === null ? null : this.#route!.instead(exchange, status, this.#tried, this.#limits!.maxRetries);
    if (other === null) return false;
    upstream.abort();
    other.place(exchange, request!, this, false);
    return true;
  }

  /** Lets the answer begin, with what we add to every one. */
  #beginAnswer(exchange: Exchange, head: AnswerHead): void {
    const { hsts, compression } = this.#generation.siteSettings[exchange.siteIndex]!;
    const strict = this.side.connection.secure ? hsts : '';
    const sticky = this.#route!.cookieLine(exchange, this.#endpoint);
    const own = `X-Request-Id: ${exchange.id}\r\n${strict}${sticky}${rateHeaders(exchange)}`;
    this.#call?.begin(head);
    this.#answer.begin(exchange, compression, head, own);
  }

  /** Passes on what may pass of a piece of a call's answer, and refuses the rest. */
  #watchAnswer(call: GrpcCall, bytes: Buffer, from: number, to: number): boolean {
    const refusal = call.answer(bytes.subarray(from, to));
    const passed = refusal === null ? to : from + call.passed;
    this.#exchange!.responseBytes += passed - from;
    const flows = this.#answer.write(bytes, from, passed);
    if (refusal !== null) this.#refuse('http', refusal);
    return flows;
  }

  onAnswerBody(bytes: Buffer, from: number, to: number): boolean {
    if (this.#call !== null) return this.#watchAnswer(this.#call, bytes, from, to);
    this.#exchange!.responseBytes += to - from;
    const held = this.#heldAnswer;
    if (held === null) return this.#answer.write(bytes, from, to);
    held.add(bytes.subarray(from, to));
    return !held.isFull || this.#releaseAnswer(true);
  }

  onAnswerEnd(trailers: Headers | null): void {
    if (this.side.isTunnel) {
      this.side.endTunnel();
      return;
    }
    this.#upstream = null;
    if (this.#heldAnswer !== null && !this.#releaseAnswer(false)) return;
    this.#endpoint?.health.finished();
    this.#endpoint = null;
    this.#endAnswer(trailers);
  }

  #endAnswer(trailers: Headers | null): void {
    this.#answer.end(trailers);
    this.#conclude();
    this.side.finish();
  }

  onReadEnd(): void {
    this.#answer.flush();
  }

  onFailure(failure: Failure, upstream: UpstreamSide): void {
    this.#upstream = null;
    const exchange = this.#exchange;
    if (exchange === null) return;
    if (this.side.isTunnel) {
      this.side.endTunnel();
      return;
    }
    this.#endpoint?.failed(failure, upstream, this.side.isAnswerBegun);
    this.#endpoint = null;
    if (!this.side.isAnswerBegun && this.#tryAgain(exchange, failure, upstream)) return;
    if (this.side.isAnswerBegun) {
      exchange.endedWhy = failure.why;
      this.#breakOff(failure.why, this.#call?.trailers(failure, exchange.id) ?? null);
      return;
    }
    this.#refuseFor(failure);
  }

  #tryAgain(exchange: Exchange, failure: Failure, upstream: UpstreamSide): boolean {
    const request = failure.isUnsent ? upstream.takeUnsent() : this.#replay;
    if (request === null) return false;
    const next = this.#route!.again(exchange, failure, upstream, this.#tried, this.#limits!.maxRetries);
    // A body that still comes waits for `onUpstreamDrain`, which a fresh connection is sure to call.
    next?.place(exchange, request, this, !failure.isUnsent || !this.#bodyEnded);
    return next !== null;
  }

  #refuseFor({ status, why, says, retryAfterSeconds }: Failure): void {
    this.#refuse('proxy', answer(status, why, says, null, null, retryAfterSeconds));
  }

  // ---- answers of our own

  #refuse(station: string, refusal: Refusal): void {
    refuse(this.#exchange!, station, refusal);
    this.#abandon();
    this.#answerRefusal(refusal);
  }

  #answerRefusal(refusal: Refusal): void {
    const exchange = this.#exchange!;
    if (refusal.kind === 'close' || this.side.isAnswerBegun) {
      const isSilent = refusal.kind === 'close';
      this.#breakOff(refusal.why, isSilent ? null : (this.#call?.trailers(refusal, exchange.id) ?? null));
      return;
    }
    if (refusal.treatment === 'tarpit') {
      const { tarpit } = this.#generation.settings.bots;
      this.#mired = this.#gateway.tarpit.hold(exchange, refusal, this.side, tarpit, () => this.#release());
      if (this.#mired !== null) return;
    }
    const own = refusalAnswer(exchange, refusal, this.#head!.isGrpc, this.#gateway.tools.clock.now());
    this.#finishOwn(exchange, own);
  }

  /** The client has part of an answer: the only honest end is to break it off (RFC 9112 8), or to say so where the protocol has trailers for that. */
  #breakOff(why: string, trailers: Headers | null): void {
    if (trailers !== null) {
      this.#endAnswer(trailers);
      return;
    }
    this.side.flushAnswer();
    this.side.abort(why);
  }

  /** A refusal that took its time is whole. */
  #release(): void {
    this.#mired = null;
    this.side.endAnswer(null);
    this.#conclude();
    this.side.finish();
  }

  #redirect(exchange: Exchange, head: RequestHead): void {
    exchange.refusal = null;
    exchange.refusedBy = '';
    exchange.endedWhy = this.#listener.tls ? 'tls/plain-http' : 'http/redirected';
    this.#finishOwn(exchange, secureRedirect(exchange, head, this.#listener, this.#gateway.tools.clock.now()));
  }

  #finishOwn(exchange: Exchange, own: OwnAnswer): void {
    exchange.status = own.status;
    exchange.responseBytes += own.body.length;
    this.side.answerOwn(own);
    this.#conclude();
    this.side.finish();
  }

  /** The exchange is over, however it ended: told once. */
  #conclude(): void {
    const exchange = this.#exchange!;
    this.#exchange = null;
    this.#head = null;
    this.#inspector = null;
    this.#held.clear();
    this.#replay = null;
    this.#heldAnswer = null;
    this.#answer.close();
    exchange.ms = performance.now() - this.#startedMs;
    this.#generation.waf.conclude(exchange);
    if (isWeighed(exchange)) this.#gateway.weigh(exchange);
    this.#gateway.spare = this.#gateway.tools.observe.tell(exchange) ?? this.#gateway.spare;
  }

  // ---- WebSocket

  #openTunnel(head: AnswerHead, upstream: UpstreamSide): void {
    const exchange = this.#exchange!;
    if (!this.#head!.isWebSocket || head.headers.get('upgrade')?.toLowerCase() !== 'websocket') {
      upstream.reject('it switched protocols without being asked to');
      return;
    }
    upstream.becomeTunnel();
    const early = this.side.openTunnel(head, `X-Request-Id: ${exchange.id}\r\n`);
    if (early !== null) this.#tunnelToUpstream(early, 0, early.length);
    // A client that ended while it waited for the tunnel will not say so again.
    if (this.side.hasEnded) upstream.endTunnel();
  }

  #tunnelToUpstream(bytes: Buffer, from: number, to: number): void {
    if (this.#upstream === null) return;
    this.#exchange!.requestBytes += to - from;
    if (!this.#upstream.write(bytes.subarray(from, to))) this.side.pauseBody();
  }
}
