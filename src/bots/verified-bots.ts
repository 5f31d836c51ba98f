// Robots that say who they are, and whether it is true: asked of the DNS once in a while, remembered within bounds, waited for within one.

import { Bounded } from '../base/bounded.ts';
import type { Expiring, Timekeeper } from '../traffic/deadline.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { ReverseLookup, Standing } from './reverse-lookup.ts';

/** A robot: what its User-Agent contains, in lower case, and the domains that its addresses have names in. */
export interface BotName {
  readonly name: string;
  readonly agent: string;
  readonly domains: readonly string[];
}

/** How long what the DNS said is believed, in ms. */
const believedMs: Readonly<Record<Standing, number>> = { verified: 6 * 3_600_000, false: 3_600_000, unknown: 60_000 };
/** Answers that are remembered. */
const maxRemembered = 20_000;
/** Questions that are under way at once, and that are begun in a second: whoever makes names up must not have us ask for all. */
const maxAsking = 64;
const maxPerSecond = 50;
/** Requests that wait for one answer. */
const maxWaiting = 1000;

interface Known {
  readonly standing: Standing;
  readonly untilMs: number;
}

/** What the station needs of the outside. */
export interface VerifyingTools {
  readonly lookup: ReverseLookup;
  readonly timekeeper: Timekeeper;
  /** Monotonic, in ms. */
  readonly nowMs: () => number;
}

/** Who says to be which robot, and whether the DNS agrees. */
export class VerifiedBots {
  readonly #bots: readonly BotName[];
  readonly #waitMs: number;
  readonly #tools: VerifyingTools;
  readonly #known: Bounded<string, Known>;
  readonly #asking = new Map<string, Asking>();
  #second = 0;
  #begun = 0;

  /** `waitMs`: how long a first request waits for the answer; `previous` has asked already. */
  constructor(bots: readonly BotName[], waitMs: number, tools: VerifyingTools, previous: VerifiedBots | null) {
    this.#bots = bots;
    this.#waitMs = waitMs;
    this.#tools = tools;
    this.#known = previous === null ? new Bounded(maxRemembered) : previous.#known;
  }

  /** The robot that the request says it comes from, or null. */
  claimOf({ headers }: Pick<Exchange, 'headers'>): BotName | null {
    if (this.#bots.length === 0) return null;
    const agent = headers.get('user-agent')?.toLowerCase() ?? '';
    if (agent === '') return null;
    return this.#bots.find((bot) => agent.includes(bot.agent)) ?? null;
  }

  /** What is known of that by now. */
  standingOf(bot: BotName, client: string): Standing {
    const known = this.#known.get(keyOf(bot, client));
    return known === undefined || known.untilMs <= this.#tools.nowMs() ? 'unknown' : known.standing;
  }

  /** Asks where nobody knows, and calls `resume` when it is known or was waited for long enough; false where there is nothing to wait for. */
  await(bot: BotName, client: string, resume: () => void): boolean {
    const key = keyOf(bot, client);
    const known = this.#known.get(key);
    if (known !== undefined && known.untilMs > this.#tools.nowMs()) return false;
    const asking = this.#asking.get(key) ?? this.#ask(key, bot, client);
    return asking?.wait(resume) ?? false;
  }

  #ask(key: string, bot: BotName, client: string): Asking | null {
    const { lookup, timekeeper, nowMs } = this.#tools;
    const second = Math.floor(nowMs() / 1000);
    if (second !== this.#second) this.#begun = 0;
    this.#second = second;
    if (this.#asking.size >= maxAsking || this.#begun >= maxPerSecond) return null;
    this.#begun++;
    const asking = new Asking(timekeeper, this.#waitMs);
    this.#asking.set(key, asking);
    lookup(client, bot.domains, (standing) => {
      this.#asking.delete(key);
      this.#known.set(key, { standing, untilMs: nowMs() + believedMs[standing] });
      asking.end();
    });
    return asking;
  }
}

/** One question that is under way, and who waits for its answer. */
class Asking implements Expiring {
  due = 0;
  readonly #timekeeper: Timekeeper;
  #waiting: (() => void)[] | null = [];

  constructor(timekeeper: Timekeeper, waitMs: number) {
    this.#timekeeper = timekeeper;
    timekeeper.set(this, waitMs);
  }

  /** Calls `resume` later; false where that would be too late or too many. */
  wait(resume: () => void): boolean {
    if (this.#waiting === null || this.#waiting.length >= maxWaiting) return false;
    this.#waiting.push(resume);
    return true;
  }

  expire(): void {
    this.end();
  }

  end(): void {
    this.#timekeeper.clear(this);
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const resume of waiting) resume();
  }
}

function keyOf({ name, domains }: BotName, client: string): string {
  return `${name} ${domains.join()} ${client}`;
}
