// The client's side of an HTTP/1.1 connection: reads requests from a socket, one at a time and in order, and writes answers.
// It knows bytes, order and time; what a request deserves is for the handler (the spine) to say.

import { unsentBytes, type Writes } from '../base/writes.ts';
import type { ClientSocket } from '../traffic/client-socket.ts';
import type { Connection } from '../traffic/connection.ts';
import type { Expiring, Timekeeper } from '../traffic/deadline.ts';
import { Fault } from '../traffic/fault.ts';
import type { Headers } from '../traffic/headers.ts';
import type { BodyPace } from '../traffic/sides.ts';
import type { BodyReader, BodySink, RequestHead } from '../traffic/wire.ts';
import { openBody } from './body.ts';
import type { ClientHandler, ClientLimits } from './client-handler.ts';
import type { SeenFields } from './fields.ts';
import { readRequestHead } from './request.ts';

type State = 'idle' | 'head' | 'body' | 'waiting' | 'tunnel' | 'lingering' | 'closed';

/** Bytes of further requests that are kept while one is being answered; then the socket is paused. */
const maxPipelinedBytes = 65_536;
/** How long and how much a refused client may still send, so that our answer reaches it before a reset does. */
const lingerMs = 2000;
const maxLingerBytes = 1_048_576;
/** Silence after which the kernel asks whether the client of a tunnel is still there. */
const tunnelKeepAliveMs = 60_000;

const continueText = 'HTTP/1.1 100 Continue\r\n\r\n';

/** One client connection over a socket that is connected (and secured, where it is to be). */
export class ClientSide implements BodySink, Expiring {
  due = 0;
  /** Set once, by `start`. */
  socket!: ClientSocket;
  /** Is the end of the connection the end of the answer that is being written? Then a broken end is a reset. */
  isAnswerUntilClose = false;
  readonly connection: Connection;
  #limits: ClientLimits;
  /** Scratch space that all connections share: a head is read within one call. */
  #seen: SeenFields;
  #timekeeper: Timekeeper;
  #handler: ClientHandler | null = null;
  #state: State = 'idle';
  #body: BodyReader | null = null;
  #pending: Buffer | null = null;
  /** Length of `#pending` when it was last tried as a head: tried again when doubled or when a blank line came. */
  #triedBytes = 0;
  #isConsuming = false;
  #isAnswered = false;
  #isBodyPaused = false;
  #isDraining = false;
  /** Was the one empty line that may stand before a request already read? */
  #sawEmptyLine = false;
  /** Did a write ask to wait? */
  #isBlocked = false;
  /** Does the next request wait until the client has taken the answer to the last one? */
  #isHeldBack = false;
  #mayKeepAlive = true;
  #pace: BodyPace;
  #bodyStartedMs = 0;
  #bodyBytes = 0;
  #lingerBytes = 0;
  /** Bytes of the answer that were not sent when a lingering connection was last looked at. */
  #unsentBytes = Number.POSITIVE_INFINITY;
  #clientEnded = false;
  #closedWhy = '';
  #now: () => number;
  /** Shared with all connections, as `seen` is. */
  readonly #writes: Writes;

  constructor(
    connection: Connection,
    limits: ClientLimits,
    timekeeper: Timekeeper,
    now: () => number,
    seen: SeenFields,
    writes: Writes,
  ) {
    this.#writes = writes;
    this.connection = connection;
    this.#seen = seen;
    this.#limits = limits;
    this.#pace = limits;
    this.#timekeeper = timekeeper;
    this.#now = now;
  }

  /** Begins to read: whoever has the socket calls `read` with what comes. `handler` hears everything from here on. */
  start(socket: ClientSocket, handler: ClientHandler): void {
    this.socket = socket;
    this.#handler = handler;
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#onDrain());
    socket.on('error', () => {
      this.#closedWhy ||= 'http/client-reset';
    });
    socket.on('close', () => this.#onSocketClosed());
    this.#timekeeper.set(this, this.#limits.headerTimeoutMs);
    this.connection.stage = 'idle';
    // Accepted sockets come paused.
    socket.resume();
  }

  get isTunnel(): boolean {
    return this.#state === 'tunnel';
  }

  /** Is there no request on it? */
  get isIdle(): boolean {
    return this.#state === 'idle';
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Does the client take no more bytes before it has read some? */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** Has the client said that it will send nothing more? */
  get hasEnded(): boolean {
    return this.#clientEnded;
  }

  /** Is more of the request's body to come? */
  get isReadingBody(): boolean {
    return this.#state === 'body';
  }

  /** May another request follow the one being answered? */
  get mayKeepAlive(): boolean {
    // A client that has ended still gets what it asked for before (RFC 9112 9.6).
    return (
      this.#mayKeepAlive && !this.#isDraining && (!this.#clientEnded || this.#pending !== null || this.#isConsuming)
    );
  }

  /** Writes a piece of the answer; false asks to wait for `onDrain`. */
  write(piece: string | Buffer): boolean {
    if (this.#state === 'closed' || this.#state === 'lingering') return true;
    this.connection.bytesOut += piece.length;
    return this.#flows(typeof piece === 'string' ? this.#writes.text(this.socket, piece) : this.socket.write(piece));
  }

  #flows(flowing: boolean): boolean {
    // A reader that stops reading for as long as an idle connection may last is gone or means harm.
    if (!flowing && this.#state !== 'tunnel') {
      this.#isBlocked = true;
      this.#timekeeper.set(this, this.#limits.idleTimeoutMs);
    }
    return flowing;
  }

  /** Writes a copy of lent bytes, as `write` does. */
  writeLent(bytes: Buffer, from: number, to: number): boolean {
    if (this.#state === 'closed' || this.#state === 'lingering') return true;
    this.connection.bytesOut += to - from;
    return this.#flows(this.#writes.lent(this.socket, bytes, from, to));
  }

  /** Several pieces as one write to the kernel. */
  cork(): void {
    this.socket.cork();
  }

  uncork(): void {
    this.socket.uncork();
  }

  /** Tells the client to send the body it announced (RFC 9110 10.1.1). */
  sendContinue(): void {
    if (this.#state === 'body') this.write(continueText);
  }

  /** Reads nothing more of the body (or of the tunnel) until `resumeBody`. */
  pauseBody(): void {
    if (this.#isBodyPaused || (this.#state !== 'body' && this.#state !== 'tunnel')) return;
    this.#isBodyPaused = true;
    this.socket.pause();
    this.#timekeeper.clear(this);
  }

  resumeBody(): void {
    if (!this.#isBodyPaused) return;
    this.#isBodyPaused = false;
    if (this.#state === 'body') {
      this.#bodyStartedMs = this.#now();
      this.#bodyBytes = 0;
      this.#watchBody();
    }
    this.socket.resume();
  }

  /** The answer is written whole. Reads on, or closes where nothing may follow. */
  finish(keepAlive: boolean): void {
    if (this.#state === 'closed' || this.#state === 'lingering') return;
    this.#isAnswered = true;
    if (!keepAlive || !this.mayKeepAlive) this.closeGently('');
    else if (this.#state === 'body') this.closeGently('http/answered-early');
    // Because whoever pipelines and reads nothing would have us keep the answers to all that it asks for.
    else if (this.#isBlocked) this.#isHeldBack = true;
    else this.#next();
  }

  /** Ends the connection so that what was written arrives, then stops listening to the client. */
  closeGently(why: string): void {
    if (this.#state === 'closed' || this.#state === 'lingering') return;
    const unread = this.#state === 'body' || this.#state === 'head' || this.#pending !== null;
    this.#closedWhy ||= why;
    this.#state = 'lingering';
    this.connection.stage = 'closing';
    this.#pending = null;
    this.#body = null;
    this.socket.end();
    // A close with unread bytes makes the kernel send a reset, which can overtake the answer (RFC 9112 9.6).
    this.#timekeeper.set(this, lingerMs);
    if (this.socket.isPaused()) this.socket.resume();
    if (!unread && this.#clientEnded) this.socket.destroySoon();
  }

  /** Ends the connection at once; what was not sent is lost. */
  destroy(why: string): void {
    if (this.#state === 'closed') return;
    this.#closedWhy ||= why;
    if (this.isAnswerUntilClose) this.#reset();
    else this.socket.destroy();
  }

  /** Under TLS, too, the reset must be that of the TCP socket: many clients take an end without a word for a whole answer. */
  #reset(): void {
    const { _parent: plain } = this.socket as ClientSocket & { readonly _parent?: ClientSocket | null };
    // Node neither resets nor closes a socket whose end is being sent: its descriptor would be lost.
    if (!this.socket.writableEnded) (plain ?? this.socket).resetAndDestroy();
    this.socket.destroy();
  }

  /** The connection speaks something else: whoever takes it over has the socket from now on. */
  handOver(): void {
    this.#handler = null;
    this.#state = 'closed';
    this.#timekeeper.clear(this);
  }

  /** No further request after the one in hand; an idle connection closes at once, or `gently` after one more: that one may be on its way
   * already, and a client cannot tell whether a request was lost or done (RFC 9112 9.5). */
  drain(gently: boolean): void {
    this.#isDraining = true;
    if (this.#state === 'idle' && !gently) this.closeGently('');
  }

  /** From here on every byte is handed to `onBody` as it comes and nothing is timed. Returns bytes that came behind the head. */
  becomeTunnel(): Buffer | null {
    this.#state = 'tunnel';
    this.connection.stage = 'tunnel';
    this.#timekeeper.clear(this);
    // Because nothing is timed here, the kernel must find out that a client is gone without a word.
    this.socket.setKeepAlive(true, tunnelKeepAliveMs);
    const early = this.#pending;
    this.#pending = null;
    if (this.socket.isPaused()) this.socket.resume();
    return early;
  }

  /** BodySink: a piece of the request's body. */
  data(bytes: Buffer, from: number, to: number): void {
    this.#bodyBytes += to - from;
    this.#handler!.onBody(bytes, from, to);
  }

  /** BodySink: the body is whole. The state moves first: the handler may finish the answer within the call. */
  end(trailers: Headers | null): void {
    if (this.#state !== 'body') return;
    this.#state = 'waiting';
    this.#body = null;
    this.connection.stage = 'waiting';
    this.#handler!.onBodyEnd(trailers);
  }

  expire(): void {
    switch (this.#state) {
      case 'idle':
        // Silence before the first byte of a request is an idle connection, not a fault (RFC 9112 9.5).
        this.closeGently(this.connection.requests === 0 ? 'http/no-request' : 'http/idle');
        break;
      case 'head':
        this.#fault(
          new Fault(
            408,
            'http/header-timeout',
            `the request head was not whole within ${this.#limits.headerTimeoutMs} ms`,
          ),
        );
        break;
      case 'body':
        this.#expireBody();
        break;
      case 'waiting':
        // Moving a deadline is cheap, taking it off and putting it on again is not: one that was left over is moved here.
        if (this.#isBlocked) this.destroy('http/slow-reader');
        else this.#timekeeper.set(this, this.#limits.idleTimeoutMs);
        break;
      case 'lingering':
        this.#expireLingering();
        break;
      default:
        this.socket.destroy();
    }
  }

  /** What was written has as long as any slow reader has; only for what the client still sends nobody waits. */
  #expireLingering(): void {
    const unsent = unsentBytes(this.socket);
    if (unsent === 0) this.socket.destroy();
    else if (unsent >= this.#unsentBytes) this.destroy('http/slow-reader');
    else {
      this.#unsentBytes = unsent;
      this.#timekeeper.set(this, this.#limits.idleTimeoutMs);
    }
  }

  /** The first `count` bytes of `bytes` came; they are lent for the time of the call. */
  read(bytes: Buffer, count: number): void {
    this.connection.bytesIn += count;
    if (this.#state === 'tunnel') {
      this.#handler!.onBody(bytes, 0, count);
      return;
    }
    if (this.#state === 'lingering') {
      this.#lingerBytes += count;
      if (this.#lingerBytes > maxLingerBytes) this.socket.destroy();
      return;
    }
    if (this.#pending !== null) {
      const whole = Buffer.concat([this.#pending, bytes.subarray(0, count)]);
      if (
        this.#state !== 'waiting' &&
        whole.length < this.#triedBytes * 2 &&
        !whole.includes('\r\n\r\n', this.#pending.length - 3)
      ) {
        this.#pending = whole;
        return;
      }
      this.#pending = null;
      this.#consume(whole, whole.length);
    } else this.#consume(bytes, count);
  }

  #consume(bytes: Buffer, to: number): void {
    this.#isConsuming = true;
    let at = 0;
    while (at < to) {
      if (this.#state === 'idle' || this.#state === 'head') {
        const next = this.#readHead(bytes, at, to);
        if (next < 0) break;
        at = next;
      } else if (this.#state === 'body') {
        const next = this.#body!.read(bytes, at, to, this);
        if (typeof next !== 'number') {
          // A piece of the same read may have had the request refused already: then nobody waits for this word.
          if (this.#state === 'body') this.#fault(next);
          break;
        }
        at = next;
      } else {
        if (this.#state === 'waiting' || this.#state === 'tunnel') this.#keep(bytes, at, to);
        break;
      }
    }
    this.#isConsuming = false;
  }

  /** Reads one head at `from`; -1 where nothing more can be done now. */
  #readHead(bytes: Buffer, from: number, to: number): number {
    // One empty line before a request is what some clients leave behind a body (RFC 9112 2.2); more is noise.
    if (bytes[from] === 13 && !this.#sawEmptyLine) {
      if (to - from === 1) return this.#awaitHead(bytes, from, to);
      if (bytes[from + 1] === 10) {
        this.#sawEmptyLine = true;
        from += 2;
        if (from === to) return to;
      }
    }
    const head = readRequestHead(bytes, from, to, this.#limits, this.#seen);
    if (head === null) return this.#awaitHead(bytes, from, to);
    if (head instanceof Fault) {
      this.#fault(head);
      return -1;
    }
    this.#begin(head);
    return from + head.bytes;
  }

  #awaitHead(bytes: Buffer, from: number, to: number): number {
    this.#pending = Buffer.from(bytes.subarray(from, to));
    this.#triedBytes = to - from;
    if (this.#state === 'idle') {
      this.#state = 'head';
      this.connection.stage = 'reading';
      this.#timekeeper.set(this, this.#limits.headerTimeoutMs);
    }
    return -1;
  }

  #begin(head: RequestHead): void {
    const { connection } = this;
    connection.requests++;
    this.#isAnswered = false;
    this.#sawEmptyLine = false;
    this.#mayKeepAlive = head.keepAlive && connection.requests < this.#limits.maxRequestsPerConnection;
    this.#body = openBody(head.framing, head.contentLength);
    if (this.#body === null) {
      this.#state = 'waiting';
      connection.stage = 'waiting';
    } else {
      this.#state = 'body';
      connection.stage = 'reading';
      this.#bodyStartedMs = this.#now();
      this.#bodyBytes = 0;
      this.#pace = this.#limits;
      this.#watchBody();
    }
    this.#handler!.onRequest(head);
  }

  /** The body in hand is held to this pace. */
  paceBody(pace: BodyPace): void {
    const { minBodyGraceMs } = this.#pace;
    this.#pace = pace;
    if (pace.minBodyGraceMs !== minBodyGraceMs && this.#state === 'body') this.#watchBody();
  }

  #watchBody(): void {
    this.#timekeeper.set(this, this.#pace.minBodyGraceMs);
  }

  /** The body's rate is judged over each grace period: what came must be at least the minimum rate. */
  #expireBody(): void {
    const elapsedMs = this.#now() - this.#bodyStartedMs;
    const { minBodyBytesPerSecond } = this.#pace;
    if (this.#bodyBytes * 1000 < minBodyBytesPerSecond * elapsedMs) {
      const says = `the body came slower than ${minBodyBytesPerSecond} bytes a second`;
      this.#fault(new Fault(408, 'http/body-too-slow', says));
      return;
    }
    this.#bodyStartedMs = this.#now();
    this.#bodyBytes = 0;
    this.#watchBody();
  }

  /** Bytes behind the request in hand: a pipelined request, or the first bytes of a tunnel. */
  #keep(bytes: Buffer, from: number, to: number): void {
    const rest = bytes.subarray(from, to);
    this.#pending = this.#pending === null ? Buffer.from(rest) : Buffer.concat([this.#pending, rest]);
    if (this.#pending.length >= maxPipelinedBytes && this.#state === 'waiting') this.socket.pause();
  }

  #next(): void {
    this.#state = 'idle';
    this.#triedBytes = 0;
    this.connection.stage = 'idle';
    // A body that ended while the upstream took no more left the reading paused, and nobody else would wake it.
    if (this.#isBodyPaused) this.resumeBody();
    this.#timekeeper.set(this, this.#limits.idleTimeoutMs);
    const pending = this.#pending;
    if (pending === null) return;
    this.#pending = null;
    if (this.socket.isPaused()) this.socket.resume();
    // Within `#consume` its loop goes on by itself; what it kept is then what it still holds.
    if (this.#isConsuming) {
      this.#pending = pending;
      return;
    }
    this.#consume(pending, pending.length);
    if (this.#clientEnded) this.#onEnd();
  }

  #fault(fault: Fault): void {
    this.#mayKeepAlive = false;
    this.#body = null;
    if (this.#state === 'body') this.#state = 'waiting';
    this.#handler!.onFault(fault);
    this.closeGently(fault.why);
  }

  #onDrain(): void {
    this.#isBlocked = false;
    this.#handler?.onDrain();
    if (!this.#isHeldBack || this.#state !== 'waiting') return;
    this.#isHeldBack = false;
    if (this.mayKeepAlive) this.#next();
    else this.closeGently('');
  }

  /** The client will send nothing more. What it asked for it still gets (RFC 9112 9.6). */
  #onEnd(): void {
    this.#clientEnded = true;
    switch (this.#state) {
      case 'idle':
        this.closeGently('');
        break;
      case 'head':
        this.closeGently('http/head-cut-short');
        break;
      case 'body':
        this.#fault(
          new Fault(400, 'http/body-cut-short', 'the client ended the connection within the body it announced'),
        );
        break;
      case 'lingering':
        this.socket.destroySoon();
        break;
      case 'tunnel':
        this.#handler!.onBodyEnd(null);
        break;
      case 'waiting':
        if (!this.#isAnswered) this.#handler!.onClientEnd();
        break;
      default:
        break;
    }
  }

  #onSocketClosed(): void {
    const wasWaiting = (this.#state === 'waiting' || this.#state === 'body') && !this.#isAnswered;
    this.#state = 'closed';
    this.#timekeeper.clear(this);
    this.#pending = null;
    this.#handler?.onClose(this.#closedWhy || (wasWaiting ? 'http/client-gone' : ''));
  }
}
