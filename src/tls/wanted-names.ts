// Names that clients asked for and nobody serves yet: each is asked for once at a time, and a refusal is remembered for a while.

import { Bounded } from '../base/bounded.ts';
import { readName } from './names.ts';

/** Has a certificate for a name, or says false. */
export type Want = (name: string) => Promise<boolean>;

/** Names that are waited for at once, in one worker. */
const maxWaiting = 128;
/** Refused names that are remembered, and for how long, in ms. */
const maxRefused = 4096;
const refusedMs = 60_000;

/** The names that one worker waits for. */
export class WantedNames {
  readonly #want: Want;
  readonly #now: () => number;
  readonly #waiting = new Map<string, Promise<boolean>>();
  readonly #refusedAt = new Bounded<string, number>(maxRefused);

  /** `now` gives ms of the monotonic clock. */
  constructor(want: Want, now: () => number) {
    this.#want = want;
    this.#now = now;
  }

  /** Whether there is a certificate for this SNI in the end; false at once for what is no host name, was refused lately, or is one too many. */
  ask(serverName: string): Promise<boolean> {
    const name = readName(serverName);
    if (name === null || !isHost(name)) return Promise.resolve(false);
    const before = this.#waiting.get(name);
    if (before !== undefined) return before;
    const refusedAt = this.#refusedAt.peek(name);
    if (refusedAt !== undefined && this.#now() - refusedAt < refusedMs) return Promise.resolve(false);
    if (this.#waiting.size >= maxWaiting) return Promise.resolve(false);
    const answer = this.#want(name).then(
      (isThere) => this.#settle(name, isThere),
      () => this.#settle(name, false),
    );
    this.#waiting.set(name, answer);
    return answer;
  }

  #settle(name: string, isThere: boolean): boolean {
    this.#waiting.delete(name);
    if (!isThere) this.#refusedAt.set(name, this.#now());
    return isThere;
  }
}

/** A name of at least two labels that is no address and no wildcard. */
function isHost(name: string): boolean {
  return (
    name.includes('.') && !name.startsWith('*') && !name.includes(':') && !isDigit(name.charCodeAt(name.length - 1))
  );
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
