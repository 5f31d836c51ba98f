// Collections that last longer than a transaction (IP, SESSION, USER, GLOBAL, RESOURCE): in memory, bounded, with expiry.

import { Bounded } from '../../base/bounded.ts';

/** Collections that are kept at once, members of one, and characters of a value. */
const maxCollections = 50_000;
const maxMembers = 128;
const maxValue = 4096;

/** One member; `expiresAt` in ms since 1970, or Infinity. */
interface Member {
  value: string;
  expiresAt: number;
  /** For deprecatevar: from when it was lowered last. */
  loweredAt: number;
}

/** One collection under its key. */
export class LastingCollection {
  readonly #members = new Map<string, Member>();
  /** When all of it is forgotten, in ms since 1970. */
  expiresAt = Number.POSITIVE_INFINITY;

  get(name: string, now: number): string | null {
    const member = this.#members.get(name);
    if (member === undefined) return null;
    if (member.expiresAt > now) return member.value;
    this.#members.delete(name);
    return null;
  }

  put(name: string, value: string, now: number): void {
    const member = this.#members.get(name);
    const kept = value.slice(0, maxValue);
    if (member !== undefined) member.value = kept;
    else if (this.#members.size < maxMembers)
      this.#members.set(name, { value: kept, expiresAt: Number.POSITIVE_INFINITY, loweredAt: now });
  }

  unset(name: string): void {
    this.#members.delete(name);
  }

  expire(name: string, at: number): void {
    const member = this.#members.get(name);
    if (member !== undefined) member.expiresAt = at;
  }

  /** Lowers a number by `by` for every `ms` since it was lowered last. */
  lower(name: string, by: number, ms: number, now: number): void {
    const member = this.#members.get(name);
    if (member === undefined) return;
    const times = Math.floor((now - member.loweredAt) / ms);
    if (times < 1) return;
    member.loweredAt += times * ms;
    member.value = String(Math.max(0, (Number.parseInt(member.value, 10) || 0) - by * times));
  }

  /** Every member that has not expired. */
  *entries(now: number): Iterable<[string, string]> {
    for (const [name, member] of this.#members) if (member.expiresAt > now) yield [name, member.value];
  }
}

/** All lasting collections of one gate; the oldest go first when there are too many. */
export class Lasting {
  readonly #collections = new Bounded<string, LastingCollection>(maxCollections);

  /** The collection of that kind under that key on that site; an expired one begins anew. */
  open(site: string, kind: string, key: string, now: number, timeoutSeconds: number): LastingCollection {
    const place = `${kind}\n${site}\n${key.slice(0, 512)}`;
    let found = this.#collections.get(place);
    if (found === undefined || found.expiresAt <= now) {
      found = new LastingCollection();
      this.#collections.set(place, found);
    }
    found.expiresAt = now + timeoutSeconds * 1000;
    return found;
  }

  get size(): number {
    return this.#collections.size;
  }
}
