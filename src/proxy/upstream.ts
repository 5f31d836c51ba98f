// One connection to an upstream: sends one request at a time and reads its answer. It is reused only after an exchange that
// both sides finished to the last byte; a byte too many, or one that nobody asked for, ends it.

import type { Socket } from 'node:net';
import { unsentBytes, type Writes } from '../base/writes.ts';
import { endpoint as endpointText } from '../traffic/connection.ts';
import type { Expiring, Timekeeper } from '../traffic/deadline.ts';
import { Fault } from '../traffic/fault.ts';
import type { Headers } from '../traffic/headers.ts';
import type { OutgoingRequest } from '../traffic/outgoing.ts';
import type { UpstreamSide } from '../traffic/sides.ts';
import type { AnswerCodec, AnswerHead, BodyReader, BodySink } from '../traffic/wire.ts';
import type { Announced } from './announcing.ts';
import { writePiece } from './body-piece.ts';
import { type DialHandler, Dialling, type UpstreamOptions } from './dial.ts';
import { connectFailure, Failure, isOfTls, secureFailure, unaskedFailure } from './failure.ts';
import { lastChunk, requestText } from './hop-headers.ts';
import { labelOf } from './target.ts';
import { currentTurn } from './turn.ts';

/** Who hears of the answer. `onAnswerBody` lends its bytes for the time of the call; false asks to pause. */
export interface AnswerReceiver {
  onConnected(upstream: UpstreamSide): void;
  onInterim(head: AnswerHead): void;
  onAnswerHead(head: AnswerHead, upstream: UpstreamSide): void;
  onAnswerBody(bytes: Buffer, from: number, to: number): boolean;
  onAnswerEnd(trailers: Headers | null): void;
  /** What one read brought has been handed over: a good moment to send on what was gathered. */
  onReadEnd(): void;
  /** The upstream takes bytes again. */
  onUpstreamDrain(): void;
  /** Called at most once, and then nothing else. */
  onFailure(failure: Failure, upstream: UpstreamSide): void;
}

/** What a pool hears of its connections. */
export interface UpstreamOwner {
  released(upstream: Upstream): void;
  /** One that was on its way stands. */
  dialled(upstream: Upstream): void;
  /** An exchange on one of them failed. */
  failed(): void;
  /** `isOurs`: we ended it first, so that its port stays in TIME_WAIT on our side. */
  closed(upstream: Upstream, isOurs: boolean): void;
}

/** What all connections of a proxy share. One read buffer serves them all: it is consumed within the call that fills it. */
export interface UpstreamTools {
  readonly codec: AnswerCodec;
  readonly timekeeper: Timekeeper;
  readonly readBuffer: Buffer;
  readonly writes: Writes;
}

type State = 'connecting' | 'idle' | 'waiting' | 'answering' | 'tunnel' | 'closed';

/** More interim answers than a real server sends before the final one. */
const maxInterims = 8;

/** One connection to one endpoint: idle in its pool, or carrying one request for one receiver. */
export class Upstream implements UpstreamSide, BodySink, DialHandler, Expiring {
  due = 0;
  /** Does it stand in the pool's idle list? Kept by the pool. */
  isPooled = false;
  /** Is it on its way without a request? Kept by the pool. */
  isSpare = false;
  uses = 0;
  /** Whose connection it is where it began with a PROXY header; null where it may carry anybody's requests. */
  readonly client: Announced | null;
  readonly endpoint: string;
  /** Set when the connection stands. */
  socket!: Socket;
  readonly #dialling: Dialling;
  #options: UpstreamOptions;
  #tools: UpstreamTools;
  #owner: UpstreamOwner;
  #state: State = 'connecting';
  #receiver: AnswerReceiver | null = null;
  #method = 'GET';
  #answerTimeoutMs = 0;
  #isChunked = false;
  #pending: Buffer | null = null;
  #body: BodyReader | null = null;
  #mayReuse = true;
  #isSent = false;
  #interims = 0;
  #sawBytes = false;
  #isEnded = false;
  #trailers: Headers | null = null;
  #isPaused = false;
  #isCorked = false;
  /** Did the far side end first? Then it is its port that waits. */
  #isEndedByPeer = false;
  /** What is to be sent once the connection stands, and the pieces of its body that came meanwhile. */
  #unsent: OutgoingRequest | null = null;
  #queued: Buffer[] = [];
  #sentTurn = -1;
  #from = '';
  #to = '';

  constructor(options: UpstreamOptions, tools: UpstreamTools, owner: UpstreamOwner, client: Announced | null) {
    this.#options = options;
    this.#tools = tools;
    this.#owner = owner;
    this.client = client;
    this.endpoint = labelOf(options.target, options.addresses);
    tools.timekeeper.set(this, options.connectTimeoutMs);
    const read = { buffer: tools.readBuffer, callback: (bytes: number) => this.#onRead(bytes) };
    this.#dialling = new Dialling(options, read, this, client);
  }

  get from(): string {
    return this.#from;
  }

  get to(): string {
    return this.#to;
  }

  get isConnecting(): boolean {
    return this.#state === 'connecting';
  }

  get isReused(): boolean {
    return this.uses > 1;
  }

  get hasAnswered(): boolean {
    return this.#sawBytes;
  }

  /** Sends what is at hand of a request, its head at least. Body bytes may follow with `write`, then `endRequest`. */
  send(request: OutgoingRequest, receiver: AnswerReceiver): void {
    this.uses++;
    this.#receiver = receiver;
    this.#method = request.method;
    this.#answerTimeoutMs = request.patience.answerTimeoutMs;
    this.#isChunked = request.framing === 'chunked';
    this.#isSent = request.isWhole;
    this.#interims = 0;
    this.#sawBytes = false;
    this.#isEnded = false;
    if (this.#state === 'connecting') {
      this.#unsent = request;
      const { connectTimeoutMs } = request.patience;
      if (connectTimeoutMs !== null) this.#tools.timekeeper.set(this, connectTimeoutMs);
      return;
    }
    this.#state = 'waiting';
    this.#sentTurn = currentTurn();
    this.#write(requestText(request));
    this.#watch();
  }

  write(piece: Buffer): boolean {
    if (this.#state === 'closed') return true;
    // The bytes are lent, and the socket may keep them for longer than this call.
    if (this.#state === 'connecting') {
      this.#queued.push(Buffer.from(piece));
      return false;
    }
    // An upstream that is still being sent to is not late with its answer.
    if (this.#state === 'waiting') this.#watch();
    const isChunked = this.#isChunked && this.#state !== 'tunnel';
    if (isChunked || !this.#tools.writes.pays(piece.length)) this.#cork();
    return writePiece(this.socket, this.#tools.writes, piece, isChunked);
  }

  /** A body may come in chunks of one byte: all that one read brought goes out in one write. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.socket.cork();
    process.nextTick(uncork, this);
  }

  /** Lets out what `write` gathered. */
  uncork(): void {
    this.#isCorked = false;
    this.socket.uncork();
  }

  endRequest(trailers: Headers | null): void {
    this.#isSent = true;
    if (this.#unsent !== null) {
      this.#unsent.isWhole = true;
      this.#unsent.trailers = trailers;
    } else if (this.#state !== 'closed' && this.#isChunked) {
      this.#cork();
      this.#write(lastChunk(trailers));
    }
    if (this.#state === 'waiting') this.#watch();
  }

  takeUnsent(): OutgoingRequest {
    const request = this.#unsent!;
    request.append(this.#queued);
    this.#queued = [];
    this.#unsent = null;
    return request;
  }

  pause(): void {
    if (this.#state === 'closed') return;
    this.#isPaused = true;
    this.socket.pause();
    this.#tools.timekeeper.clear(this);
  }

  resume(): void {
    if (!this.#isPaused || this.#state === 'closed') return;
    this.#isPaused = false;
    if (this.#state !== 'tunnel') this.#watch();
    this.socket.resume();
  }

  /** The connection goes with it. */
  abort(): void {
    this.#receiver = null;
    this.#close();
  }

  reject(says: string): void {
    this.#fail(new Failure(502, 'proxy/bad-answer', `${this.endpoint}: ${says}`, false));
  }

  /** Ends an idle connection. */
  retire(): void {
    if (this.#state === 'idle') this.#close();
  }

  becomeTunnel(): void {
    this.#state = 'tunnel';
    this.#tools.timekeeper.clear(this);
  }

  endTunnel(): void {
    this.socket.end();
  }

  data(bytes: Buffer, from: number, to: number): void {
    if (this.#receiver?.onAnswerBody(bytes, from, to) === false) this.pause();
  }

  /** BodySink: the answer's last byte was read. Finished by `#consume`, which knows whether bytes too many stand behind it. */
  end(trailers: Headers | null): void {
    this.#isEnded = true;
    this.#trailers = trailers;
  }

  expire(): void {
    switch (this.#state) {
      case 'connecting':
        this.#fail(connectFailure('ETIMEDOUT', this.endpoint));
        break;
      case 'waiting':
        // It was sent all that came, and the rest is late: that is the client's affair, whose pace is watched where it is read.
        if (!this.#isSent && unsentBytes(this.socket) === 0) {
          this.#watch();
          break;
        }
        this.#late('proxy/answer-timeout', 'did not answer within');
        break;
      case 'answering':
        this.#late('proxy/cut-short', 'paused its answer for');
        break;
      default:
        this.#close();
    }
  }

  /** The upstream has until then to go on. */
  #watch(): void {
    this.#tools.timekeeper.set(this, this.#answerTimeoutMs);
  }

  #late(why: string, what: string): void {
    this.#fail(new Failure(504, why, `${this.endpoint} ${what} ${this.#answerTimeoutMs} ms`, false));
  }

  #write(piece: string | Buffer): boolean {
    return typeof piece === 'string' ? this.#tools.writes.text(this.socket, piece) : this.socket.write(piece);
  }

  onDialled(socket: Socket): void {
    this.socket = socket;
    this.#owner.dialled(this);
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#receiver?.onUpstreamDrain());
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error.code ?? error.message));
    socket.on('close', () => this.#onClosed());
    const { target } = this.#options;
    const isUnix = target.socketPath !== '';
    this.#from = isUnix ? 'unix' : endpointText(socket.localAddress ?? '', socket.localPort ?? 0);
    this.#to = isUnix ? target.url : endpointText(socket.remoteAddress ?? '', socket.remotePort ?? 0);
    if (this.#receiver === null) {
      this.#becomeIdle();
      return;
    }
    this.#state = 'waiting';
    const request = this.takeUnsent();
    this.#watch();
    this.#receiver.onConnected(this);
    if (this.#write(requestText(request))) this.#receiver?.onUpstreamDrain();
  }

  onDialFailed(failure: Failure): void {
    if (this.#state === 'connecting') this.#fail(failure);
  }

  /** Gives up the request that waits for this connection, with its receiver, to a connection that stands; null where none waits.
   * The connection goes on, and will be idle when it stands. */
  yieldRequest(): { readonly request: OutgoingRequest; readonly receiver: AnswerReceiver } | null {
    if (this.#state !== 'connecting' || this.#receiver === null) return null;
    const receiver = this.#receiver;
    this.#receiver = null;
    return { request: this.takeUnsent(), receiver };
  }

  /** Sends a request that another connection gave up. */
  takeOver(request: OutgoingRequest, receiver: AnswerReceiver): void {
    this.send(request, receiver);
    receiver.onConnected(this);
    receiver.onUpstreamDrain();
  }

  #becomeIdle(): void {
    this.#state = 'idle';
    this.#tools.timekeeper.set(this, this.#options.idleMs);
    this.#owner.released(this);
  }

  /** `onread` callback: bytes stand in the shared buffer until it returns. False would stop the reading, as `pause` does. */
  #onRead(count: number): boolean {
    // Because an answer takes a turn of the loop at least: these bytes were there before the request, and are another's answer or none.
    if (!this.#sawBytes && this.#state === 'waiting' && this.isReused && this.#sentTurn === currentTurn()) {
      this.#fail(unaskedFailure(this.endpoint));
      return false;
    }
    this.#sawBytes = true;
    let bytes = this.#tools.readBuffer;
    let to = count;
    if (this.#pending !== null) {
      bytes = Buffer.concat([this.#pending, bytes.subarray(0, count)]);
      to = bytes.length;
      this.#pending = null;
    }
    try {
      this.#consume(bytes, to);
    } catch (error) {
      // A failure of our own ends this exchange, and the connection with it; nobody else's.
      const says = `${this.endpoint}: its answer could not be passed on (${error instanceof Error ? error.message : error})`;
      this.#fail(new Failure(502, 'proxy/internal-error', says, false));
      return false;
    }
    if (this.#state === 'answering' && !this.#isPaused) this.#watch();
    this.#receiver?.onReadEnd();
    return !this.#isPaused;
  }

  #consume(bytes: Buffer, to: number): void {
    let at = 0;
    while (at < to) {
      if (this.#state === 'waiting') {
        const next = this.#readHead(bytes, at, to);
        if (next < 0) return;
        at = next;
      } else if (this.#state === 'answering') {
        const next = this.#body!.read(bytes, at, to, this);
        if (typeof next !== 'number') {
          this.#fail(new Failure(502, 'proxy/cut-short', `${this.endpoint} sent a broken body: ${next.says}`, false));
          return;
        }
        at = next;
      } else if (this.#state === 'tunnel') {
        this.data(bytes, at, to);
        return;
      } else {
        // Nobody asked for these bytes: whatever they are, they must not answer the next request.
        this.#close();
        return;
      }
      if (this.#isEnded) {
        // What stands behind a whole answer would be taken for the next one.
        if (at < to) this.#mayReuse = false;
        this.#finish();
        return;
      }
    }
  }

  #readHead(bytes: Buffer, from: number, to: number): number {
    const head = this.#tools.codec.readAnswerHead(bytes, from, to, this.#method);
    if (head === null) {
      this.#pending = Buffer.from(bytes.subarray(from, to));
      return -1;
    }
    if (head instanceof Fault) {
      this.reject(head.says);
      return -1;
    }
    if (head.status < 200 && head.status !== 101) return this.#takeInterim(head, from);
    if (!head.keepAlive || head.framing === 'until-close') this.#mayReuse = false;
    this.#state = 'answering';
    this.#body = this.#tools.codec.openAnswerBody(head);
    if (this.#body === null && head.status !== 101) this.#isEnded = true;
    this.#trailers = null;
    this.#receiver!.onAnswerHead(head, this);
    return from + head.bytes;
  }

  #takeInterim(head: AnswerHead, from: number): number {
    if (++this.#interims > maxInterims) {
      this.#fail(
        new Failure(
          502,
          'proxy/interim-storm',
          `${this.endpoint} sent more than ${maxInterims} interim answers`,
          false,
        ),
      );
      return -1;
    }
    this.#receiver!.onInterim(head);
    return from + head.bytes;
  }

  /** The connection is given back before the receiver hears of the end: it may want one at once. */
  #finish(): void {
    const receiver = this.#receiver;
    if (this.#state === 'closed') return;
    const trailers = this.#trailers;
    this.#receiver = null;
    this.#body = null;
    // One that answers before it took the whole request may never take the rest.
    if (!this.#mayReuse || !this.#isSent || unsentBytes(this.socket) > 0) this.#close();
    else {
      if (this.#isPaused) this.socket.resume();
      this.#isPaused = false;
      this.#becomeIdle();
    }
    receiver?.onAnswerEnd(trailers);
  }

  #onEnd(): void {
    this.#isEndedByPeer = true;
    switch (this.#state) {
      case 'waiting':
        this.#fail(new Failure(502, 'proxy/reset', `${this.endpoint} closed the connection before it answered`, false));
        break;
      case 'answering':
        this.#mayReuse = false;
        if (this.#body?.endsWithConnection) this.#finish();
        else
          this.#fail(
            new Failure(502, 'proxy/cut-short', `${this.endpoint} closed the connection within its answer`, false),
          );
        break;
      case 'tunnel': {
        // The end in peace is told once: what the socket says after it is no failure.
        const receiver = this.#receiver;
        this.#receiver = null;
        receiver?.onAnswerEnd(null);
        break;
      }
      default:
        this.#close();
    }
  }

  #onError(code: string): void {
    this.#isEndedByPeer = true;
    if (this.#state === 'waiting' && isOfTls(code)) this.#fail(secureFailure(code, '', this.endpoint, false));
    else if (this.#state === 'waiting' || this.#state === 'answering' || this.#state === 'tunnel') {
      const why = this.#state === 'waiting' ? 'proxy/reset' : 'proxy/cut-short';
      this.#fail(new Failure(502, why, `${this.endpoint} reset the connection (${code})`, false));
    } else this.#close();
  }

  #fail(failure: Failure): void {
    const receiver = this.#receiver;
    this.#receiver = null;
    this.#close();
    this.#owner.failed();
    receiver?.onFailure(failure, this);
  }

  #close(): void {
    if (this.#state === 'closed') return;
    const isOurs = this.#state !== 'connecting' && !this.#isEndedByPeer;
    if (this.#state === 'connecting') this.#dialling.abort();
    else this.socket.destroy();
    this.#state = 'closed';
    this.#pending = null;
    this.#tools.timekeeper.clear(this);
    this.#owner.closed(this, isOurs);
  }

  #onClosed(): void {
    if (this.#state === 'closed') return;
    if (this.#receiver !== null)
      this.#fail(new Failure(502, 'proxy/reset', `${this.endpoint} closed the connection`, false));
    else this.#close();
  }
}

function uncork(upstream: Upstream): void {
  upstream.uncork();
}
