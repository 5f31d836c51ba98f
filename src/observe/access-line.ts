// Lines of the access log, in NCSA's combined format and in JSON. What a client sent cannot end a line, nor forge or hide a part of one.

import type { Exchange } from '../traffic/exchange.ts';
import { shownTarget } from '../traffic/journey.ts';
import type { AccessFormat } from '../traffic/log-target.ts';
import { layerOf, outcomeOf } from './outcome.ts';
import { jsonLine } from './plain.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Longest field of a header that a line has, in characters. */
const maxField = 512;

/** Writes lines; times of one second are put into words once. */
export class AccessLines {
  readonly #write: (exchange: Exchange) => string;
  #second = -1;
  #words = '';

  constructor(format: AccessFormat) {
    this.#write = format === 'json' ? jsonOf : (exchange) => this.#combined(exchange);
  }

  /** The line of an exchange that has ended, without its line feed. */
  of(exchange: Exchange): string {
    return this.#write(exchange);
  }

  /** `%h - - [%t] "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`. Names of users are left out: they are half of a secret. */
  #combined(exchange: Exchange): string {
    const { client, connection, startedAt, method, version, status, responseBytes, headers } = exchange;
    const request = `${escaped(method)} ${escaped(shownTarget(exchange))} HTTP/${version}`;
    const bytes = responseBytes > 0 ? responseBytes : '-';
    const [referrer, agent] = [fieldOf(headers.get('referer')), fieldOf(headers.get('user-agent'))];
    return `${client || connection.peer} - - [${this.#time(startedAt)}] "${request}" ${status || 499} ${bytes} "${referrer}" "${agent}"`;
  }

  #time(at: number): string {
    const second = Math.floor(at / 1000);
    if (second === this.#second) return this.#words;
    const date = new Date(at);
    const two = (number: number) => String(number).padStart(2, '0');
    const day = `${two(date.getUTCDate())}/${months[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
    this.#second = second;
    this.#words = `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
    return this.#words;
  }
}

function jsonOf(exchange: Exchange): string {
  const { connection, headers, refusal, findings } = exchange;
  return jsonLine({
    time: new Date(exchange.startedAt).toISOString(),
    id: exchange.id,
    client: exchange.client || connection.peer,
    method: exchange.method,
    target: shownTarget(exchange),
    version: exchange.version,
    host: exchange.host,
    site: exchange.site,
    status: exchange.status,
    requestBytes: exchange.requestBytes,
    bytes: exchange.responseBytes,
    ms: rounded(exchange.ms),
    referer: cut(headers.get('referer') ?? ''),
    userAgent: cut(headers.get('user-agent') ?? ''),
    tls: connection.tls?.version ?? '',
    verdict: outcomeOf(exchange),
    layer: layerOf(exchange),
    why: refusal?.why ?? exchange.endedWhy,
    rule: refusal?.rule?.id ?? (findings?.[0] === undefined ? '' : String(findings[0].id)),
    score: exchange.wafScore,
    upstream: exchange.upstreamTo,
    upstreamMs: rounded(exchange.upstreamMs),
  });
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function fieldOf(value: string | null | undefined): string {
  return value === null || value === undefined || value === '' ? '-' : escaped(cut(value));
}

function cut(text: string): string {
  return text.length <= maxField ? text : `${text.slice(0, maxField)}…`;
}

/** As nginx escapes: quotes, backslashes and all that is no visible ASCII become `\xHH`, byte by byte. */
function escaped(text: string): string {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return escapedWhole(text);
  }
  return text;
}

function escapedWhole(text: string): string {
  let out = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x22 && byte !== 0x5c;
    out += isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}
