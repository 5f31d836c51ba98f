// One field of a request's body, for limits that count by the account that somebody tries to get into.

import { Buffer } from 'node:buffer';
import { latin1 } from '../base/bytes.ts';
import { formFields } from '../base/form-fields.ts';

/** How much of a body is kept to find a field in, in bytes; what lies behind it is not found. */
export const maxKept = 65_536;

/** Longest value that counts as such, in characters. */
const maxValueLength = 512;

/** The beginning of a body, as it comes. */
export class KeptBody {
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** Keeps a copy of what still has room. */
  add(piece: Uint8Array): void {
    const room = maxKept - this.#bytes;
    if (room <= 0) return;
    const kept = Buffer.from(piece.subarray(0, room));
    this.#bytes += kept.length;
    this.#pieces.push(kept);
    // One-byte pieces would cost many times their size.
    if (this.#pieces.length > 64) this.#pieces = [Buffer.concat(this.#pieces)];
  }

  /** Everything that was kept. */
  get bytes(): Buffer {
    const all = Buffer.concat(this.#pieces);
    this.#pieces = [all];
    return all;
  }
}

/** The first value of a field of a form (urlencoded), lower case and without blanks around it; '' where there is none. */
export function formField(body: Buffer, name: string): string {
  const [value = ''] = formFields(latin1(body, 0, body.length), Buffer.from(name, 'utf8').toString('latin1'), 1);
  return folded(Buffer.from(value, 'latin1').toString('utf8'));
}

/** The value at a path (`user.email`) of a JSON object, in the same form; '' where there is none, or no JSON. */
export function jsonField(body: Buffer, path: string): string {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return '';
  }
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return '';
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return typeof value === 'string' || typeof value === 'number' ? folded(String(value)) : '';
}

/** Accounts are the same however they are spelled: an attacker must not get a new count for an upper-case letter. */
function folded(value: string): string {
  return value.slice(0, maxValueLength).trim().normalize('NFKC').toLowerCase();
}
