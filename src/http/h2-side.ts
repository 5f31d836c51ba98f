// The client's side of an HTTP/2 connection over a socket: its deadlines, its drain, and its end. Streams are exchanges of their own.

import type { ClientSocket } from '../traffic/client-socket.ts';
import type { Connection } from '../traffic/connection.ts';
import type { Expiring, Timekeeper } from '../traffic/deadline.ts';
import type { ClientLimits, Http2Handler } from './client-handler.ts';
import { type ConnectionOwner, Http2Connection } from './h2-connection.ts';
import type { HeaderDecoder } from './h2-decoder.ts';
import { ServerStream } from './h2-server-stream.ts';
import type { Http2Tools, Stream } from './h2-stream.ts';

/** How much of one body, and of all bodies of a connection, may be on its way to an upstream that does not take it. */
const streamWindowBytes = 131_072;
const connectionWindowBytes = 1_048_576;
/** How long and how much a client may still send once the connection is over, so that our last words reach it before a reset does. */
const lingerMs = 2000;
const maxLingerBytes = 1_048_576;

/** One client connection that speaks HTTP/2. */
export class Http2Side implements ConnectionOwner, Expiring {
  due = 0;
  readonly connection: Connection;
  readonly core: Http2Connection;
  readonly limits: ClientLimits;
  readonly timekeeper: Timekeeper;
  readonly now: () => number;
  #socket!: ClientSocket;
  #handler!: Http2Handler;
  #isDraining = false;
  /** Was the client told of the end, and may have sent requests before it heard? */
  #isPongAwaited = false;
  #isClosing = false;
  #clientEnded = false;
  /** Is a frame or header block being waited for, with its deadline running? */
  #isWithin = true;
  #lingerBytes = 0;
  #closedWhy = '';

  constructor(connection: Connection, limits: ClientLimits, timekeeper: Timekeeper, tools: Http2Tools) {
    this.connection = connection;
    this.limits = limits;
    this.timekeeper = timekeeper;
    this.now = tools.now;
    this.core = new Http2Connection('server', this, { ...limits, streamWindowBytes, connectionWindowBytes }, tools);
  }

  /** Begins to read: whoever has the socket calls `read` with what comes. `handler` hears everything from here on. */
  start(socket: ClientSocket, handler: Http2Handler): void {
    this.#socket = socket;
    this.#handler = handler;
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.core.sender.drained());
    socket.on('error', () => {
      this.#closedWhy ||= 'http/client-reset';
    });
    socket.on('close', () => this.#onClosed());
    this.timekeeper.set(this, this.limits.headerTimeoutMs);
    this.connection.stage = 'idle';
    this.core.start();
    // Accepted sockets come paused.
    socket.resume();
  }

  /** The first `count` bytes of `bytes` came; they are lent for the time of the call. */
  read(bytes: Buffer, count: number): void {
    this.connection.bytesIn += count;
    if (this.#isClosing) {
      this.#lingerBytes += count;
      if (this.#lingerBytes > maxLingerBytes) this.#socket.destroy();
      return;
    }
    this.core.read(bytes, count);
    if (this.core.isWithin === this.#isWithin || this.#isClosing) return;
    this.#isWithin = !this.#isWithin;
    if (this.#isWithin) this.timekeeper.set(this, this.limits.headerTimeoutMs);
    else this.timekeeper.set(this, this.limits.idleTimeoutMs);
  }

  write(piece: string | Buffer): boolean {
    this.connection.bytesOut += piece.length;
    return typeof piece === 'string' ? this.#socket.write(piece, 'latin1') : this.#socket.write(piece);
  }

  onStream(stream: Stream, block: HeaderDecoder, wireBytes: number, isEnd: boolean): void {
    const { connection } = this;
    connection.requests++;
    connection.stage = 'answering';
    const side = new ServerStream(this, stream);
    side.begin(this.#handler.onStream(side), block, wireBytes, isEnd);
    if (connection.requests >= this.limits.maxRequestsPerConnection) this.drain(false);
  }

  onEmpty(): void {
    this.connection.stage = 'idle';
    if ((this.#isDraining && !this.#isPongAwaited) || this.#clientEnded) this.#closeGently('');
    else if (!this.#isWithin) this.timekeeper.set(this, this.limits.idleTimeoutMs);
  }

  onReady(): void {}

  /** A client that goes away is answered to the end. */
  onGoaway(): void {
    this.#isDraining = true;
    if (this.core.streams.size === 0) this.#closeGently('');
  }

  /** What was on its way when we said that we would go away has come: now nothing further is taken. */
  onPong(): void {
    this.#isPongAwaited = false;
    if (!this.#isDraining || this.#isClosing) return;
    this.core.goaway(true, '');
    if (this.core.streams.size === 0) this.#closeGently('');
  }

  onFault(why: string, says: string): void {
    this.#handler.onFault(why, says);
    this.#closeGently(why);
  }

  /** No further request; those that run, and those that are on their way, are answered (RFC 9113 6.8): on an idle connection only
   * where it is `gently` done. */
  drain(gently: boolean): void {
    if (this.#isClosing || (this.#isDraining && gently)) return;
    const isFirst = !this.#isDraining;
    this.#isDraining = true;
    if (this.core.streams.size === 0 && !gently) {
      this.core.goaway(true, '');
      this.#closeGently('');
      return;
    }
    if (!isFirst) return;
    this.#isPongAwaited = true;
    this.core.goaway(false, '');
    this.core.ping();
  }

  /** Ends the connection at once; what was not sent is lost. */
  destroy(why: string): void {
    this.#closedWhy ||= why;
    this.#socket.destroy();
  }

  expire(): void {
    if (this.#isClosing) this.#socket.destroy();
    else if (this.#isWithin) {
      const says = `a frame or header block was not whole within ${this.limits.headerTimeoutMs} ms`;
      if (this.connection.bytesIn === 0) this.#closeGently('http/no-request');
      else this.core.fail('http/header-timeout', 0, says);
    } else if (this.core.streams.size === 0) {
      this.core.goaway(true, '');
      this.#closeGently(this.connection.requests === 0 ? 'http/no-request' : 'http/idle');
    }
  }

  #closeGently(why: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#closedWhy ||= why;
    this.connection.stage = 'closing';
    this.core.sender.flush();
    this.#socket.end();
    // A close with unread bytes makes the kernel send a reset, which can overtake our last words.
    this.timekeeper.set(this, lingerMs);
    if (this.#clientEnded) this.#socket.destroySoon();
  }

  #onEnd(): void {
    this.#clientEnded = true;
    if (this.#isClosing) this.#socket.destroySoon();
    else if (this.core.streams.size === 0) this.#closeGently('');
    // A body that is cut off by the connection's end never comes whole.
    else
      for (const stream of [...this.core.streams.values()])
        if (!stream.isRemoteClosed) {
          this.core.reset(stream, 0);
          stream.listener.onReset('http/body-cut-short', false);
        }
  }

  #onClosed(): void {
    this.#isClosing = true;
    this.timekeeper.clear(this);
    this.core.lose(this.#closedWhy || 'http/client-gone');
    this.#handler.onClose(this.#closedWhy);
  }
}
