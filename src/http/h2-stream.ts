// One stream of an HTTP/2 connection (RFC 9113 5) as data, who hears of it, and what is shared between connections.

import { DecoderScratch, type HeaderDecoder } from './h2-decoder.ts';
import { EncoderNames } from './h2-encoder.ts';

/** Who hears what comes on a stream. */
export interface StreamListener {
  /** A header block: an answer, an interim one, or trailers. `block` is true until the call returns. */
  onBlock(block: HeaderDecoder, isEnd: boolean): void;
  /** A piece of the body; the bytes are lent. */
  onData(bytes: Buffer, from: number, to: number): void;
  /** The peer's side ended with its last piece of data. */
  onEnd(): void;
  /** Reset by the peer, or lost with its connection. Called last. `isUnprocessed`: the peer says that it did not look at it. */
  onReset(why: string, isUnprocessed: boolean): void;
  /** What was queued is sent: more may come. */
  onDrain(): void;
}

/** One stream. Fields are kept by the connection. */
export class Stream {
  readonly id: number;
  listener!: StreamListener;
  /** How much the peer takes, and how much it may still send. */
  sendWindow: number;
  receiveWindow: number;
  /** Taken and not yet given back to the peer's window. */
  credit = 0;
  /** Handed on while paused: given back when it is resumed. */
  owed = 0;
  isPaused = false;
  isLocalClosed = false;
  isRemoteClosed = false;
  readonly queue: (string | Buffer)[] = [];
  queuedBytes = 0;
  /** The body ends with the last piece of the queue: `trailers` are its lines, '' for none, null where it does not end. */
  ending: string | null = null;
  sentBytes = 0;

  constructor(id: number, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }
}

/** Which end of a connection we are. */
export type Role = 'server' | 'client';

/** A connection as those who read its frames break it. All but `fail` give -1: nothing more is read. */
export interface Breakable {
  /** The peer broke the protocol or a bound: tells it (RFC 9113 5.4.1), every stream and the owner. */
  fail(why: string, code: number, says: string): void;
  breakOff(why: string, code: number, says: string): number;
  protocol(says: string): number;
  frameSize(name: string): number;
}

/** Whatever gathers writes and sends them together. */
export interface Flushing {
  flush(): void;
}

/** What the HTTP/2 connections of a process share. */
export class Http2Tools {
  readonly scratch: DecoderScratch = new DecoderScratch();
  readonly names: EncoderNames = new EncoderNames();
  readonly now: () => number;
  /** Connections with something gathered; never more than there are connections. */
  #gathered: Flushing[] = [];
  #isDue = false;

  /** `now` in milliseconds, monotonic. */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Sends what a connection gathered once everything that came in this turn of the event loop was looked at: answers to ten streams
   * then go as one write, and one TLS record. */
  flushSoon(connection: Flushing): void {
    this.#gathered.push(connection);
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.#flushAll());
  }

  #flushAll(): void {
    this.#isDue = false;
    const gathered = this.#gathered;
    this.#gathered = [];
    for (const connection of gathered) connection.flush();
  }
}
