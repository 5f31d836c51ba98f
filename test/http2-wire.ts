// A client that speaks HTTP/2 frame by frame and may say anything: for what no library would send. Header blocks go as literals.

import { DecoderScratch, HeaderDecoder } from '../src/http/h2-decoder.ts';
import * as h2 from '../src/http/h2-frames.ts';
import type { Wire } from './scenarios/world.ts';

/** One frame as it came. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

export type Pairs = readonly (readonly [string, string])[];

/** A frame as text. */
export function frame(type: number, flags: number, id: number, payload = ''): string {
  return h2.frameHead(payload.length, type, flags, id) + payload;
}

/** A header block of literals that nobody keeps; names and values go as they are. */
export function literals(fields: Pairs): string {
  return fields.map(([name, value]) => `\x00${stringOf(name)}${stringOf(value)}`).join('');
}

function stringOf(text: string): string {
  if (text.length < 127) return String.fromCharCode(text.length) + text;
  let rest = text.length - 127;
  let out = '\x7f';
  while (rest >= 128) {
    out += String.fromCharCode((rest & 127) | 128);
    rest >>= 7;
  }
  return out + String.fromCharCode(rest) + text;
}

/** The pseudo-fields of an ordinary request. */
export const ask = (path = '/', method = 'GET'): Pairs => [
  [':method', method],
  [':scheme', 'http'],
  [':authority', 'localhost'],
  [':path', path],
];

/** HEADERS that hold a whole block. */
export function headers(id: number, fields: Pairs, isEnd = true): string {
  return frame(h2.HEADERS, h2.END_HEADERS | (isEnd ? h2.END_STREAM : 0), id, literals(fields));
}

export function data(id: number, payload: string, isEnd = false): string {
  return frame(h2.DATA, isEnd ? h2.END_STREAM : 0, id, payload);
}

/** What a connection begins with. */
export const hello: string = h2.preface + h2.settingsFrame([]);

/** One answer on one stream. */
export interface Answer {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
  readonly trailers: ReadonlyMap<string, string>;
  /** The code of the RST_STREAM that ended it, or -1. */
  readonly resetCode: number;
}

interface Growing {
  status: number;
  fields: Map<string, string>;
  body: string;
  trailers: Map<string, string>;
  resetCode: number;
  interims: number[];
}

/** Reads what a gate says. Gives back to its windows what it takes, unless told not to. */
export class Http2Wire {
  readonly wire: Wire;
  givesBack = true;
  /** Code and debug data of GOAWAY frames, in order. */
  readonly goaways: { code: number; last: number; says: string }[] = [];
  readonly frames: Frame[] = [];
  readonly streams: Map<number, Growing> = new Map();
  readonly #decoder = new HeaderDecoder(1_000_000, new DecoderScratch());
  readonly #ended: Set<number> = new Set();

  constructor(wire: Wire) {
    this.wire = wire;
  }

  send(...pieces: string[]): void {
    this.wire.send(pieces.join(''));
  }

  /** The next frame, or null where the connection ended. */
  async next(): Promise<Frame | null> {
    let head: Buffer;
    try {
      head = await this.wire.takeBytes(9);
      const length = head.readUIntBE(0, 3);
      const payload = Buffer.from(await this.wire.takeBytes(length));
      const seen: Frame = { type: head[3]!, flags: head[4]!, id: head.readUInt32BE(5), payload };
      this.frames.push(seen);
      this.#note(seen);
      return seen;
    } catch {
      return null;
    }
  }

  /** Reads until this stream has ended. */
  async answer(id: number): Promise<Answer & { readonly interims: number[] }> {
    while (!this.#ended.has(id)) if ((await this.next()) === null) throw new Error(`ended before stream ${id} did`);
    return this.streams.get(id)!;
  }

  /** Reads until a frame of this type comes. */
  async until(type: number): Promise<Frame> {
    for (;;) {
      const seen = await this.next();
      if (seen === null) throw new Error(`ended before a frame of type ${type}`);
      if (seen.type === type) return seen;
    }
  }

  /** Reads to the end; gives what the last GOAWAY said, '' for none. */
  async end(): Promise<string> {
    while ((await this.next()) !== null);
    return this.goaways.at(-1)?.says ?? '';
  }

  #note({ type, flags, id, payload }: Frame): void {
    if (type === h2.GOAWAY)
      this.goaways.push({
        last: payload.readUInt32BE(0),
        code: payload.readUInt32BE(4),
        says: payload.toString('latin1', 8),
      });
    else if (type === h2.SETTINGS && (flags & h2.ACK) === 0) this.send(frame(h2.SETTINGS, h2.ACK, 0));
    else if (type === h2.PING && (flags & h2.ACK) === 0)
      this.send(frame(h2.PING, h2.ACK, 0, payload.toString('latin1')));
    if (id === 0 || (type !== h2.HEADERS && type !== h2.DATA && type !== h2.RST_STREAM)) return;
    const stream = this.#stream(id);
    if (type === h2.RST_STREAM) {
      stream.resetCode = payload.readUInt32BE(0);
      this.#ended.add(id);
      return;
    }
    if (type === h2.HEADERS) this.#noteBlock(stream, payload);
    else {
      stream.body += payload.toString('latin1');
      if (this.givesBack && payload.length > 0)
        this.send(h2.windowFrame(0, payload.length), (flags & 1) === 0 ? h2.windowFrame(id, payload.length) : '');
    }
    if ((flags & h2.END_STREAM) !== 0) this.#ended.add(id);
  }

  #noteBlock(stream: Growing, payload: Buffer): void {
    if (!this.#decoder.read(payload, 0, payload.length)) throw new Error('the gate sent a block that is no HPACK');
    const fields = this.#decoder.fields.map(({ name, value }) => [name.text, value] as const);
    const status = Number(fields.find(([name]) => name === ':status')?.[1] ?? 0);
    if (status === 0) stream.trailers = new Map(fields);
    else if (status < 200) stream.interims.push(status);
    else {
      stream.status = status;
      stream.fields = new Map(fields);
    }
  }

  #stream(id: number): Growing {
    let stream = this.streams.get(id);
    if (stream === undefined) {
      stream = { status: 0, fields: new Map(), body: '', trailers: new Map(), resetCode: -1, interims: [] };
      this.streams.set(id, stream);
    }
    return stream;
  }
}
