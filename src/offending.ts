// What an exchange that ended counts against its client: offences go from the stations that refuse to the bans, and through the spine.

import { BodyRecorder } from './body-recorder.ts';
import type { Generation } from './generation.ts';
import { banMsOf } from './rules/rules.ts';
import type { Exchange } from './traffic/exchange.ts';

/**
 * Counts what an exchange that was refused, or found nothing, is as an offence. Answers to those who are shut out already are
 * none, and nothing counts against an address that stands for many clients: a ban would shut out all of them.
 */
export function weigh(exchange: Exchange, { callers, rates, rules, model, settings, recordingKey }: Generation): void {
  model.conclude(exchange);
  if (exchange.recording instanceof BodyRecorder)
    exchange.body = exchange.recording.record(exchange, settings.observe.recording, recordingKey);
  exchange.recording = null;
  // Because an answer of our own is no failure of the application's.
  if (exchange.refusal === null) rates.settle(exchange);
  const { refusal, refusedBy, status, client, isShared, siteIndex } = exchange;
  if (isShared) return;
  if (refusal === null) {
    if (status === 404) callers.offend('not-found', client);
  } else if (refusal.treatment === 'challenge') {
    // A page of thirty pictures is set thirty tasks: nobody did anything wrong yet.
    return;
  } else if (refusedBy === 'waf') callers.offend('waf', client);
  else if (refusedBy === 'rules') {
    const banMs = banMsOf(siteIndex < 0 ? rules.common : rules.policies[siteIndex]!, refusal.rule);
    if (banMs > 0) callers.trap(refusal.rule!.id, client, banMs);
    else callers.offend('waf', client);
  } else if (refusedBy === 'rates') {
    callers.offend('rates', client);
    const policy = siteIndex < 0 ? rates.common : rates.policies[siteIndex];
    const limits = policy === undefined ? [] : [...policy.limits, ...policy.bodyLimits];
    const limit = limits.find(({ rule }) => rule === refusal.rule);
    if (limit !== undefined && limit.repeatedBanMs > 0) callers.repeat(limit.rule.id, client, limit.repeatedBanMs);
  }
}
