// A conversation with one CA: its directory, its nonces, signed requests (RFC 8555 6), and what its clock says.

import type { KeyObject } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { CaProblem, CaUnreachable, readProblem } from './ca-trouble.ts';
import type { Caller, Reply } from './https-call.ts';
import { jwkOf, signJws } from './jws.ts';
import { retryAfterMs } from './retry-after.ts';

/** The parts of a CA's directory (RFC 8555 7.1.1, RFC 9773 3). Missing ones are ''. */
export interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly revokeCert: string;
  readonly keyChange: string;
  readonly renewalInfo: string;
  readonly termsOfService: string;
  readonly needsExternalBinding: boolean;
  /** Domains that a CAA record may name for this CA. */
  readonly caaIdentities: readonly string[];
  /** Profiles by name, with the CA's sentence about each. */
  readonly profiles: ReadonlyMap<string, string>;
}

/** Most nonces kept, newest last: a CA forgets old ones. */
const maxNonces = 16;
/** So often a request is signed anew where the CA does not take its nonce. */
const maxNonceRetries = 25;
/** A directory is asked for again after this time, in ms. */
const directoryAgeMs = 3_600_000;

/** One CA, by the address of its directory. Requests reject with `CaProblem` or `CaUnreachable`. */
export class CaSession {
  readonly directoryUrl: string;
  /** How far the CA's clock is before ours, in ms, as last heard; null before anything was. */
  skewMs: number | null = null;
  readonly #caller: Caller;
  readonly #clock: Clock;
  #directory: Directory | null = null;
  #directoryAtMs = 0;
  #nonces: string[] = [];
  /** Until when the CA would be left alone, on the monotonic clock. */
  #restUntilMs = 0;

  constructor(directoryUrl: string, caller: Caller, clock: Clock) {
    this.directoryUrl = directoryUrl;
    this.#caller = caller;
    this.#clock = clock;
  }

  /** The directory, at most an hour old; `isFresh` asks for it in any case. */
  async directory(isFresh = false): Promise<Directory> {
    const now = this.#clock.monotonicMs();
    if (!isFresh && this.#directory !== null && now - this.#directoryAtMs < directoryAgeMs) return this.#directory;
    const reply = await this.#call({ method: 'GET', url: this.directoryUrl });
    if (reply.status !== 200) throw this.#problemOf(reply);
    this.#directory = readDirectory(this.directoryUrl, parse(this.directoryUrl, reply.body));
    this.#directoryAtMs = now;
    return this.#directory;
  }

  /** An unsigned question, as renewal information is asked for (RFC 9773 4.1). */
  async get(url: string): Promise<{ readonly reply: Reply; readonly value: unknown }> {
    const reply = await this.#call({ method: 'GET', url });
    if (reply.status !== 200) throw this.#problemOf(reply);
    return { reply, value: parse(url, reply.body) };
  }

  /** A signed request by an account (`kid`), or by a key that has none yet (''); gives any answer of the 2xx kind. */
  async post(url: string, payload: object | null, key: KeyObject, kid: string, accept?: string): Promise<Reply> {
    for (let attempt = 0; ; attempt++) {
      const nonce = this.#nonces.pop() ?? (await this.#freshNonce());
      const head = kid === '' ? { nonce, url, jwk: jwkOf(key) } : { nonce, url, kid };
      const body = JSON.stringify(signJws(key, head, payload));
      const reply = await this.#call({ method: 'POST', url, body, ...(accept === undefined ? {} : { accept }) });
      if (reply.status >= 200 && reply.status < 300) return reply;
      const problem = this.#problemOf(reply);
      if (problem.type !== 'badNonce' || attempt >= maxNonceRetries) throw problem;
    }
  }

  /** Whole milliseconds that an answer asks to wait, or null. */
  retryAfter(reply: Reply): number | null {
    // A date is one of the CA's clock, which need not be ours.
    const date = Date.parse(fieldOf(reply, 'date'));
    return retryAfterMs(fieldOf(reply, 'retry-after'), Number.isNaN(date) ? this.#clock.now() : date);
  }

  close(): void {
    this.#caller.close();
  }

  async #freshNonce(): Promise<string> {
    const { newNonce } = await this.directory();
    const reply = await this.#call({ method: 'HEAD', url: newNonce });
    if (reply.status >= 300) throw this.#problemOf(reply);
    const nonce = this.#nonces.pop();
    if (nonce === undefined) throw new CaUnreachable(newNonce, 'it gave no nonce');
    return nonce;
  }

  async #call(call: Parameters<Caller['call']>[0]): Promise<Reply> {
    const restMs = this.#restUntilMs - this.#clock.monotonicMs();
    if (restMs > 0) {
      const until = new Date(this.#clock.now() + restMs).toISOString();
      throw new CaProblem('unavailable', `it would be left alone until ${until}`, 503, Math.ceil(restMs), []);
    }
    const reply = await this.#caller.call(call);
    const nonce = fieldOf(reply, 'replay-nonce');
    if (nonce !== '') this.#nonces.push(nonce);
    if (this.#nonces.length > maxNonces) this.#nonces.shift();
    const date = Date.parse(fieldOf(reply, 'date'));
    // The field has whole seconds, cut off: on average half a second is missing.
    if (!Number.isNaN(date)) this.skewMs = date + 500 - this.#clock.now();
    return reply;
  }

  #problemOf(reply: Reply): CaProblem {
    let value: unknown = null;
    try {
      value = JSON.parse(reply.body);
    } catch {
      value = { type: 'unknown', detail: `status ${reply.status} without a problem document` };
    }
    const problem = readProblem(value, reply.status, this.retryAfter(reply));
    if (problem.isForAll && problem.retryAfterMs !== null)
      this.#restUntilMs = Math.max(this.#restUntilMs, this.#clock.monotonicMs() + problem.retryAfterMs);
    return problem;
  }
}

/** One field of an answer as text; several of one name are joined by commas. */
export function fieldOf({ fields }: Reply, name: string): string {
  const value = fields[name];
  return value === undefined ? '' : typeof value === 'string' ? value : value.join(', ');
}

/** The JSON object of an answer; anything else is a CA that cannot be spoken with. */
export function parse(url: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new CaUnreachable(url, 'what it answered is no JSON object');
}

function readDirectory(url: string, value: Readonly<Record<string, unknown>>): Directory {
  const meta = (typeof value.meta === 'object' && value.meta !== null ? value.meta : {}) as Record<string, unknown>;
  const text = (part: unknown): string => (typeof part === 'string' ? part : '');
  for (const name of ['newNonce', 'newAccount', 'newOrder'])
    if (text(value[name]) === '')
      throw new CaUnreachable(url, `what it answered is no ACME directory: it has no ${name}`);
  const profiles = typeof meta.profiles === 'object' && meta.profiles !== null ? Object.entries(meta.profiles) : [];
  return {
    newNonce: text(value.newNonce),
    newAccount: text(value.newAccount),
    newOrder: text(value.newOrder),
    revokeCert: text(value.revokeCert),
    keyChange: text(value.keyChange),
    renewalInfo: text(value.renewalInfo),
    termsOfService: text(meta.termsOfService),
    needsExternalBinding: meta.externalAccountRequired === true,
    caaIdentities: Array.isArray(meta.caaIdentities) ? meta.caaIdentities.filter((one) => typeof one === 'string') : [],
    profiles: new Map(profiles.slice(0, 50).map(([name, says]) => [name, text(says)])),
  };
}
