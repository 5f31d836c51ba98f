// Keeps what is to be written down of a body while it passes by. It has no opinion, and is asked first, so that it has seen what others refuse.

import { Buffer, isUtf8 } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { formPairs } from './base/form-fields.ts';
import type { Exchange } from './traffic/exchange.ts';
import type { RecordedBody } from './traffic/recorded-body.ts';
import { pass, type Verdict } from './traffic/verdict.ts';

/** What is recorded: nothing, shapes and hashes, or all of it. */
export interface BodyRecording {
  readonly bodies: 'off' | 'shapes' | 'full';
  readonly maxBodyBytes: number;
}

/** Longest shape, in characters, and most names of a form in it. */
const maxShape = 1024;
const maxNames = 100;
const maxDepth = 8;

/** One body on its way. */
export class BodyRecorder {
  readonly #max: number;
  #pieces: Buffer[] = [];
  #kept = 0;
  #bytes = 0;
  done = false;

  constructor(maxBytes: number) {
    this.#max = maxBytes;
  }

  feed(piece: Uint8Array): Verdict {
    this.#bytes += piece.length;
    const room = this.#max - this.#kept;
    if (room > 0) {
      const part = Buffer.from(piece.subarray(0, room));
      this.#pieces.push(part);
      this.#kept += part.length;
    }
    // What goes on is counted by the passage; nobody waits for it on our behalf.
    if (this.#bytes > this.#max) this.done = true;
    return pass;
  }

  end(): Verdict {
    this.done = true;
    return pass;
  }

  /** What is written down; null where there was no body. */
  record(exchange: Exchange, { bodies }: BodyRecording, key: string): RecordedBody | null {
    if (this.#kept === 0) return null;
    const body = Buffer.concat(this.#pieces);
    const isWhole = this.#bytes <= this.#max;
    const type = exchange.headers.get('content-type') ?? '';
    const isPlain = exchange.headers.get('content-encoding') === null;
    return {
      type: type.slice(0, 128),
      bytes: this.#bytes,
      hash: createHmac('sha256', key).update(body).digest('base64url').slice(0, 22),
      shape: isWhole && isPlain ? shapeOf(type, body) : '',
      ...(bodies === 'full' && isWhole ? whole(body) : {}),
    };
  }
}

function whole(body: Buffer): { text: string } | { base64: string } {
  return isUtf8(body) ? { text: body.toString('utf8') } : { base64: body.toString('base64') };
}

/** The names of a form or of JSON with the kind of each value. */
export function shapeOf(type: string, body: Buffer): string {
  const bare = type.toLowerCase();
  if (bare.startsWith('application/x-www-form-urlencoded')) {
    const pairs = formPairs(body.toString('latin1'), maxNames);
    return pairs
      .map(([name, value]) => `${name.slice(0, 64)}=${kindOf(value)}`)
      .join('&')
      .slice(0, maxShape);
  }
  if (!bare.includes('json')) return '';
  try {
    return described(JSON.parse(body.toString('utf8')), 0).slice(0, maxShape);
  } catch {
    return '';
  }
}

function described(value: unknown, depth: number): string {
  if (depth > maxDepth) return '…';
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${described(value[0], depth + 1)} ×${value.length}]`;
  if (typeof value !== 'object' || value === null) return kindOf(value);
  const parts = Object.entries(value).slice(0, maxNames);
  return `{${parts.map(([name, one]) => `${name.slice(0, 64)}:${described(one, depth + 1)}`).join(',')}}`;
}

function kindOf(value: unknown): string {
  if (typeof value !== 'string') return value === null ? 'null' : typeof value;
  const isNumber =
    value !== '' && value.length < 20 && [...value].every((character) => character >= '0' && character <= '9');
  return `${isNumber ? 'digits' : 'text'}(${value.length})`;
}
