// DATA frames of one HTTP/2 connection, which are handed on as they come: only their heads have to be whole.

import type { AbuseCounter } from './h2-abuse.ts';
import type { ForgottenStreams } from './h2-forgotten.ts';
import * as h2 from './h2-frames.ts';
import type { ReceiveWindows } from './h2-receiving.ts';
import type { Http2Sender } from './h2-sending.ts';
import type { Breakable, Stream } from './h2-stream.ts';

/** What of its connection it touches. */
export interface DataCore extends Breakable {
  readonly streams: ReadonlyMap<number, Stream>;
  readonly forgotten: ForgottenStreams;
  readonly windows: ReceiveWindows;
  readonly sender: Http2Sender;
  readonly abuse: AbuseCounter;
  highestId(id: number): number;
  countControl(why: string, what: string): boolean;
  closeIfDone(stream: Stream): void;
}

/** Reads one DATA frame after the other. */
export class DataReader {
  readonly #core: DataCore;
  /** Whose data it is, or null where nobody waits for it. */
  #stream: Stream | null = null;
  #id = 0;
  /** Bytes of data and of padding still to come. */
  #left = 0;
  #padding = 0;
  #isLast = false;

  constructor(core: DataCore) {
    this.#core = core;
  }

  /** Is a frame in hand? */
  get isWithin(): boolean {
    return this.#left > 0 || this.#padding > 0;
  }

  /** Begins the DATA frame whose payload begins at `from`: where its data begins, or -1 where more has to come or the connection broke. */
  begin(bytes: Buffer, from: number, to: number, length: number, flags: number, id: number): number {
    let at = from;
    let padding = 0;
    if ((flags & h2.PADDED) !== 0) {
      if (length === 0) return this.#core.frameSize('DATA');
      if (to - from < 1) return -1;
      padding = bytes[at++]!;
      if (padding >= length) return this.#core.protocol('more padding than frame (RFC 9113 6.1)');
    }
    if (id === 0) return this.#core.protocol('DATA of no stream (RFC 9113 6.1)');
    const stream = this.#core.streams.get(id);
    if (stream === undefined || stream.isRemoteClosed) {
      if (stream !== undefined || !this.#core.forgotten.has(id)) {
        const isIdle = stream === undefined && id > this.#core.highestId(id);
        return isIdle
          ? this.#core.protocol('DATA on a stream that was never opened (RFC 9113 5.1)')
          : this.#core.breakOff('http/h2-protocol', h2.STREAM_CLOSED, 'DATA on a stream that has ended (RFC 9113 5.1)');
      }
    }
    if (!this.#core.windows.spend(stream ?? null, length))
      return this.#core.breakOff(
        'http/h2-flow-control',
        h2.FLOW_CONTROL_ERROR,
        'more data than the window allows (RFC 9113 6.9.1)',
      );
    const isEnd = (flags & h2.END_STREAM) !== 0;
    const overhead = length - (length - (at - from) - padding);
    if (length - overhead > 0) this.#core.abuse.creditData();
    else if (!isEnd && !this.#core.countControl('http/h2-empty-frame-flood', 'DATA without data')) return -1;
    if (overhead > 0) this.#core.windows.taken(stream ?? null, overhead);
    this.#stream = stream ?? null;
    this.#id = id;
    this.#left = length - overhead;
    this.#padding = padding;
    this.#isLast = isEnd;
    if (this.#left === 0 && this.#padding === 0) this.#end();
    return at;
  }

  /** Reads on in the frame in hand, and gives how far. */
  read(bytes: Buffer, at: number, to: number): number {
    const count = Math.min(this.#left, to - at);
    if (count > 0) {
      this.#left -= count;
      const stream = this.#stream;
      if (stream === null) this.#drop(count);
      else {
        // What is handed on while the listener asks to wait is owed until it goes on.
        const wasPaused = stream.isPaused;
        stream.listener.onData(bytes, at, at + count);
        const isOpen = this.#core.streams.get(stream.id) === stream;
        if (isOpen && (wasPaused || stream.isPaused)) this.#core.windows.owe(stream, count);
        else this.#core.windows.taken(isOpen ? stream : null, count);
        if (!isOpen) this.#stream = null;
      }
    }
    const padding = this.#left > 0 ? 0 : Math.min(this.#padding, to - at - count);
    this.#padding -= padding;
    if (this.#left === 0 && this.#padding === 0) this.#end();
    return at + count + padding;
  }

  #end(): void {
    const stream = this.#stream;
    this.#stream = null;
    if (stream === null || !this.#isLast) return;
    stream.isRemoteClosed = true;
    stream.listener.onEnd();
    this.#core.closeIfDone(stream);
  }

  /** Data for which nobody waits. A client that got its whole answer and goes on sending is told to stop (RFC 9113 8.1), but not in one
   * breath with the answer: some clients (curl 7.88) then forget what they were answered. */
  #drop(bytes: number): void {
    this.#core.windows.takenOfConnection(bytes);
    if (this.#core.forgotten.drop(this.#id, bytes)) this.#core.sender.put(h2.resetFrame(this.#id, h2.NO_ERROR));
  }
}
