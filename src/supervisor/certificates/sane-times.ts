// Times that are kept and cannot be meant: a clock that was years ahead for an hour must not put everything off for years.

import type { Kept } from './store.ts';

const dayMs = 86_400_000;
/** Nothing is put off for longer, in ms: a CA may ask for a week, and chance adds up to half. */
export const longestMs = 11 * dayMs;

/** What is kept, with every time that lies too far ahead of `now` (ms since 1970) brought back to it; the same object where none does. */
export function withSaneTimes(kept: Kept, now: number): Kept {
  const { failure, renewal, certificate } = kept;
  const isFar = (at: number): boolean => at > now + longestMs;
  let sane = kept;
  if (failure !== null && isFar(failure.nextAt)) sane = { ...sane, failure: { ...failure, nextAt: now, rests: [] } };
  if (renewal !== null && isFar(renewal.askAt)) sane = { ...sane, renewal: { ...renewal, askAt: now } };
  if (certificate !== null && (certificate.gotAt ?? 0) > now)
    sane = { ...sane, certificate: { ...certificate, gotAt: now } };
  return sane;
}
