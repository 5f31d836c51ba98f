// When a certificate is to be renewed: as its CA suggests (RFC 9773), else by how much of its life is over.

/** A window that the CA suggests, in ms since 1970. */
export interface Window {
  readonly start: number;
  readonly end: number;
  /** A page that says why, or ''. */
  readonly explanation: string;
}

/** A certificate shorter than this is renewed at half its life, others when a third is left. */
const shortLifeMs = 10 * 86_400_000;
/** Bounds of how often a CA is asked about one certificate, in ms (RFC 9773 4.3). */
const leastAskMs = 60_000;
const mostAskMs = 86_400_000;
const usualAskMs = 6 * 3_600_000;

/** Reads renewal information; null where it is none, or its window is empty. */
export function readWindow(value: unknown): Window | null {
  if (typeof value !== 'object' || value === null) return null;
  const { suggestedWindow, explanationURL } = value as Record<string, unknown>;
  if (typeof suggestedWindow !== 'object' || suggestedWindow === null) return null;
  const { start, end } = suggestedWindow as Record<string, unknown>;
  const [from, to] = [Date.parse(String(start)), Date.parse(String(end))];
  if (!(from < to)) return null;
  return { start: from, end: to, explanation: typeof explanationURL === 'string' ? explanationURL.slice(0, 500) : '' };
}

/** A moment in the window, by chance (from 0 to 1), so that not everybody comes at once (RFC 9773 4.2). */
export function momentIn({ start, end }: Window, random: number): number {
  return Math.floor(start + (end - start) * random);
}

/** When to renew without the CA's word: with a third of its life left, with half where it lives shorter than ten days; all in ms. */
export function ownMoment(notBefore: number, notAfter: number): number {
  const life = notAfter - notBefore;
  return notAfter - life / (life < shortLifeMs ? 2 : 3);
}

/** When to ask the CA again, in ms from now, by what its answer said. */
export function askAgainMs(retryAfterMs: number | null): number {
  return Math.min(mostAskMs, Math.max(leastAskMs, retryAfterMs ?? usualAskMs));
}
