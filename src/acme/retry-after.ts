// When to come again: what a Retry-After field says (RFC 9110 10.2.3), and the pauses between attempts of our own.

/** Longest wait that a CA may ask for, in ms: a week, the longest window of a rate limit. */
const maxRetryAfterMs = 7 * 86_400_000;
const firstPauseMs = 60_000;
const longestPauseMs = 86_400_000;

/** A Retry-After field, seconds or a date, in ms from `now`; null where there is none that can be read. */
export function retryAfterMs(field: string, now: number): number | null {
  const text = field.trim();
  if (text === '') return null;
  const seconds = Number(text);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? null : Math.min(maxRetryAfterMs, Math.max(0, Math.ceil(ms)));
}

/** The pause after so many failures in a row (at least 1): a minute, doubled each time up to a day, and up to half as much again
 * by `random` (from 0 to 1), so that many names do not come back together. Never shorter than what the CA asked for. */
export function pauseMs(failures: number, askedMs: number | null, random: number): number {
  const own = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(20, failures - 1));
  return Math.ceil(Math.max(own, askedMs ?? 0) * (1 + random / 2));
}
