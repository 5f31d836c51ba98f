// What `portcullis logs` is asked for, as a question about the history.

import { outcomes } from '../traffic/history.ts';
import { type Arguments, type Option, UsageError } from './command.ts';

/** The options that choose. */
export const filterOptions: Readonly<Record<string, Option>> = {
  verdict: { type: 'string', multiple: true, value: 'WORD', says: 'pass, detect, block or fail; again for more' },
  client: { type: 'string', value: 'IP', says: 'from this address or network (203.0.113.0/24)' },
  path: { type: 'string', value: 'PATH', says: 'for this path, or what begins so (/admin/*)' },
  rule: { type: 'string', value: 'ID', says: 'in which this rule or detector found something' },
  layer: {
    type: 'string',
    value: 'NAME',
    says: 'decided by firewall, connections, tls, http, rates, waf, proxy or app',
  },
  why: { type: 'string', value: 'REASON', says: 'with this reason, or all of a layer (waf/)' },
  site: { type: 'string', value: 'NAME', says: 'on this site' },
  status: { type: 'string', value: 'N', says: 'answered with this status, or class (4xx)' },
  since: { type: 'string', value: 'TIME', says: 'since 10m, 2h or 3d ago, or a time such as 2026-11-25T22:30' },
  until: { type: 'string', value: 'TIME', says: 'until then, written alike' },
};

/** Filters that are texts, which the gate examines. */
const texts = ['client', 'path', 'rule', 'layer', 'why', 'site', 'status'] as const;

/** Milliseconds of the units that a time ago may have. */
const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The filters as the gate takes them; `now` in ms since 1970. Throws `UsageError` for what is wrong at first sight. */
export function filtersOf({ options }: Pick<Arguments, 'options'>, now: number): Record<string, unknown> {
  const filters: Record<string, unknown> = {};
  for (const name of texts) if (typeof options[name] === 'string') filters[name] = options[name];
  const verdicts = options.verdict;
  if (Array.isArray(verdicts) && verdicts.length > 0) {
    const wrong = verdicts.find((word) => !(outcomes as readonly string[]).includes(word));
    if (wrong !== undefined) throw new UsageError(`--verdict is one of ${outcomes.join(', ')}, not "${wrong}"`);
    filters.verdict = verdicts;
  }
  const [from, until] = [timeOf('since', options.since, now), timeOf('until', options.until, now)];
  if (from !== null) filters.from = from;
  if (until !== null) filters.until = until;
  return filters;
}

function timeOf(name: string, written: unknown, now: number): number | null {
  if (typeof written !== 'string') return null;
  const unit = units[written.at(-1) ?? ''];
  const amount = Number(written.slice(0, -1));
  if (unit !== undefined && written.length > 1 && amount >= 0) return Math.max(0, now - amount * unit);
  const at = Date.parse(written);
  if (!Number.isNaN(at) && at >= 0) return at;
  throw new UsageError(
    `--${name} is a time ago such as 10m, 2h or 3d, or a time such as 2026-11-25T22:30, not "${written}"`,
  );
}
