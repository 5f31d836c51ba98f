// What findings come to: proof counts wherever it stands, doubts only where several are about one value in one language.

import type { Finding } from '../traffic/finding.ts';

/** From this score on a finding is proof. */
const proof = 5;

/** Detectors by what they read; each of the others reads what nobody else does. */
const languages: ReadonlyMap<string, string> = new Map([
  ['expression-injection', 'code'],
  ['template-injection', 'code'],
  ['serialised-object', 'code'],
  ['code-injection', 'code'],
  ['prototype-pollution', 'code'],
  ['nosql-injection', 'query'],
  ['ldap-injection', 'query'],
  ['xpath-injection', 'query'],
]);
/** Detectors that judge the sender or how the request was made: their doubts make those about any value weigh more. */
const aboutSender: ReadonlySet<string> = new Set(['scanner', 'sensitive-path', 'evasion', 'file-upload']);

/**
 * The score of a request with these findings. A rule counts once, with the most it says. Doubts add up within one value and
 * one language: a page of text that mentions a path here and a statement there is no attack, however long it is.
 */
export function sumOf(findings: readonly Finding[]): number {
  const proven = new Map<number, number>();
  for (const { id, score } of findings) if (score >= proof) proven.set(id, Math.max(score, proven.get(id) ?? 0));
  const doubts = new Map<string, Map<number, number>>();
  for (const { id, score, detector, place } of findings) {
    if (proven.has(id)) continue;
    // Because a name is cut off its value at the first `=`, wherever that stands.
    const value = place.slice(place.indexOf(':') + 1);
    const key = aboutSender.has(detector) ? '' : `${languages.get(detector) ?? detector} ${value}`;
    const group = doubts.get(key) ?? new Map<number, number>();
    doubts.set(key, group);
    group.set(id, Math.max(score, group.get(id) ?? 0));
  }
  let worst = 0;
  for (const [key, group] of doubts) if (key !== '') worst = Math.max(worst, total(group));
  return total(proven) + worst + total(doubts.get(''));
}

function total(scores: ReadonlyMap<number, number> | undefined): number {
  let sum = 0;
  for (const score of scores?.values() ?? []) sum += score;
  return sum;
}
