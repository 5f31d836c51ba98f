// Sticky sessions: a cookie that says which endpoint a client was given, signed so that nobody chooses one for himself.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { Bounded } from '../base/bounded.ts';
import { cookieOf } from '../traffic/cookie.ts';
import type { Exchange } from '../traffic/exchange.ts';

/** What a site's cookie is called and how long it holds. */
export interface StickySettings {
  readonly cookie: string;
  /** Path of the cookie: that of the site. */
  readonly path: string;
  readonly maxAgeSeconds: number;
  readonly sameSite: 'lax' | 'strict' | 'none';
}

/** Bytes of the signature: 128 bits. */
const macBytes = 16;
/** Cookies whose signature is remembered to be right. */
const maxRemembered = 10_000;
/** `1.`, the endpoint (8 hex digits), `.`, the time (base 36 seconds), `.`, the signature. */
const maxCookieCharacters = 64;

interface Seen {
  readonly endpoint: string;
  readonly issuedSeconds: number;
}

/** The cookies of one site. */
export class Sticky {
  readonly settings: StickySettings;
  readonly #key: Buffer;
  readonly #now: () => number;
  readonly #seen = new Bounded<string, Seen>(maxRemembered);

  /** `secret` signs; `site` keeps a cookie of one site from meaning anything to another; `now` is ms since 1970. */
  constructor(settings: StickySettings, secret: Buffer, site: string, now: () => number) {
    this.settings = settings;
    this.#key = createHmac('sha256', secret).update(`portcullis sticky session\0${site}`).digest();
    this.#now = now;
  }

  /** The endpoint that the request's cookie names, as `idOf` writes it; '' where there is none, or one that is forged or stale. */
  read(exchange: Exchange): string {
    return this.#find(exchange)?.endpoint ?? '';
  }

  /** The Set-Cookie line for a client that was served by `id`; '' where its cookie says so already and is young. */
  line(exchange: Exchange, id: string): string {
    const { cookie, path, maxAgeSeconds, sameSite } = this.settings;
    const seen = this.#find(exchange);
    const nowSeconds = Math.floor(this.#now() / 1000);
    if (seen?.endpoint === id && nowSeconds - seen.issuedSeconds < maxAgeSeconds / 2) return '';
    const said = `1.${id}.${nowSeconds.toString(36)}`;
    // None is only taken with Secure, and Secure only means something where there is TLS (RFC 6265bis 5.7).
    const secure = exchange.connection.secure ? '; Secure' : '';
    const site = sameSite === 'none' && secure === '' ? 'Lax' : `${sameSite[0]!.toUpperCase()}${sameSite.slice(1)}`;
    return `Set-Cookie: ${cookie}=${said}.${this.#mac(said)}; Path=${path}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=${site}${secure}\r\n`;
  }

  #find(exchange: Exchange): Seen | null {
    const value = cookieOf(exchange, this.settings.cookie);
    if (value === '' || value.length > maxCookieCharacters) return null;
    const seen = this.#seen.get(value) ?? this.#verify(value);
    if (seen === null) return null;
    const age = Math.floor(this.#now() / 1000) - seen.issuedSeconds;
    return age >= -60 && age < this.settings.maxAgeSeconds ? seen : null;
  }

  #verify(value: string): Seen | null {
    const dot = value.lastIndexOf('.');
    const said = value.slice(0, Math.max(0, dot));
    const [version, endpoint, issued, ...rest] = said.split('.');
    if (version !== '1' || endpoint === undefined || issued === undefined || rest.length > 0) return null;
    const given = Buffer.from(value.slice(dot + 1), 'latin1');
    const right = Buffer.from(this.#mac(said), 'latin1');
    if (given.length !== right.length || !timingSafeEqual(given, right)) return null;
    const seen = { endpoint, issuedSeconds: Number.parseInt(issued, 36) };
    this.#seen.set(value, seen);
    return seen;
  }

  #mac(said: string): string {
    return createHmac('sha256', this.#key).update(said).digest().subarray(0, macBytes).toString('base64url');
  }
}

/** An endpoint as a cookie names it: its seed, which says nothing of its address. */
export function idOf(seed: number): string {
  return seed.toString(16).padStart(8, '0');
}
