// When a revocation list was made and when the next one is due (RFC 5280 5.1.2): OpenSSL refuses every client by one that is overdue.

import { readElement, readElements } from '../base/der-reader.ts';
import type { Path, Problem } from '../base/problem.ts';

/** Times are ms since 1970; `until` is null where the list says none. */
export interface CrlDates {
  readonly from: number;
  readonly until: number | null;
}

const dayMs = 86_400_000;
/** A list is told this long before it is overdue, or a quarter of its life, whichever is shorter. */
const soonMs = 3 * dayMs;
const utcTime = 0x17;
const generalizedTime = 0x18;

/** The dates of a list (PEM), or null where it cannot be read. */
export function crlDates(pem: string): CrlDates | null {
  const der = Buffer.from(
    pem
      .split('\n')
      .filter((line) => !line.startsWith('-----'))
      .join(''),
    'base64',
  );
  const whole = readElement(der, 0);
  const list = whole === null ? null : readElement(der, whole.from, whole.to);
  const fields = list === null ? null : readElements(der, list.from, list.to);
  if (fields === null) return null;
  // The first times behind signature and issuer are thisUpdate and nextUpdate; nothing before them is one.
  const first = fields.findIndex(({ tag }) => tag === utcTime || tag === generalizedTime);
  if (first < 0) return null;
  const [from, until] = fields
    .slice(first, first + 2)
    .map(({ tag, from: start, to }) => timeOf(tag, der.toString('latin1', start, to)));
  return from === undefined || from === null ? null : { from, until: until ?? null };
}

/** What its dates mean for `now`: a problem, a warning, or nothing. */
export function judgeCrl(
  pem: string,
  name: string,
  path: Path,
  now: number,
): { readonly weight: 'problem' | 'warning'; readonly problem: Problem } | null {
  const dates = crlDates(pem);
  const instead = 'fetch the newest list of the CA';
  if (dates === null)
    return {
      weight: 'problem',
      problem: { path, code: 'tls/crl-damaged', says: `${name} is damaged: its dates cannot be read`, instead },
    };
  const { from, until } = dates;
  if (now < from)
    return {
      weight: 'problem',
      problem: {
        path,
        code: 'tls/crl-early',
        says: `${name} holds a revocation list of ${minute(from)}, and the clock of this machine says ${minute(now)}: every client would be refused`,
        instead: 'set the clock of this machine, or that of the CA',
      },
    };
  if (until === null) return null;
  if (now > until)
    return {
      weight: 'problem',
      problem: {
        path,
        code: 'tls/crl-overdue',
        says: `${name} holds a revocation list that was good until ${minute(until)}: every client is refused as unchecked`,
        instead: `${instead} and reload`,
      },
    };
  if (until - now >= Math.min(soonMs, (until - from) / 4)) return null;
  return {
    weight: 'warning',
    problem: {
      path,
      code: 'tls/crl-overdue-soon',
      says: `${name} holds a revocation list that is good until ${minute(until)}; from then on every client is refused as unchecked`,
      instead: `${instead} before, and reload`,
    },
  };
}

/** UTCTime (two digits of the year, RFC 5280 4.1.2.5.1) or GeneralizedTime, both in Z; null for anything else. */
function timeOf(tag: number, text: string): number | null {
  if (tag !== utcTime && tag !== generalizedTime) return null;
  const year =
    tag === generalizedTime ? text.slice(0, 4) : `${Number(text.slice(0, 2)) < 50 ? 20 : 19}${text.slice(0, 2)}`;
  const rest = text.slice(tag === generalizedTime ? 4 : 2);
  const [month, day, hour, minutes, seconds] = [0, 2, 4, 6, 8].map((at) => rest.slice(at, at + 2));
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minutes}:${seconds}Z`);
  return Number.isNaN(ms) || rest.length !== 11 || rest[10] !== 'Z' ? null : ms;
}

function minute(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}
