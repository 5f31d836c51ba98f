// Collections that last longer than a transaction (IP, SESSION, USER, GLOBAL, RESOURCE): in memory, bounded, with expiry. Workers tell each
// other what changed: sums are added up, other values are those that were set last.

import { Bounded } from '../../base/bounded.ts';
import type { Shared } from '../../traffic/deltas.ts';

/** Collections that are kept at once, members of one, and characters of a value. */
const maxCollections = 50_000;
const maxMembers = 128;
const maxValue = 4096;
/** Members of which others are told at once, and collections that a worker that starts is told of: the latest. What is more stays here. */
const maxTold = 20_000;
const maxKnown = 10_000;

/** One member; `expiresAt` in ms since 1970, or Infinity. */
interface Member {
  value: string;
  expiresAt: number;
  /** For deprecatevar: from when it was lowered last. */
  loweredAt: number;
}

/** What happened to one member: what was added to it, behind what was written into it (null: nothing was). */
interface Change {
  written: string | null;
  added: number;
  isGone: boolean;
  expiresAt: number | null;
}

/** The changes of one collection as they travel. */
interface Told {
  readonly place: string;
  readonly expiresAt: number;
  readonly changes: ReadonlyMap<string, Change>;
}

/** One collection under its key. */
export class LastingCollection {
  readonly #members = new Map<string, Member>();
  readonly #changeOf: ((name: string) => Change | null) | null;
  /** When all of it is forgotten, in ms since 1970. */
  expiresAt = Number.POSITIVE_INFINITY;

  /** `changeOf` gives what others will be told of a member, or null where they are not. */
  constructor(changeOf: ((name: string) => Change | null) | null = null) {
    this.#changeOf = changeOf;
  }

  get(name: string, now: number): string | null {
    const member = this.#members.get(name);
    if (member === undefined) return null;
    if (member.expiresAt > now) return member.value;
    this.#members.delete(name);
    return null;
  }

  put(name: string, value: string, now: number): void {
    const change = this.#changeOf?.(name);
    if (change) Object.assign(change, { written: value.slice(0, maxValue), added: 0, isGone: false });
    this.#write(name, value, now);
  }

  /** Adds to a number; what is none counts as 0. */
  add(name: string, by: number, now: number): void {
    const change = this.#changeOf?.(name);
    if (change) change.added += by;
    this.#add(name, by, now);
  }

  unset(name: string): void {
    const change = this.#changeOf?.(name);
    if (change) Object.assign(change, { written: null, added: 0, isGone: true });
    this.#members.delete(name);
  }

  expire(name: string, at: number): void {
    const change = this.#changeOf?.(name);
    if (change) change.expiresAt = at;
    const member = this.#members.get(name);
    if (member !== undefined) member.expiresAt = at;
  }

  /** Lowers a number by `by` for every `ms` since it was lowered last. Each worker does so for itself, as time is the same everywhere. */
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

  /** What happened elsewhere. */
  absorb(changes: ReadonlyMap<string, Change>, now: number): void {
    for (const [name, { written, added, isGone, expiresAt }] of changes) {
      if (isGone) this.#members.delete(name);
      if (written !== null) this.#write(name, written, now);
      if (added !== 0) this.#add(name, added, now);
      const member = this.#members.get(name);
      if (member !== undefined && expiresAt !== null) member.expiresAt = expiresAt;
    }
  }

  /** All members as changes of an empty collection. */
  asChanges(): Map<string, Change> {
    const all = [...this.#members].map(
      ([name, { value, expiresAt }]) => [name, { written: value, added: 0, isGone: false, expiresAt }] as const,
    );
    return new Map(all);
  }

  #write(name: string, value: string, now: number): void {
    const member = this.#members.get(name);
    const kept = value.slice(0, maxValue);
    if (member !== undefined) member.value = kept;
    else if (this.#members.size < maxMembers)
      this.#members.set(name, { value: kept, expiresAt: Number.POSITIVE_INFINITY, loweredAt: now });
  }

  #add(name: string, by: number, now: number): void {
    const sum = (Number.parseInt(this.get(name, now) ?? '0', 10) || 0) + by;
    this.#write(name, String(Math.min(sum, Number.MAX_SAFE_INTEGER)), now);
  }
}

/** All lasting collections of one gate; the oldest go first when there are too many. */
export class Lasting implements Shared {
  readonly #collections = new Bounded<string, LastingCollection>(maxCollections);
  readonly #now: () => number;
  /** What others were not told yet, by collection. */
  #untold = new Map<string, Map<string, Change>>();
  #untoldCount = 0;
  /** Whether other workers are to be told what changes here. */
  isShared = false;

  /** `now` gives ms since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The collection of that kind under that key on that site; an expired one begins anew. */
  open(site: string, kind: string, key: string, now: number, timeoutSeconds: number): LastingCollection {
    return this.#at(`${kind}\n${site}\n${key.slice(0, 512)}`, now, now + timeoutSeconds * 1000);
  }

  get size(): number {
    return this.#collections.size;
  }

  takeDeltas(): readonly Told[] | null {
    if (this.#untoldCount === 0) return null;
    const told = [...this.#untold].map(([place, changes]) => {
      return { place, expiresAt: this.#collections.peek(place)?.expiresAt ?? 0, changes };
    });
    this.#untold = new Map();
    this.#untoldCount = 0;
    return told;
  }

  absorb(deltas: unknown): void {
    const now = this.#now();
    for (const { place, expiresAt, changes } of deltas as readonly Told[])
      if (expiresAt > now) this.#at(place, now, expiresAt).absorb(changes, now);
  }

  snapshot(): readonly Told[] | null {
    const all = [...this.#collections.entries()].slice(-maxKnown);
    if (all.length === 0) return null;
    return all.map(([place, one]) => ({ place, expiresAt: one.expiresAt, changes: one.asChanges() }));
  }

  #at(place: string, now: number, expiresAt: number): LastingCollection {
    let found = this.#collections.get(place);
    if (found === undefined || found.expiresAt <= now) {
      found = new LastingCollection((name) => this.#changeOf(place, name));
      this.#collections.set(place, found);
    }
    found.expiresAt = expiresAt;
    return found;
  }

  #changeOf(place: string, name: string): Change | null {
    if (!this.isShared) return null;
    let changes = this.#untold.get(place);
    const known = changes?.get(name);
    if (known !== undefined) return known;
    if (this.#untoldCount >= maxTold) return null;
    this.#untoldCount++;
    if (changes === undefined) {
      changes = new Map();
      this.#untold.set(place, changes);
    }
    const change: Change = { written: null, added: 0, isGone: false, expiresAt: null };
    changes.set(name, change);
    return change;
  }
}
