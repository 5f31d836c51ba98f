// Answers to a certificate authority that looks whether a name is ours (HTTP-01, RFC 8555 8.3): before redirects, sites, rates and the WAF.

import type { Exchange } from '../traffic/exchange.ts';
import type { OwnAnswer } from '../traffic/sides.ts';

/** What is to be answered at one address. */
export interface ChallengeToken {
  readonly token: string;
  readonly answer: string;
}

const place = '/.well-known/acme-challenge/';

/** The answers of the moment. Nobody can guess a token, so that its name alone decides, whatever host it is asked of. */
export class ChallengeAnswers {
  #answers: ReadonlyMap<string, string> = new Map();

  /** These, and no others, from now on. */
  use(tokens: readonly ChallengeToken[]): void {
    this.#answers = new Map(tokens.map(({ token, answer }) => [token, answer]));
  }

  /** The answer, which ends the exchange, or null where the request is for somebody else: an application behind the gate may have an ACME client of its own. */
  find(exchange: Pick<Exchange, 'method' | 'path' | 'endedWhy'>, now: number): OwnAnswer | null {
    const { method, path } = exchange;
    if (this.#answers.size === 0 || !path.startsWith(place)) return null;
    const body = this.#answers.get(path.slice(place.length));
    if (body === undefined || (method !== 'GET' && method !== 'HEAD')) return null;
    exchange.endedWhy = 'http/acme-challenge';
    const fields = `Date: ${new Date(now).toUTCString()}\r\nContent-Type: application/octet-stream\r\nContent-Length: ${body.length}\r\nCache-Control: no-store\r\n`;
    return { status: 200, fields, body: method === 'HEAD' ? '' : body };
  }
}
