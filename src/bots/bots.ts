// The door of what tells people's browsers and good robots from the rest: tasks for browsers.

import type { Exchange } from '../traffic/exchange.ts';
import type { Reason, Refusal } from '../traffic/verdict.ts';
import { Challenge, type ChallengeSettings } from './challenge.ts';

/** What the station is set to. */
export interface BotSettings {
  readonly challenge: ChallengeSettings;
}

export interface BotTools {
  /** Ms since 1970. */
  readonly now: () => number;
  /** What signs tasks and cookies, the same in all workers. */
  readonly key: Buffer;
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

  constructor(settings: BotSettings, tools: BotTools) {
    this.#challenge = new Challenge(settings.challenge, tools.key, tools.now);
  }

  /** Whether nobody is to set this request a task: its client did one, or brings the answer. */
  isSpared(exchange: Exchange): boolean {
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
