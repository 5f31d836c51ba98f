// Who may not call at all, whatever the rules say: bans and blocklists, asked at accept before the rules; and who is never shut out.

import { AddressReader } from '../base/address.ts';
import { parseCidr } from '../base/cidr.ts';
import type { Clock } from '../base/clock.ts';
import { type Built, built, failed, type Problem } from '../base/problem.ts';
import type { RangeSet } from '../base/ranges.ts';
import { answer, close, type Refusal } from '../traffic/verdict.ts';
import {
  type Ban,
  type BanRecord,
  Bans,
  banOf,
  callerOf,
  isWithin,
  lastingText,
  maxReasonLength,
  recordOf,
  targetText,
} from './bans.ts';
import { type Blocklist, isIn, isInAny, type Listed, listedOf, setsOf } from './listed.ts';
import { configuredNever, isSameNever, type NeverBan, neverSetOf } from './never-ban.ts';
import { type Escalation, type OffenceKind, type OffenceNote, Offences, type Threshold } from './offences.ts';

/** Offences that have a threshold in the settings. */
type CountedKind = Exclude<OffenceKind, `limit ${string}` | `trap ${string}`>;

/** The settings of bans. */
export interface BanSettings {
  readonly automatic: boolean;
  readonly thresholds: Readonly<Record<CountedKind, Threshold>>;
  readonly escalation: Escalation;
  /** What of an IPv6 address is one caller. */
  readonly ipv6Prefix: number;
  readonly never: readonly string[];
  readonly maxEntries: number;
}

/** What came of asking for a ban. `spared` are those within it who are never shut out. */
export type BanAnswer =
  | { readonly ok: true; readonly ban: BanRecord; readonly spared: readonly string[] }
  | { readonly ok: false; readonly says: string };

/** What changed, to be done elsewhere too: in other processes, in the kernel, on disk. */
export type CallersChange =
  | { readonly kind: 'banned'; readonly ban: BanRecord }
  | { readonly kind: 'freed'; readonly target: string }
  | { readonly kind: 'listed'; readonly lists: readonly Blocklist[] }
  | { readonly kind: 'never'; readonly never: readonly NeverBan[] };

/** The bans and blocklists of one process; outlives generations. */
export class Callers {
  #settings: BanSettings;
  readonly #clock: Clock;
  #bans: Bans;
  #offences = new Offences();
  #lists: readonly Listed[] = [];
  /** What is asked about lists: each of a few, or one that has all of many; most callers are in none. */
  #listed: readonly RangeSet[] = [];
  /** Those of the settings, and those that the machine shows. */
  #never: readonly NeverBan[] = [];
  #configured: readonly NeverBan[];
  #neverSet: RangeSet | null = null;
  readonly #reader = new AddressReader();
  #listeners: ((change: CallersChange) => void)[] = [];
  #spared = 0;

  constructor(settings: BanSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#bans = new Bans(settings.maxEntries);
    this.#configured = configuredNever(settings.never);
    this.#resetNever();
  }

  /** Puts the settings of another one in force; bans and lists stay, as far as there is room for them. */
  adopt(another: Callers): void {
    const bans = [...this.#bans.all()];
    this.#settings = another.#settings;
    this.#configured = configuredNever(this.#settings.never);
    this.#bans = new Bans(this.#settings.maxEntries);
    for (const ban of bans) this.#bans.set(ban);
    this.#resetNever();
  }

  /** Goes on counting where another left off, who is used no more. */
  inherit(another: Callers): void {
    this.#offences = another.#offences;
    this.#spared = another.#spared;
  }

  /** Hears of every change that is made here, not of those that come through `absorb`. */
  onChange(listener: (change: CallersChange) => void): void {
    this.#listeners.push(listener);
  }

  /** Bans in force or just ended. */
  get bans(): number {
    return this.#bans.size;
  }

  /** How often somebody who is never shut out would have been banned. */
  get spared(): number {
    return this.#spared;
  }

  // ---- asked by traffic

  /** The refusal of whoever a reader holds the address of, or null. The question every connection asks: allocates nothing where nothing holds. */
  judge(reader: AddressReader): Refusal | null {
    const ban = this.#bans.size === 0 ? null : this.#bans.find(reader, this.#clock.monotonicMs());
    if (ban === null && !isInAny(this.#listed, reader)) return null;
    if (isIn(this.#neverSet, reader)) return null;
    if (ban !== null) {
      const rule = { id: 'ban', description: ban.reason, at: '' };
      return close('firewall/banned', `${reader.print()} is banned${lastingText(ban)}: ${ban.reason}`, rule);
    }
    const list = this.#lists.find(({ set }) => isIn(set, reader))!;
    const rule = { id: `blocklist ${list.name}`, description: list.from, at: '' };
    return close('firewall/blocklisted', `${reader.print()} is on the blocklist "${list.name}"`, rule);
  }

  /** The same for an address as text, of a client that a proxy vouches for: its requests are answered with 403. */
  judgeClient(client: string): Refusal | null {
    if (this.#bans.size === 0 && this.#listed.length === 0) return null;
    const reader = this.#reader;
    if (reader.read(client) === 0) return null;
    const refusal = this.judge(reader);
    return refusal === null ? null : answer(403, refusal.why, refusal.says, refusal.rule);
  }

  /** Counts an offence of an address; bans it where it was one too many. Never throws, never waits. */
  offend(kind: CountedKind, address: string): void {
    if (this.#settings.automatic) this.#weigh(kind, address, 0, 1, true);
  }

  /** A request over a limit whose `repeated` is a ban of `lengthMs`: the tenth within a minute brings it. */
  repeat(limit: string, address: string, lengthMs: number): void {
    this.#weigh(`limit ${limit}`, address, lengthMs, 1, true);
  }

  /** A request that a rule of its owner bans for: once is enough. */
  trap(rule: string, address: string, lengthMs: number): void {
    this.#weigh(`trap ${rule}`, address, lengthMs, 1, true);
  }

  /** Offences counted here since the last call, for who counts those of all processes (`weighAll`); null for none. */
  takeOffences(): OffenceNote[] | null {
    return this.#offences.takeNotes();
  }

  /** Counts what another process has counted; bans whoever it is too many of with what others saw. */
  weighAll(notes: readonly OffenceNote[]): void {
    for (const { kind, address, count, lengthMs } of notes) this.#weigh(kind, address, lengthMs, count, false);
  }

  #weigh(kind: OffenceKind, address: string, lengthMs: number, count: number, isOwn: boolean): void {
    const reader = this.#reader;
    if (reader.read(address) === 0) return;
    const cidr = callerOf(reader, this.#settings.ipv6Prefix);
    const caller = targetText(cidr);
    const nowMs = this.#clock.monotonicMs();
    // Because connections that were open still end, what they bring meanwhile must not make the next ban longer.
    const before = this.#bans.of(caller);
    if (before !== null && before.endsMs > nowMs) return;
    const { threshold, what } = this.#thresholdOf(kind);
    if (isOwn) this.#offences.note(kind, caller, address, lengthMs);
    for (let counted = 1; !this.#offences.count(kind, caller, threshold, nowMs); counted++)
      if (counted >= count) return;
    if (isIn(this.#neverSet, reader)) {
      this.#spared++;
      return;
    }
    const next = this.#offences.escalate(caller, this.#settings.escalation, nowMs);
    const length = lengthMs > 0 ? lengthMs : next.lengthMs;
    const seconds = Math.round(threshold.windowMs / 1000);
    this.#put({
      target: caller,
      cidr,
      reason: isTrap(kind) ? what : `${threshold.limit} ${what} in ${seconds} s`,
      by: 'gate',
      madeAt: this.#clock.now(),
      lengthMs: length,
      endsMs: nowMs + length,
      level: next.level,
    });
  }

  #thresholdOf(kind: OffenceKind): { threshold: Threshold; what: string } {
    if (isTrap(kind))
      return { threshold: trapThreshold, what: `a request that ${kind.slice('trap '.length)} bans for` };
    if (isOfLimit(kind))
      return { threshold: repeatedThreshold, what: `requests over the limit "${kind.slice('limit '.length)}"` };
    return { threshold: this.#settings.thresholds[kind], what: offenceNames[kind] };
  }

  // ---- asked by the owner

  /** Bans a network or address for `lengthMs` (`Infinity` for good); an IPv6 address alone stands for its /64 (or what the settings say). */
  add(target: string, reason: string, lengthMs: number): BanAnswer {
    const parsed = parseCidr(target);
    if (!parsed.ok) return { ok: false, says: `${parsed.fault.says}; ${parsed.fault.instead}` };
    const isHost = parsed.value.family === 6 && !target.includes('/');
    const reader = this.#reader;
    const cidr = isHost && reader.read(target) === 6 ? callerOf(reader, this.#settings.ipv6Prefix) : parsed.value;
    if (cidr.prefix === 0)
      return { ok: false, says: `${target} is everybody; the firewall's default says what happens to everybody` };
    const never = [...this.#configured, ...this.#never];
    const whole = never.find(({ cidr: other }) => isWithin(parsed.value, other));
    if (whole !== undefined)
      return { ok: false, says: `${target} is never banned: ${whole.why} (${targetText(whole.cidr)})` };
    const spared = never.filter(({ cidr: other }) => isWithin(other, cidr));
    const ban: Ban = {
      target: targetText(cidr),
      cidr,
      reason: reason.slice(0, maxReasonLength),
      by: 'owner',
      madeAt: this.#clock.now(),
      lengthMs,
      endsMs: this.#clock.monotonicMs() + lengthMs,
      level: 0,
    };
    if (!this.#put(ban))
      return {
        ok: false,
        says: `there are ${this.#bans.maxEntries} bans already, all of them their owner's; raise bans.max_entries`,
      };
    const nowMs = this.#clock.monotonicMs();
    return {
      ok: true,
      ban: recordOf(ban, nowMs),
      spared: spared.map((entry) => `${targetText(entry.cidr)}: ${entry.why}`),
    };
  }

  /** Takes a ban off; an IPv6 address alone means its /64, as in `add`. Gives its record, or null where there is none. */
  remove(target: string): BanRecord | null {
    const parsed = parseCidr(target);
    if (!parsed.ok) return null;
    const reader = this.#reader;
    const caller = reader.read(target) === 0 ? '' : targetText(callerOf(reader, this.#settings.ipv6Prefix));
    const ban = this.#bans.delete(targetText(parsed.value)) ?? this.#bans.delete(caller);
    if (ban === null) return null;
    this.tell({ kind: 'freed', target: ban.target });
    return recordOf(ban, this.#clock.monotonicMs());
  }

  /** The ban that holds for an address or network, as text; null for none. */
  holding(target: string): string | null {
    const parsed = parseCidr(target);
    const reader = this.#reader;
    if (!parsed.ok || reader.read(target.split('/')[0]!) === 0) return null;
    const ban = this.#bans.find(reader, this.#clock.monotonicMs());
    return ban !== null && isWithin(parsed.value, ban.cidr) ? ban.target : null;
  }

  /** The bans in force, the newest first. */
  list(): BanRecord[] {
    const nowMs = this.#clock.monotonicMs();
    const bans = [...this.#bans.all()].filter(({ endsMs }) => endsMs > nowMs);
    return bans.reverse().map((ban) => recordOf(ban, nowMs));
  }

  /** Everybody who is never shut out. */
  never(): readonly NeverBan[] {
    return [...this.#configured, ...this.#never];
  }

  /** The blocklists in force. */
  blocklists(): readonly Blocklist[] {
    return this.#lists;
  }

  // ---- told by the frame around the spine

  /** Who is never shut out, as the machine shows it now. */
  setNever(never: readonly NeverBan[]): void {
    if (isSameNever(never, this.#never)) return;
    this.#never = never;
    this.#resetNever();
    this.tell({ kind: 'never', never });
  }

  /** Puts these blocklists in force in place of those before; the first in the list names whoever is on several. */
  setBlocklists(lists: readonly Blocklist[]): void {
    this.#useLists(lists);
    this.tell({ kind: 'listed', lists });
  }

  /** A change that was made in another process. */
  absorb(change: CallersChange): void {
    if (change.kind === 'freed') this.#bans.delete(change.target);
    else if (change.kind === 'listed') this.#useLists(change.lists);
    else if (change.kind === 'never') {
      this.#never = change.never;
      this.#resetNever();
    } else {
      const nowMs = this.#clock.monotonicMs();
      const ban = banOf(change.ban, nowMs);
      if (ban === null) return;
      this.#bans.set(ban);
      if (ban.by === 'gate') this.#offences.remember(ban.target, ban.level, ban.lengthMs, nowMs);
    }
  }

  /** Everything there is, as changes for a process that begins. */
  snapshot(): CallersChange[] {
    const bans = this.list().reverse();
    return [
      { kind: 'never', never: this.#never },
      { kind: 'listed', lists: this.#lists.map(({ set: _, ...list }) => list) },
      ...bans.map((ban): CallersChange => ({ kind: 'banned', ban })),
    ];
  }

  /** Forgets bans that have ended; gives how many. */
  sweep(): number {
    return this.#bans.sweep(this.#clock.monotonicMs()).length;
  }

  #put(ban: Ban): boolean {
    if (!this.#bans.set(ban)) return false;
    this.tell({ kind: 'banned', ban: recordOf(ban, this.#clock.monotonicMs()) });
    return true;
  }

  /** Tells a change to all who listen here; one that was made elsewhere is to be absorbed before. */
  tell(change: CallersChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #useLists(lists: readonly Blocklist[]): void {
    this.#lists = listedOf(lists);
    this.#listed = setsOf(this.#lists);
  }

  #resetNever(): void {
    this.#neverSet = neverSetOf(this.never());
  }
}

const offenceNames: Readonly<Record<CountedKind, string>> = {
  waf: 'requests that the WAF refused',
  rates: 'requests over a limit',
  handshake: 'failed handshakes',
  'not-found': 'requests for what does not exist',
};

function isTrap(kind: OffenceKind): kind is `trap ${string}` {
  return kind.startsWith('trap ');
}

function isOfLimit(kind: OffenceKind): kind is `limit ${string}` {
  return kind.startsWith('limit ');
}

/** What `repeated: ban 10m` of a limit waits for. */
const repeatedThreshold: Threshold = { limit: 10, windowMs: 60_000 };

/** What a rule that bans waits for. */
const trapThreshold: Threshold = { limit: 1, windowMs: 60_000 };

/** A table without bans, or what is wrong with the networks that are never banned. */
export function buildCallers(settings: BanSettings, clock: Clock): Built<Callers> {
  const problems: Problem[] = settings.never.flatMap((text, index) => {
    const parsed = parseCidr(text);
    if (parsed.ok) return [];
    const { says, instead, offset, length } = parsed.fault;
    return [{ path: ['never', index], code: 'firewall/unknown-source', says, instead, offset, length }];
  });
  return problems.length > 0 ? failed(problems) : built(new Callers(settings, clock));
}
