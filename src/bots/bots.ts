// The door of what tells people's browsers and good robots from the rest: tasks for browsers, names of robots that the DNS confirms.

import type { Timekeeper } from '../traffic/deadline.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { Reason, Refusal } from '../traffic/verdict.ts';
import { Challenge, type ChallengeSettings } from './challenge.ts';
import type { ReverseLookup } from './reverse-lookup.ts';
import { type BotName, VerifiedBots } from './verified-bots.ts';

export { reverseLookup } from './reverse-lookup.ts';

/** What the station is set to. */
export interface BotSettings {
  readonly challenge: ChallengeSettings;
  readonly verified: readonly BotName[];
  /** How long a request waits for the DNS to say whether its robot is one, in ms. */
  readonly waitMs: number;
}

export interface BotTools {
  /** Ms since 1970. */
  readonly now: () => number;
  /** What signs tasks and cookies, the same in all workers. */
  readonly key: Buffer;
  /** Monotonic, in ms. */
  readonly nowMs: () => number;
  readonly timekeeper: Timekeeper;
  readonly lookup: ReverseLookup;
  /** The station of the generation before, whose questions need not be asked again. */
  readonly previous: Bots | null;
}

/** Every `why` of this station. */
export const reasons: Readonly<Record<string, Reason>> = Object.freeze({
  'bots/proven': {
    says: 'A browser did the task that it was set, and got its cookie.',
    allow: 'Nothing was refused.',
  },
  'bots/wrong-answer': {
    says: 'What was brought as the answer to a task is none.',
    allow: 'Load the page again: tasks hold for `bots.challenge.answer_within`, for one client and one host.',
  },
});

/** The station. */
export class Bots {
  readonly #challenge: Challenge;
  readonly #verified: VerifiedBots;

  constructor(settings: BotSettings, tools: BotTools) {
    this.#challenge = new Challenge(settings.challenge, tools.key, tools.now);
    const before = tools.previous === null ? null : tools.previous.#verified;
    this.#verified = new VerifiedBots(settings.verified, settings.waitMs, tools, before);
  }

  /** Begins to find out whether the robot that this request says it comes from is one. True where `resume` will be called, when that is
   * known or was waited for long enough: then nothing is to be judged before. */
  await(exchange: Exchange, resume: () => void): boolean {
    const bot = this.#verified.claimOf(exchange);
    return bot !== null && this.#verified.await(bot, exchange.client, resume);
  }

  /** Writes into the exchange which robot it says to be, and what is known of that. */
  recognise(exchange: Exchange): void {
    const bot = this.#verified.claimOf(exchange);
    if (bot === null) return;
    exchange.bot = bot.name;
    exchange.botStanding = this.#verified.standingOf(bot, exchange.client);
  }

  /** Whether nobody is to set this request a task: its client did one or is a robot that is known, or it brings the answer. */
  isSpared(exchange: Exchange): boolean {
    if (exchange.botStanding === 'verified') return true;
    return this.#challenge.isAnswer(exchange) || this.#challenge.isProven(exchange);
  }

  /** What answers a request that brings an answer to a task; null for all others. */
  answer(exchange: Exchange): Refusal | null {
    return this.#challenge.isAnswer(exchange) ? this.#challenge.accept(exchange) : null;
  }

  /** The refusal, with the task for a browser where it asks for one. */
  treat(exchange: Exchange, refusal: Refusal): Refusal {
    return refusal.treatment === 'challenge' ? this.#challenge.pose(exchange, refusal) : refusal;
  }
}
