// Who is who: one-time tokens that become sessions, sessions of browsers, and tokens of programs. Only digests are kept.

import { createHash, timingSafeEqual } from 'node:crypto';
import { Bounded } from '../base/bounded.ts';
import { full, pour } from '../base/bucket.ts';
import type { Clock } from '../base/clock.ts';

/** What somebody may do: look, or change things, too. */
export type Role = 'read' | 'write';

/** Whoever asks. `name` is for the audit trail. */
export interface Caller {
  readonly name: string;
  readonly role: Role;
  /** What this caller's requests are counted on. */
  readonly allowance: Allowance;
}

/** A session of a browser, as it is told to it once. */
export interface Opened {
  /** The value of the cookie. */
  readonly cookie: string;
  /** What scripts of the page send beside it: other ports of this machine get the cookie, and not this. */
  readonly csrf: string;
}

/** A program's token, as the settings have it. */
export interface KnownToken {
  readonly name: string;
  readonly role: Role;
  readonly sha256: string;
}

/** What is needed of the outside. `random` gives so many unguessable bytes. */
export interface SessionTools {
  readonly clock: Clock;
  random(bytes: number): Uint8Array;
}

interface Session extends Caller {
  readonly csrfDigest: Buffer;
  lastUsedMs: number;
  readonly openedMs: number;
}

/** How long a link may be used, in ms. */
export const linkMs = 15 * 60_000;
/** A session ends after so long without a request, and after so long in any case, in ms. */
const idleMs = 12 * 3_600_000;
const longestMs = 7 * 24 * 3_600_000;
const maxLinks = 16;
const maxSessions = 64;
const secretBytes = 32;

/** Requests of one caller: so many at once, and then one every so many ms. */
const burst = 200;
const refillMs = 10;

/** How many requests a caller still has. */
export class Allowance {
  #emptyAtMs = 0;

  /** Takes one, or says that there is none left now. */
  take(nowMs: number): boolean {
    const next = pour(this.#emptyAtMs, nowMs, refillMs, burst);
    if (next === full) return false;
    this.#emptyAtMs = next;
    return true;
  }
}

/** All that may speak to the station. */
export class Sessions {
  readonly #tools: SessionTools;
  /** When each link stops to work, by the digest of its token. */
  readonly #links = new Bounded<string, number>(maxLinks);
  /** By the digest of the cookie. */
  readonly #sessions = new Bounded<string, Session>(maxSessions);
  #tokens: readonly (KnownToken & { readonly allowance: Allowance })[] = [];
  #count = 0;

  constructor(tools: SessionTools) {
    this.#tools = tools;
  }

  /** Sessions that are open. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Puts the programs' tokens of other settings in force. */
  useTokens(tokens: readonly KnownToken[]): void {
    this.#tokens = tokens.map((token) => ({ ...token, allowance: new Allowance() }));
  }

  /** A token that opens one session within `linkMs`. */
  mint(): string {
    const token = this.#secret();
    this.#links.set(digestOf(token).toString('hex'), this.#tools.clock.monotonicMs() + linkMs);
    return token;
  }

  /** Opens a session for a token of a link, which is used up; null where it is none, or no longer. */
  open(token: string): Opened | null {
    const digest = digestOf(token).toString('hex');
    const untilMs = this.#links.get(digest);
    this.#links.delete(digest);
    const now = this.#tools.clock.monotonicMs();
    if (untilMs === undefined || untilMs < now) return null;
    const opened = { cookie: this.#secret(), csrf: this.#secret() };
    this.#sessions.set(digestOf(opened.cookie).toString('hex'), {
      name: `browser ${++this.#count}`,
      role: 'write',
      allowance: new Allowance(),
      csrfDigest: digestOf(opened.csrf),
      openedMs: now,
      lastUsedMs: now,
    });
    return opened;
  }

  /** Who has this cookie and the secret that belongs to it, or null. */
  ofBrowser(cookie: string, csrf: string): Caller | null {
    const digest = digestOf(cookie).toString('hex');
    const session = this.#sessions.peek(digest);
    if (session === undefined || !timingSafeEqual(session.csrfDigest, digestOf(csrf))) return null;
    const now = this.#tools.clock.monotonicMs();
    if (now - session.lastUsedMs > idleMs || now - session.openedMs > longestMs) {
      this.#sessions.delete(digest);
      return null;
    }
    session.lastUsedMs = now;
    this.#sessions.get(digest);
    return session;
  }

  /** Who has this token of a program, or null. */
  ofProgram(token: string): Caller | null {
    const digest = digestOf(token);
    let found: Caller | null = null;
    // All are compared, so that time does not tell which one was nearly right.
    for (const known of this.#tokens) if (timingSafeEqual(Buffer.from(known.sha256, 'hex'), digest)) found = known;
    return found;
  }

  /** Ends the session of this cookie. */
  close(cookie: string): void {
    this.#sessions.delete(digestOf(cookie).toString('hex'));
  }

  #secret(): string {
    return Buffer.from(this.#tools.random(secretBytes)).toString('base64url');
  }
}

/** The digest by which a secret is known. */
export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
