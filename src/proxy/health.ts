// Whether an endpoint may get traffic: what its checks say, what its own exchanges say (a circuit breaker), and how gently it
// comes back.

import type { Expiring, Timekeeper } from '../traffic/deadline.ts';
import type { BreakerNews } from './endpoint-news.ts';

/** When traffic itself takes an endpoint out, and for how long. */
export interface BreakerSettings {
  /** Failures in a row that take it out; 0 for never. */
  readonly maxFailures: number;
  /** Whether that also holds where there is nobody else to go to. */
  readonly evenAlone: boolean;
  readonly openMs: number;
  /** Statuses that count as failures. */
  readonly statuses: readonly number[];
  /** How many times slower than its peers is too slow; 0 for never. */
  readonly slowFactor: number;
}

export type HealthState = 'up' | 'down' | 'open' | 'half-open' | 'starting';

export interface HealthTools {
  readonly timekeeper: Timekeeper;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
}

/** A breaker that opens again and again stays open longer, up to so many times `openMs`. */
const maxOpenings = 8;
/** One request tries for all workers: each lets the others go first for so long, in ms, that it would have heard of a try of theirs: deadlines
 * are up to two ticks of half a second late, and news takes a tenth. */
const turnMs = 1500;
/** Whoever comes later goes at the same time: no worker had a request for as long as that, so hardly two will. */
const maxTurns = 2;
/** Steps in which the share grows while an endpoint starts slowly, and the share of its first. */
const rampSteps = 10;

/** The health of one endpoint. `isAdmitting` is kept up to date, so that whoever balances reads a field. */
export class Health implements Expiring {
  due = 0;
  isAdmitting = true;
  /** From 0 to 1: how much of its weight it gets. */
  ramp = 1;
  /** Why it is not up, for people; '' where it is. */
  says = '';
  readonly #settings: BreakerSettings;
  readonly #slowStartMs: number;
  readonly #tools: HealthTools;
  readonly #onChange: () => void;
  #isCheckedUp = true;
  #breaker: 'closed' | 'open' | 'half-open' = 'closed';
  #isProbing = false;
  /** Does another worker's request try it? */
  #isProbedElsewhere = false;
  #openings = 0;
  #opensUntil = 0;
  /** Failures in a row before an answer began, and after. */
  #failures = 0;
  #cutShort = 0;
  /** Is there anybody else to go to? Its route says so. */
  hasPeers = false;
  /** How many workers try it before this one does. */
  #turnsBefore = 0;
  /** Hears what its own traffic found: that it was taken out, or is let in again. */
  onFound: ((found: BreakerNews) => void) | null = null;

  constructor(settings: BreakerSettings, slowStartMs: number, tools: HealthTools, onChange: () => void) {
    this.#settings = settings;
    this.#slowStartMs = slowStartMs;
    this.#tools = tools;
    this.#onChange = onChange;
  }

  get state(): HealthState {
    if (!this.#isCheckedUp) return 'down';
    if (this.#breaker !== 'closed') return this.#breaker;
    return this.ramp < 1 ? 'starting' : 'up';
  }

  /** Milliseconds until it is tried again, where that is known; otherwise null. */
  get retryMs(): number | null {
    return this.#breaker === 'open' ? Math.max(0, this.#opensUntil - this.#tools.now()) : null;
  }

  /** A request was given to it. In a half-open breaker that is the probe, and no other follows until it is over. */
  began(): void {
    if (this.#breaker !== 'half-open') return;
    this.#isProbing = true;
    this.#settle();
    this.onFound?.({ state: 'probing', says: this.says });
    // A probe of which nobody hears the end must not keep the endpoint out for ever.
    this.#tools.timekeeper.set(this, this.#settings.openMs);
  }

  /** It answered with this status; `isOver` where there is no more to come. */
  answered(status: number): void {
    if (this.#settings.statuses.includes(status)) {
      this.#count(`it answered ${status}`, false);
      return;
    }
    this.#failures = 0;
    if (this.#breaker === 'half-open') this.#close();
  }

  /** It answered to the end. */
  finished(): void {
    this.#cutShort = 0;
  }

  /** An exchange failed, and it was the endpoint's failure. */
  failed(says: string, hadAnswered: boolean): void {
    this.#count(says, hadAnswered);
  }

  /** The exchange ended without saying anything about the endpoint. */
  abandoned(): void {
    if (this.#breaker !== 'half-open') return;
    if (this.#isProbing) this.onFound?.({ state: 'free', says: this.says });
    this.#isProbing = false;
    this.#settle();
  }

  /** What its checks have found; `says` is why it is down. */
  checked(isUp: boolean, says: string): void {
    if (isUp === this.#isCheckedUp) {
      if (!isUp) this.says = says;
      return;
    }
    this.#isCheckedUp = isUp;
    this.says = says;
    if (isUp && this.#breaker === 'closed') this.startSlowly();
    this.#settle();
  }

  /** Takes it out for a while, whatever it answers. */
  eject(says: string): void {
    if (this.#breaker === 'closed') this.#open(says);
  }

  /** Another worker's traffic found that out. */
  heard({ state, says }: BreakerNews): void {
    if (state === 'open' && (this.#breaker !== 'open' || this.#isProbedElsewhere)) this.#open(says, false);
    else if (state === 'closed' && this.#breaker !== 'closed') this.#close(false);
    else if (state === 'probing') this.#letOther(this.#settings.openMs);
    else if (state === 'free' && this.#isProbedElsewhere) this.#letOther(this.#turn);
  }

  /** Another worker's request tries it, or may: this one does only if nothing is heard of that for so long. */
  #letOther(ms: number): void {
    if (this.#breaker === 'closed' || this.#isProbing) return;
    this.#breaker = 'open';
    this.#isProbedElsewhere = true;
    this.#tools.timekeeper.set(this, ms + this.#turnsBefore * this.#turn);
    this.#settle();
  }

  /** How long it lets each worker before it go first. */
  get #turn(): number {
    return Math.min(turnMs, this.#settings.openMs / 2);
  }

  /** This is worker number `slot`, from 1. */
  divide(slot: number): void {
    this.#turnsBefore = Math.min(maxTurns, slot - 1);
  }

  /** Begins with a small share of its weight. */
  startSlowly(): void {
    if (this.#slowStartMs === 0) return;
    this.ramp = 1 / rampSteps;
    this.#tools.timekeeper.set(this, this.#slowStartMs / rampSteps);
  }

  expire(): void {
    if (this.#breaker === 'closed') this.#climb();
    else if (this.#breaker === 'open') {
      this.#breaker = 'half-open';
      this.#isProbing = false;
      this.#isProbedElsewhere = false;
      this.#settle();
    } else this.abandoned();
  }

  /** Forgets its deadline: it is not used any more. */
  stop(): void {
    this.#tools.timekeeper.clear(this);
  }

  #climb(): void {
    this.ramp = Math.min(1, this.ramp + 1 / rampSteps);
    if (this.ramp < 0.999) this.#tools.timekeeper.set(this, this.#slowStartMs / rampSteps);
    else this.ramp = 1;
  }

  #count(says: string, hadAnswered: boolean): void {
    const { maxFailures, evenAlone } = this.#settings;
    const inRow = hadAnswered ? ++this.#cutShort : ++this.#failures;
    if (this.#breaker === 'half-open') this.#open(says);
    else if (this.#breaker === 'closed' && maxFailures > 0 && inRow >= maxFailures && (evenAlone || this.hasPeers))
      this.#open(`${inRow === 1 ? 'a failure' : `${inRow} failures in a row`}, the last: ${says}`);
  }

  #open(says: string, isOwn = true): void {
    const { openMs } = this.#settings;
    const ms = openMs * Math.min(maxOpenings, 2 ** Math.min(10, this.#openings));
    this.#openings++;
    this.#breaker = 'open';
    this.#isProbing = false;
    this.#isProbedElsewhere = false;
    this.#failures = 0;
    this.#cutShort = 0;
    this.#opensUntil = this.#tools.now() + ms;
    this.says = says;
    this.#tools.timekeeper.set(this, ms + this.#turnsBefore * this.#turn);
    this.#settle();
    if (isOwn) this.onFound?.({ state: 'open', says });
  }

  #close(isOwn = true): void {
    this.#breaker = 'closed';
    this.#openings = 0;
    this.#isProbing = false;
    this.#isProbedElsewhere = false;
    this.says = '';
    this.#tools.timekeeper.clear(this);
    this.startSlowly();
    this.#settle();
    if (isOwn) this.onFound?.({ state: 'closed', says: '' });
  }

  #settle(): void {
    const before = this.isAdmitting;
    const isClosed = this.#breaker === 'closed' || (this.#breaker === 'half-open' && !this.#isProbing);
    this.isAdmitting = this.#isCheckedUp && isClosed;
    if (this.isAdmitting && !before) this.#onChange();
  }
}
