// What goes on one HTTP/2 connection: gathered text, data as far as windows and the socket allow, and what waits for either.

import { latin1 } from '../base/bytes.ts';
import type { AbuseCounter } from './h2-abuse.ts';
import { HeaderEncoder } from './h2-encoder.ts';
import * as h2 from './h2-frames.ts';
import type { Flushing, Http2Tools, Stream } from './h2-stream.ts';

/** Who has the socket. */
export interface Writable {
  /** False asks to wait until `drained` is called. */
  write(piece: string | Buffer): boolean;
}

/** The connection that it sends for. */
export interface SenderOwner {
  readonly isGone: boolean;
  /** The last of a stream was sent. */
  sent(stream: Stream): void;
  /** More waits for a peer that does not read than may. */
  failUnread(): void;
}

/** What is gathered is sent at once when it is longer than this. */
const maxGatheredBytes = 32_768;
/** What may wait for a peer that does not read, beside the data of streams. */
const maxUnsentBytes = 1_048_576;
/** Shorter pieces are cheaper as text. */
const maxTextBytes = 4096;

/** The sending half of one connection. */
export class Http2Sender implements Flushing {
  readonly encoder: HeaderEncoder;
  /** The peer's window for a stream that is opened. */
  streamWindow: number = h2.initialWindow;
  readonly #owner: SenderOwner;
  readonly #socket: Writable;
  readonly #tools: Http2Tools;
  readonly #abuse: AbuseCounter;
  /** Streams with something queued, or that wait for the socket; each is one of the connection's. */
  readonly #waiting: Set<Stream> = new Set();
  #window: number = h2.initialWindow;
  #out = '';
  #isDue = false;
  #isBlocked = false;
  #unsentBytes = 0;

  constructor(owner: SenderOwner, socket: Writable, tools: Http2Tools, abuse: AbuseCounter) {
    this.#owner = owner;
    this.#socket = socket;
    this.#tools = tools;
    this.#abuse = abuse;
    this.encoder = new HeaderEncoder(tools.names);
  }

  /** The peer takes so many bytes more on the connection; false where its window is larger than any. */
  widen(bytes: number): boolean {
    this.#window += bytes;
    return this.#window <= h2.maxWindow;
  }

  /** The stream has nothing more to send. */
  leave(stream: Stream): void {
    this.#waiting.delete(stream);
    stream.queue.length = 0;
    stream.queuedBytes = 0;
  }

  /** Nothing waits any more. */
  clear(): void {
    this.#waiting.clear();
  }

  /** Sends a header block that `encoder` made just now. */
  sendBlock(stream: Stream, block: string, isEnd: boolean): void {
    this.put(h2.headersFrames(stream.id, block, isEnd, h2.maxFrameBytes));
    if (isEnd) this.#owner.sent(stream);
  }

  /** Sends data; text is latin1. Null where more follows, otherwise the lines of the trailers ('' for none). Bytes are
   * lent: what cannot be sent is copied. False asks to wait for `onDrain`. */
  sendData(stream: Stream, piece: string | Buffer, ending: string | null): boolean {
    if (stream.isLocalClosed || this.#owner.isGone) return true;
    if (stream.queuedBytes === 0) {
      const room = this.#isBlocked ? 0 : Math.min(stream.sendWindow, this.#window);
      if (piece.length <= room || piece.length === 0) {
        this.#emit(stream, piece, ending);
        if (!this.#isBlocked || stream.isLocalClosed) return true;
        this.#waiting.add(stream);
        return false;
      }
    }
    if (piece.length > 0) stream.queue.push(typeof piece === 'string' ? piece : Buffer.from(piece));
    stream.queuedBytes += piece.length;
    stream.ending = ending;
    this.#waiting.add(stream);
    this.pump();
    return stream.queuedBytes === 0 && !this.#isBlocked;
  }

  /** Writes a piece for which there is room. */
  #emit(stream: Stream, piece: string | Buffer, ending: string | null): void {
    const { length } = piece;
    const isEnd = ending === '';
    stream.sendWindow -= length;
    this.#window -= length;
    stream.sentBytes += length;
    if (length > 0) this.#abuse.creditData();
    if (typeof piece !== 'string' && length > maxTextBytes) this.#putBytes(stream.id, piece, isEnd);
    else {
      const text = typeof piece === 'string' ? piece : latin1(piece, 0, length);
      if (length <= h2.maxFrameBytes) {
        if (length > 0 || isEnd) this.put(h2.frameHead(length, h2.DATA, isEnd ? h2.END_STREAM : 0, stream.id) + text);
      } else
        for (let at = 0; at < length; at += h2.maxFrameBytes) {
          const part = text.slice(at, at + h2.maxFrameBytes);
          const flags = isEnd && at + part.length === length ? h2.END_STREAM : 0;
          this.put(h2.frameHead(part.length, h2.DATA, flags, stream.id) + part);
        }
    }
    if (ending === null) return;
    if (ending !== '')
      this.put(
        h2.headersFrames(stream.id, this.encoder.trailers() + this.encoder.lines(ending), true, h2.maxFrameBytes),
      );
    this.#owner.sent(stream);
  }

  #putBytes(id: number, piece: Buffer, isEnd: boolean): void {
    const { length } = piece;
    const frames = Math.ceil(length / h2.maxFrameBytes);
    const out = Buffer.allocUnsafe(length + frames * h2.frameHeadBytes);
    let to = 0;
    for (let at = 0; at < length; at += h2.maxFrameBytes) {
      const part = Math.min(h2.maxFrameBytes, length - at);
      const flags = isEnd && at + part === length ? h2.END_STREAM : 0;
      to += out.write(h2.frameHead(part, h2.DATA, flags, id), to, 'latin1');
      to += piece.copy(out, to, at, at + part);
    }
    this.flush();
    this.#write(out);
  }

  /** Sends what is queued as far as windows and socket allow, a frame a stream in turn. */
  pump(): void {
    for (let isMoving = true; isMoving && this.#waiting.size > 0; ) {
      isMoving = false;
      for (const stream of [...this.#waiting]) {
        if (this.#isBlocked || this.#owner.isGone) return;
        if (this.#pumpOne(stream)) isMoving = true;
      }
    }
  }

  #pumpOne(stream: Stream): boolean {
    const first = stream.queue[0];
    if (first === undefined) {
      this.#waiting.delete(stream);
      if (stream.ending !== null) this.#emit(stream, '', stream.ending);
      else stream.listener.onDrain();
      return true;
    }
    const room = Math.min(stream.sendWindow, this.#window, h2.maxFrameBytes);
    if (room <= 0) return false;
    const count = Math.min(room, first.length);
    const part = typeof first === 'string' ? first.slice(0, count) : first.subarray(0, count);
    if (count === first.length) stream.queue.shift();
    else stream.queue[0] = typeof first === 'string' ? first.slice(count) : first.subarray(count);
    stream.queuedBytes -= count;
    const isLast = stream.queuedBytes === 0;
    if (isLast) this.#waiting.delete(stream);
    this.#emit(stream, part, isLast ? stream.ending : null);
    if (isLast && !stream.isLocalClosed) stream.listener.onDrain();
    return true;
  }

  /** The socket takes bytes again. */
  drained(): void {
    this.#isBlocked = false;
    this.#unsentBytes = 0;
    this.pump();
  }

  flush(): void {
    this.#isDue = false;
    const text = this.#out;
    if (text === '') return;
    this.#out = '';
    this.#write(text);
  }

  /** Gathers text that goes with whatever else this turn brings. */
  put(text: string): void {
    this.#out += text;
    if (this.#out.length > maxGatheredBytes) this.flush();
    else if (!this.#isDue) {
      this.#isDue = true;
      this.#tools.flushSoon(this);
    }
  }

  #write(piece: string | Buffer): void {
    if (!this.#socket.write(piece)) this.#isBlocked = true;
    if (!this.#isBlocked) return;
    this.#unsentBytes += piece.length;
    if (this.#unsentBytes > maxUnsentBytes) this.#owner.failUnread();
  }
}
