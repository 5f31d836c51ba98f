// Callers that are shut out for a time, by address or network: found in a few hash look-ups, however many there are.

import type { AddressReader } from '../base/address.ts';
import { Bounded } from '../base/bounded.ts';
import { type Cidr, parseCidr, printCidr } from '../base/cidr.ts';

/** A ban as it stands in memory. Times that decide are of the monotonic clock, so that a wall clock that jumps frees nobody. */
export interface Ban {
  /** Canonical text of the network; a host without its length. */
  readonly target: string;
  readonly cidr: Cidr;
  readonly reason: string;
  readonly by: 'owner' | 'gate';
  /** When it was made, ms since 1970. */
  readonly madeAt: number;
  /** How long it was made for; `Infinity` for good. */
  readonly lengthMs: number;
  /** When it ends, in ms of the monotonic clock; `Infinity` for never. */
  readonly endsMs: number;
  /** How many bans of the same caller came before it without long peace between them. */
  readonly level: number;
}

/** A ban as it travels between processes and lies in the file: it ends `leftMs` after it was written. */
export interface BanRecord {
  readonly target: string;
  readonly reason: string;
  readonly by: 'owner' | 'gate';
  readonly madeAt: number;
  /** null for good. */
  readonly lengthMs: number | null;
  readonly leftMs: number | null;
  readonly level: number;
}

/** Longest reason that is kept, in characters. */
export const maxReasonLength = 200;

/** Bans of one prefix length, by the bits that are fixed. */
interface Level {
  readonly prefix: number;
  /** By a number made of the fixed bits; different networks of IPv6 may share one. */
  readonly byKey: Map<number, Ban[]>;
}

/** The bans of one process. Never more than `maxEntries`: the gate's own oldest makes room, its owner's do not. */
export class Bans {
  readonly maxEntries: number;
  readonly #records: Bounded<string, Ban>;
  readonly #levels4: Level[] = [];
  readonly #levels6: Level[] = [];

  constructor(maxEntries: number) {
    this.maxEntries = maxEntries;
    this.#records = new Bounded<string, Ban>(maxEntries, (_, ban) => this.#unlink(ban));
  }

  /** Bans that are kept, those that just ended among them. */
  get size(): number {
    return this.#records.size;
  }

  /** The ban on exactly this network, or null. */
  of(target: string): Ban | null {
    return this.#records.peek(target) ?? null;
  }

  all(): IterableIterator<Ban> {
    return this.#records.values();
  }

  /** Puts a ban in the place of one on the same network. False where there is room for none. */
  set(ban: Ban): boolean {
    const before = this.#records.peek(ban.target);
    if (before !== undefined) this.#unlink(before);
    else if (this.#records.size >= this.maxEntries && !this.#makeRoom()) return false;
    this.#records.set(ban.target, ban);
    this.#link(ban);
    return true;
  }

  /** Takes a ban off; gives it, or null where there was none. */
  delete(target: string): Ban | null {
    const ban = this.#records.peek(target);
    if (ban === undefined) return null;
    this.#records.delete(target);
    this.#unlink(ban);
    return ban;
  }

  /** Takes off those that have ended, and gives them. O(bans). */
  sweep(nowMs: number): Ban[] {
    const ended = [...this.#records.values()].filter(({ endsMs }) => endsMs <= nowMs);
    for (const { target } of ended) this.delete(target);
    return ended;
  }

  /** The ban that holds for the address that a reader has, the narrowest first; null for none. Allocates nothing. */
  find(reader: AddressReader, nowMs: number): Ban | null {
    const levels = reader.family === 4 ? this.#levels4 : this.#levels6;
    for (let index = 0; index < levels.length; index++) {
      const { prefix, byKey } = levels[index]!;
      const bans = byKey.get(keyOf(reader, prefix));
      if (bans === undefined) continue;
      for (let at = 0; at < bans.length; at++) {
        const ban = bans[at]!;
        if (ban.endsMs > nowMs && holds(ban.cidr, reader)) return ban;
      }
    }
    return null;
  }

  /** Gives up the oldest ban that the gate made by itself. */
  #makeRoom(): boolean {
    for (const ban of this.#records.values())
      if (ban.by === 'gate') {
        this.delete(ban.target);
        return true;
      }
    return false;
  }

  #link(ban: Ban): void {
    const levels = ban.cidr.family === 4 ? this.#levels4 : this.#levels6;
    let level = levels.find(({ prefix }) => prefix === ban.cidr.prefix);
    if (level === undefined) {
      level = { prefix: ban.cidr.prefix, byKey: new Map() };
      levels.push(level);
      levels.sort((a, b) => b.prefix - a.prefix);
    }
    const key = keyOfCidr(ban.cidr);
    const bans = level.byKey.get(key);
    if (bans === undefined) level.byKey.set(key, [ban]);
    else bans.push(ban);
  }

  #unlink(ban: Ban): void {
    const levels = ban.cidr.family === 4 ? this.#levels4 : this.#levels6;
    const index = levels.findIndex(({ prefix }) => prefix === ban.cidr.prefix);
    const level = levels[index]!;
    const key = keyOfCidr(ban.cidr);
    const rest = level.byKey.get(key)!.filter((other) => other !== ban);
    if (rest.length > 0) level.byKey.set(key, rest);
    else level.byKey.delete(key);
    if (level.byKey.size === 0) levels.splice(index, 1);
  }
}

/** The fixed bits as one number that V8 keeps unboxed; IPv6 networks whose numbers are alike are told apart by `holds`. */
function keyOf(reader: AddressReader, prefix: number): number {
  if (reader.family === 4) return reader.word0 & maskOf(prefix);
  return mixed(
    reader.word0 & maskOf(prefix),
    reader.word1 & maskOf(prefix - 32),
    reader.word2 & maskOf(prefix - 64),
    reader.word3 & maskOf(prefix - 96),
  );
}

function keyOfCidr({ family, start }: Cidr): number {
  if (family === 4) return Number(start) | 0;
  const word = (shift: bigint) => Number(BigInt.asIntN(32, BigInt(start) >> shift));
  return mixed(word(96n), word(64n), word(32n), word(0n));
}

function mixed(word0: number, word1: number, word2: number, word3: number): number {
  return (
    Math.imul(word0, 0x9e3779b1) ^
    Math.imul(word1, 0x85ebca6b) ^
    Math.imul(word2, 0xc2b2ae35) ^
    Math.imul(word3, 0x27d4eb2f)
  );
}

function maskOf(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits);
}

function holds(cidr: Cidr, reader: AddressReader): boolean {
  // The key of IPv4 is all that is fixed.
  if (cidr.family === 4) return true;
  const address = reader.address()!.value;
  return cidr.start <= address && address < cidr.end;
}

/** A network as bans name it: canonical, a host without its length. */
export function targetText(cidr: Cidr): string {
  const text = printCidr(cidr);
  return cidr.prefix === (cidr.family === 4 ? 32 : 128) ? text.slice(0, text.indexOf('/')) : text;
}

/** What a ban looks like outside this process. */
export function recordOf(ban: Ban, nowMs: number): BanRecord {
  const { target, reason, by, madeAt, lengthMs, endsMs, level } = ban;
  const isForGood = lengthMs === Number.POSITIVE_INFINITY;
  return {
    target,
    reason,
    by,
    madeAt,
    lengthMs: isForGood ? null : lengthMs,
    leftMs: isForGood ? null : Math.max(0, endsMs - nowMs),
    level,
  };
}

/** A ban from its record; null where the record is none of ours. Never longer than it was made for. */
export function banOf(record: BanRecord, nowMs: number): Ban | null {
  const parsed = parseCidr(record.target);
  if (!parsed.ok) return null;
  const lengthMs = record.lengthMs ?? Number.POSITIVE_INFINITY;
  const leftMs = record.lengthMs === null ? Number.POSITIVE_INFINITY : Math.min(record.leftMs ?? lengthMs, lengthMs);
  if (!(leftMs > 0)) return null;
  return {
    target: targetText(parsed.value),
    cidr: parsed.value,
    reason: record.reason.slice(0, maxReasonLength),
    by: record.by,
    madeAt: record.madeAt,
    lengthMs,
    endsMs: nowMs + leftMs,
    level: record.level,
  };
}

/** The network that counts as one caller. */
export function callerOf(reader: AddressReader, ipv6Prefix: number): Cidr {
  const { family, value } = reader.address()!;
  if (family === 4) return { family, start: value, end: Number(value) + 1, prefix: 32 };
  const hostBits = BigInt(128 - ipv6Prefix);
  const start = (BigInt(value) >> hostBits) << hostBits;
  return { family, start, end: start + (1n << hostBits), prefix: ipv6Prefix };
}

/** Whether all of a network is in another. */
export function isWithin(inner: Cidr, outer: Cidr): boolean {
  return inner.family === outer.family && outer.start <= inner.start && inner.end <= outer.end;
}

/** ` until 2026-11-25T20:15:00Z`, or ` for good`. */
export function lastingText({ lengthMs, madeAt }: Ban): string {
  return lengthMs === Number.POSITIVE_INFINITY ? ' for good' : ` until ${timeText(madeAt + lengthMs)}`;
}

/** `2026-11-25T20:15:00Z`. */
function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
