// Texts and limits in the form that nft takes.

import type { Json } from './table.ts';

/** How many in how much time, and at once after a silence. */
export interface KernelRate {
  readonly limit: number;
  readonly windowMs: number;
}

/** Longest comment of a rule, in bytes (NFTNL_UDATA_COMMENT_MAXLEN is 128 with its zero). */
const maxCommentBytes = 127;

/** `text` as a comment: one line, without quotes and control characters, cut where it is too long. */
export function shortened(text: string): string {
  let out = '';
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const isPlain = code >= 0x20 && code !== 0x22 && code !== 0x5c && (code < 0x7f || code > 0x9f);
    const shown = isPlain && (code < 0xd800 || code > 0xdfff) ? character : ' ';
    bytes += Buffer.byteLength(shown);
    if (bytes > maxCommentBytes) return out.trimEnd();
    out += shown;
  }
  return out.trimEnd();
}

const units = [
  ['second', 1000],
  ['minute', 60_000],
  ['hour', 3_600_000],
  ['day', 86_400_000],
] as const;

/**
 * nft's limit for a rate: tokens come evenly, and as many as the rate names may be used at once. `over` matches what
 * exceeds it. The rate is exact where a unit of nft divides it, else rounded up in the largest.
 */
export function limitOf({ limit, windowMs }: KernelRate, over: boolean): Json {
  const inverse = over ? { inv: true } : {};
  for (const [per, ms] of units) {
    const rate = (limit * ms) / windowMs;
    if (Number.isInteger(rate)) return { rate, burst: limit, per, ...inverse };
  }
  return { rate: Math.ceil((limit * 86_400_000) / windowMs), burst: limit, per: 'day', ...inverse };
}
