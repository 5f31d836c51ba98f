// Tasks for browsers and the cookies that prove they were done. Nothing is kept for a task: it is signed, and what it is bound to is
// in the signature. A cookie follows from its task, so that an answer that is brought again brings nothing new.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { prefix64 } from '../base/address.ts';
import { Bounded } from '../base/bounded.ts';
import { cookieOf } from '../traffic/cookie.ts';
import type { Exchange } from '../traffic/exchange.ts';
import { answer, type Page, type Refusal } from '../traffic/verdict.ts';
import { answerPath, challengePage, pageFields } from './challenge-page.ts';
import { isSolved } from './proof-of-work.ts';

/** How hard a task is and how long things hold, in ms. */
export interface ChallengeSettings {
  /** Zero bits that the digest begins with: each one more doubles the work. */
  readonly bits: number;
  readonly answerWithinMs: number;
  readonly validMs: number;
}

const cookieName = 'portcullis_proof';
/** Bytes of a signature: 128 bits. */
const macBytes = 16;
/** Cookies whose signature is remembered to be right. */
const maxRemembered = 10_000;
const maxTaskCharacters = 64;
/** How far in the future something may have been signed, in seconds: by another machine with the same key. */
const maxSkewSeconds = 60;

type Asked = Pick<Exchange, 'client' | 'host' | 'headers' | 'connection' | 'path' | 'query' | 'method' | 'id'>;

/** Sets tasks and knows who did theirs. The client is bound as limits count it (an IPv6 client by its /64), and so is the host. */
export class Challenge {
  readonly settings: ChallengeSettings;
  readonly #taskKey: Buffer;
  readonly #proofKey: Buffer;
  readonly #now: () => number;
  readonly #right = new Bounded<string, number>(maxRemembered);

  /** `now` is ms since 1970. */
  constructor(settings: ChallengeSettings, key: Buffer, now: () => number) {
    this.settings = settings;
    this.#taskKey = createHmac('sha256', key).update('portcullis task').digest();
    this.#proofKey = createHmac('sha256', key).update('portcullis proof').digest();
    this.#now = now;
  }

  /** Whether the request brings an answer to a task: that is never answered by another task. */
  isAnswer({ path }: Pick<Exchange, 'path'>): boolean {
    return path === answerPath;
  }

  /** Whether the request has the cookie of a task that its client did for this host, and that still holds. */
  isProven(asked: Asked): boolean {
    const value = cookieOf(asked, cookieName);
    if (value === '' || value.length > maxTaskCharacters) return false;
    const whose = `${whoAsks(asked)}\n${value}`;
    const issued = this.#right.get(whose) ?? this.#verify(value, asked);
    if (issued < 0) return false;
    this.#right.set(whose, issued);
    return this.#isWithin(issued, this.settings.validMs);
  }

  /** The refusal with what its client is shown: the task for a browser, words for everybody else. */
  pose(asked: Asked, refusal: Refusal): Refusal {
    return { ...refusal, page: this.#pageFor(asked) };
  }

  /** What whoever brings an answer is told; the cookie where it is right. */
  accept(asked: Asked): Refusal {
    const { method, query } = asked;
    const task = valueOf(query, 'task');
    const issued = this.#readTask(task, asked);
    const wrong =
      method !== 'POST'
        ? 'answers are brought by POST'
        : issued < 0
          ? 'the task was not set to this client for this host by this gate'
          : !this.#isWithin(issued, this.settings.answerWithinMs)
            ? 'the task has expired'
            : !isSolved(task, valueOf(query, 'answer'), this.settings.bits)
              ? 'the answer does not solve the task'
              : '';
    if (wrong !== '') return { ...answer(403, 'bots/wrong-answer', wrong), page: plain(`${wrong}\n`) };
    return {
      ...answer(204, 'bots/proven', 'the client did its task and has its cookie'),
      page: { fields: `Cache-Control: no-store\r\n${this.#cookieLine(issued, asked)}`, body: '' },
    };
  }

  #pageFor(asked: Asked): Page {
    const { method, headers, id } = asked;
    if (headers.get('accept')?.toLowerCase().includes('text/html')) {
      const issued = Math.floor(this.#now() / 1000);
      const task = this.#taskOf(issued, asked);
      const isRepeatable = method === 'GET';
      const body = challengePage({ task, bits: this.settings.bits, id, isRepeatable });
      return paged(pageFields, body);
    }
    const says =
      'This address answers browsers that have done a small task. Open it in a browser with scripts and cookies, or ask the owner of the site to let your program pass.';
    if (headers.get('accept')?.toLowerCase().includes('json'))
      return paged(
        'Content-Type: application/json\r\n',
        `${JSON.stringify({ error: 'challenge', detail: says, id })}\n`,
      );
    return plain(`${says}\nNumber of this request: ${id}\n`);
  }

  #taskOf(issued: number, asked: Asked): string {
    const said = `1.${issued.toString(36)}.${this.settings.bits}`;
    return `${said}.${mac(this.#taskKey, `${said}\n${whoAsks(asked)}`)}`;
  }

  /** When the task was set, in seconds; -1 where it was not set by us, to this client, for this host and as hard as now. */
  #readTask(task: string, asked: Asked): number {
    const issued = secondsOf(task);
    return issued >= 0 && isSame(task, this.#taskOf(issued, asked)) ? issued : -1;
  }

  #proofOf(issued: number, asked: Asked): string {
    const said = `1.${issued.toString(36)}`;
    return `${said}.${mac(this.#proofKey, `${said}\n${whoAsks(asked)}`)}`;
  }

  #verify(value: string, asked: Asked): number {
    const issued = secondsOf(value);
    return issued >= 0 && isSame(value, this.#proofOf(issued, asked)) ? issued : -1;
  }

  #cookieLine(issued: number, asked: Asked): string {
    const left = Math.max(0, issued + Math.floor(this.settings.validMs / 1000) - Math.floor(this.#now() / 1000));
    const secure = asked.connection.secure ? '; Secure' : '';
    return `Set-Cookie: ${cookieName}=${this.#proofOf(issued, asked)}; Path=/; Max-Age=${left}; HttpOnly; SameSite=Lax${secure}\r\n`;
  }

  #isWithin(issued: number, lengthMs: number): boolean {
    const age = Math.floor(this.#now() / 1000) - issued;
    return age >= -maxSkewSeconds && age * 1000 < lengthMs;
  }
}

/** Whom and what a task is bound to. */
function whoAsks({ client, host }: Asked): string {
  return `${prefix64(client)}\n${host}`;
}

/** The time in `1.TIME.…`, in seconds since 1970; -1 where there is none. */
function secondsOf(text: string): number {
  if (text.length > maxTaskCharacters || !text.startsWith('1.')) return -1;
  const end = text.indexOf('.', 2);
  const seconds = end < 0 ? Number.NaN : Number.parseInt(text.slice(2, end), 36);
  return Number.isSafeInteger(seconds) && seconds >= 0 ? seconds : -1;
}

/** The value of a plain argument of the query; '' where it is missing. */
function valueOf(query: string, name: string): string {
  for (const pair of query.split('&', 8)) if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1);
  return '';
}

function mac(key: Buffer, said: string): string {
  return createHmac('sha256', key).update(said).digest().subarray(0, macBytes).toString('base64url');
}

function isSame(given: string, right: string): boolean {
  const one = Buffer.from(given, 'latin1');
  const other = Buffer.from(right, 'latin1');
  return one.length === other.length && timingSafeEqual(one, other);
}

function plain(body: string): Page {
  return paged('Content-Type: text/plain; charset=utf-8\r\n', body);
}

function paged(fields: string, body: string): Page {
  return {
    fields: `${fields}Content-Length: ${body.length}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n`,
    body,
  };
}
