// Who is asked about the head of a request, and in which order: what traffic and rehearsals share.
//
//   client → bans → site → rules → rates → model → waf, with the tasks of browsers between

import { performance } from 'node:perf_hooks';
import { refuse } from './gate.ts';
import type { Generation } from './generation.ts';
import { type ClientGuard, placingPath } from './http/http.ts';
import { misdirection } from './securing.ts';
import type { Exchange } from './traffic/exchange.ts';
import { answer, pass, type Refusal } from './traffic/verdict.ts';

/** Places an exchange, holds it to its rates and inspects its head: the part of the journey that traffic and rehearsals share.
 * Gives the refusal, or null where it may go on. Rehearsals, which use nothing up, have no guard. */
export function judgeHead(exchange: Exchange, generation: Generation, guard: ClientGuard | null): Refusal | null {
  const { clientResolver, callers, sites, bots, rules, rates, model, waf } = generation;
  const { peer } = exchange.connection;
  exchange.client = clientResolver.resolve(peer, exchange.headers);
  exchange.isShared = guard !== null && !clientResolver.isTrusted(peer) && guard.judge(peer, exchange.headers);
  exchange.placingPath = placingPath(exchange.path);
  const index = sites.place(exchange.host, exchange.placingPath);
  const site = index < 0 ? null : generation.siteSettings[index]!;
  exchange.siteIndex = index;
  exchange.site = site?.name ?? '';

  // Whoever is on the socket was asked at accept; a client behind a trusted proxy is known only now.
  const shutOut = exchange.client === peer ? null : callers.judgeClient(exchange.client);
  if (shutOut !== null) return refuse(exchange, 'firewall', shutOut);

  const misdirected = misdirection(exchange, generation);
  if (misdirected !== null) return refuse(exchange, 'tls', misdirected);

  bots.recognise(exchange);
  if (exchange.botStanding === 'verified') exchange.skipsRates = true;

  const rulePolicy = index < 0 ? rules.common : rules.policies[index]!;
  const ruled =
    rulePolicy.length === 0 ? pass : rules.judge(exchange, rulePolicy, waf.policies[index]?.mode === 'block');
  if (ruled.kind !== 'pass') return refuse(exchange, 'rules', bots.treat(exchange, ruled));

  const ratePolicy = index < 0 ? rates.common : rates.policies[index]!;
  if (ratePolicy.limits.length > 0 && !exchange.skipsRates) {
    const from = performance.now();
    const verdict = guard !== null ? rates.judge(exchange, ratePolicy) : rates.peek(exchange, ratePolicy);
    exchange.ratesMicroseconds = (performance.now() - from) * 1000;
    if (verdict.kind !== 'pass') return refuse(exchange, 'rates', bots.treat(exchange, verdict));
  }
  // An answer counts like any request, so that nobody tries answers for nothing.
  const answered = bots.answer(exchange);
  if (answered !== null) return refuse(exchange, 'bots', answered);
  if (site === null)
    return refuse(
      exchange,
      'http',
      answer(404, 'http/no-site', `no site has host "${exchange.host}" and path ${exchange.placingPath}`),
    );

  const modelled = exchange.skipsWaf ? pass : model.judge(exchange);
  if (modelled.kind !== 'pass') return refuse(exchange, 'model', modelled);

  const wafPolicy = waf.policies[index]!;
  if (guard !== null) model.begin(exchange);
  if (wafPolicy.mode === 'off' || exchange.skipsWaf) return null;
  const from = performance.now();
  const verdict = waf.inspectHead(exchange, wafPolicy);
  exchange.wafMicroseconds = (performance.now() - from) * 1000;
  return verdict.kind === 'pass' ? null : refuse(exchange, 'waf', verdict);
}
