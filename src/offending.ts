// What an exchange that ended counts against its client: offences go from the stations that refuse to the bans, and through the spine.

import type { Generation } from './generation.ts';
import type { Exchange } from './traffic/exchange.ts';

/**
 * Counts what an exchange that was refused, or found nothing, is as an offence. Answers to those who are shut out already are
 * none, and nothing counts against an address that stands for many clients: a ban would shut out all of them.
 */
export function weigh(exchange: Exchange, { callers, rates }: Generation): void {
  const { refusal, refusedBy, status, client, isShared, siteIndex } = exchange;
  if (isShared) return;
  if (refusal === null) {
    if (status === 404) callers.offend('not-found', client);
  } else if (refusedBy === 'waf' || refusedBy === 'rules') callers.offend('waf', client);
  else if (refusedBy === 'rates') {
    callers.offend('rates', client);
    const policy = siteIndex < 0 ? rates.common : rates.policies[siteIndex];
    const limit = policy?.limits.find(({ rule }) => rule === refusal.rule);
    if (limit !== undefined && limit.repeatedBanMs > 0) callers.repeat(limit.rule.id, client, limit.repeatedBanMs);
  }
}
