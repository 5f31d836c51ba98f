// Drives our HTTP/1.1 reader over bytes in memory, exactly as a socket would: for unit tables, properties and the agreement with llhttp.

import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { latin1 } from '../src/base/bytes.ts';
import { Writes } from '../src/base/writes.ts';
import { readAnswerHead } from '../src/http/answer-head.ts';
import type { ClientHandler, ClientLimits } from '../src/http/client-handler.ts';
import { SeenFields } from '../src/http/fields.ts';
import { ClientSide } from '../src/http/h1.ts';
import { readRequestHead } from '../src/http/request.ts';
import { Connection } from '../src/traffic/connection.ts';
import { Fault } from '../src/traffic/fault.ts';
import type { Headers } from '../src/traffic/headers.ts';
import type { AnswerHead, RequestHead } from '../src/traffic/wire.ts';

/** DESIGN's limits. */
export const limits: ClientLimits = Object.freeze({
  maxRequestLineBytes: 8192,
  maxHeaderBytes: 32_768,
  maxHeaders: 100,
  headerTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  maxGrpcSilenceMs: 60_000,
  minBodyBytesPerSecond: 500,
  minBodyGraceMs: 10_000,
  maxRequestsPerConnection: 1000,
  maxConcurrentStreams: 100,
  maxStreamResetsPerSecond: 200,
  maxControlFramesPerSecond: 1000,
});

/** One character a byte. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** The request head at the beginning of `text`, null where it is not whole. */
export function requestOf(text: string, bounds = limits): RequestHead | Fault | null {
  const bytes = bytesOf(text);
  return readRequestHead(bytes, 0, bytes.length, bounds, new SeenFields());
}

/** The answer head at the beginning of `text`. */
export function answerOf(text: string, toMethod = 'GET', bounds = limits): AnswerHead | Fault | null {
  const bytes = bytesOf(text);
  return readAnswerHead(bytes, 0, bytes.length, toMethod, bounds, new SeenFields());
}

/** The `why` of a fault, 'ok' for a head, 'incomplete' for null. */
export function outcome(result: object | null): string {
  if (result === null) return 'incomplete';
  return result instanceof Fault ? result.why : 'ok';
}

/** One request as it was read. */
export interface Message {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  /** Names as spelled and values, in order. */
  readonly fields: readonly (readonly [string, string])[];
  body: string;
  readonly trailers: [string, string][];
  whole: boolean;
}

/** What became of a connection's bytes. `ended`: where the reader stood behind the last byte. */
export interface Reading {
  readonly messages: readonly Message[];
  /** Why it was refused, or ''. */
  readonly fault: string;
  readonly ended: 'between' | 'within' | 'closed';
}

/** The fields as pairs. */
export function pairsOf(headers: Headers | null): [string, string][] {
  return headers === null ? [] : headers.spelled.map((name, index) => [name, headers.values[index]!]);
}

/** A socket that goes nowhere. */
class NoSocket extends EventEmitter {
  writableLength = 0;
  #isPaused = false;
  write(): boolean {
    return true;
  }
  setKeepAlive(): void {}
  cork(): void {}
  uncork(): void {}
  end(): void {}
  pause(): void {
    this.#isPaused = true;
  }
  resume(): void {
    this.#isPaused = false;
  }
  isPaused(): boolean {
    return this.#isPaused;
  }
  destroy(): void {
    this.emit('close');
  }
  destroySoon(): void {
    this.destroy();
  }
}

/** Reads all pieces over one connection. `isLate`: each answer is given only when every byte has come. */
export function readAll(pieces: readonly Buffer[], isLate = false, bounds = limits): Reading {
  const reader = new Reader(isLate, bounds);
  for (const piece of pieces) reader.feed(piece);
  return reader.finish();
}

class Reader implements ClientHandler {
  onClientEnd(): void {}
  readonly #messages: Message[] = [];
  readonly #socket = new NoSocket();
  readonly #side: ClientSide;
  readonly #isLate: boolean;
  #fault = '';

  constructor(isLate: boolean, bounds: ClientLimits) {
    const connection = new Connection(1, '127.0.0.1', 50_000, '127.0.0.1', 443, ':443', false, 0);
    const timekeeper = { set: () => {}, clear: () => {} };
    this.#isLate = isLate;
    this.#side = new ClientSide(connection, bounds, timekeeper, () => 0, new SeenFields(), new Writes());
    this.#side.start(this.#socket as unknown as Socket, this);
  }

  feed(piece: Buffer): void {
    // A copy, because the reader may overwrite what it was lent.
    if (piece.length > 0) this.#side.read(Buffer.from(piece), piece.length);
  }

  finish(): Reading {
    for (let count = -1; this.#isLate && count < this.#messages.length; ) {
      count = this.#messages.length;
      if (this.#messages.at(-1)?.whole === true) this.#side.finish(true);
    }
    const isClosed = this.#side.isClosed || this.#side.connection.stage === 'closing';
    const isOpen = this.#messages.at(-1)?.whole === false || !this.#side.isIdle;
    return { messages: this.#messages, fault: this.#fault, ended: isClosed ? 'closed' : isOpen ? 'within' : 'between' };
  }

  onRequest(head: RequestHead): void {
    const { method, target, version } = head;
    const whole = head.framing === 'none';
    this.#messages.push({ method, target, version, fields: pairsOf(head.headers), body: '', trailers: [], whole });
    if (whole && !this.#isLate) this.#side.finish(head.keepAlive);
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    this.#messages.at(-1)!.body += latin1(bytes, from, to);
  }

  onBodyEnd(trailers: Headers | null): void {
    const message = this.#messages.at(-1)!;
    message.trailers.push(...pairsOf(trailers));
    message.whole = true;
    if (!this.#isLate) this.#side.finish(true);
  }

  onFault(fault: Fault): void {
    this.#fault = fault.why;
  }

  onDrain(): void {}
  onClose(): void {}
}

/** Cuts bytes at the given offsets. */
export function cutAt(bytes: Buffer, offsets: readonly number[]): Buffer[] {
  const sorted = [...new Set(offsets.map((offset) => offset % (bytes.length + 1)))].sort((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const offset of [...sorted, bytes.length]) {
    pieces.push(bytes.subarray(from, offset));
    from = offset;
  }
  return pieces;
}
