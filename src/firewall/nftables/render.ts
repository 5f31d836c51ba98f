// Renders a policy to our one table: what always holds, then the rules in their order, first match wins, then the default.

import type { Rule } from '../rule.ts';
import { accompaniment, type KernelSettings } from './accompaniment.ts';
import { callerRules, callerSets, type KernelCallers } from './callers.ts';
import { cutRules, cutSets, type Flow } from './cuts.ts';
import { Listing, type Side } from './listing.ts';
import { limitOf, shortened } from './phrases.ts';
import { handshakes, synProxy } from './syn-proxy.ts';
import { type Chain, type ChainRule, type NamedSet, type Statement, type Table, tableName } from './table.ts';
import { counter, ct, goTo, jump, match, verdict } from './words.ts';

/** What a table is made from. */
export interface KernelPolicy {
  readonly rules: readonly Rule[];
  readonly default: 'ALLOW' | 'DENY';
  readonly kernel: KernelSettings;
  readonly callers: KernelCallers;
  /** Connections that flow and that the rules no longer allow. */
  readonly cut: readonly Flow[];
}

/**
 * Priority of our base chains: before those of other tables at `filter` (0), so that our counters see what comes. A
 * drop is final wherever it is said; an accept of ours leaves the word to the chains behind it (nft(8), "Base chains").
 */
const priority = -10;

/** The table of a policy. Decides as the decision table does; touches nothing. */
export function render(policy: KernelPolicy): Table {
  const { kernel, callers } = policy;
  const beside = accompaniment(kernel);
  const proxy = synProxy(kernel.synProxyPorts ?? []);
  const listing = new Listing(policy.rules);
  const isForwarding = kernel.forward === 'published';
  const whenNone = plain([goTo('default')]);
  const judged = (side: Side): Chain => {
    return { name: `rules_${side}`, hook: null, rules: [...listing.rules(side), whenNone] };
  };
  // Because a meter and a ban hold on both ways, what asks them stands once and both come by.
  const ways = (side: Side) => [plain([jump('connections')]), plain([goTo(`rules_${side}`)])];
  const chains: Chain[] = [
    { name: 'bans', hook: null, rules: [...cutRules(), ...callerRules(callers)] },
    { name: 'connections', hook: null, rules: beside.stateful },
    ...proxy.chains,
    baseChain('input', [...proxy.completed, ...beside.always, plain([jump('bans')]), ...ways('input')]),
    judged('input'),
  ];
  if (isForwarding) {
    const isPublished = match(ct('status'), 'dnat', 'in');
    const published = plain([isPublished, goTo('published')], 'ports published by Docker and other DNAT');
    chains.push(
      baseChain('forward', [plain([jump('bans')]), published]),
      { name: 'published', hook: null, rules: ways('forward') },
      judged('forward'),
    );
  }
  chains.push(...policy.rules.map((rule) => ruleChain(rule, kernel)), defaultChain(policy));
  const sets: NamedSet[] = [...cutSets(policy.cut), ...callerSets(callers), ...listing.sets];
  return { name: tableName, sets, chains };
}

function baseChain(name: Side, rules: readonly ChainRule[]): Chain {
  return { name, hook: { name, priority }, rules };
}

function plain(statements: readonly Statement[], comment = ''): ChainRule {
  return { statements, comment, from: 0 };
}

/** The chain in which a rule's packets end: counted, perhaps logged, decided. Both hooks share it. */
function ruleChain(rule: Rule, kernel: KernelSettings): Chain {
  const { number, action, protocol, portsText, sourceText, description } = rule;
  const line = `rule ${number}: ${action.toLowerCase()} ${protocol.toLowerCase()} ${portsText} from ${sourceText}`;
  const comment = shortened(description === '' ? line : `${line}: ${description}`);
  const isLogged = kernel.log === 'all' || (kernel.log === 'denied' && action === 'DENY');
  const logs = isLogged ? [{ statements: logging(action, `rule ${number}`, kernel), comment: '', from: number }] : [];
  const proxied = action === 'ALLOW' ? handshakes(kernel.synProxyPorts ?? [], rule) : [];
  const decides = { statements: [counter, verdict(action === 'ALLOW' ? 'accept' : 'drop')], comment, from: number };
  return { name: `rule_${number}`, hook: null, rules: [...proxied, ...logs, decides] };
}

function defaultChain({ default: whenNone, kernel }: KernelPolicy): Chain {
  const isLogged = kernel.log === 'all' || (kernel.log === 'denied' && whenNone === 'DENY');
  const logs = isLogged ? [plain(logging(whenNone, 'default', kernel))] : [];
  const decides = plain([counter, verdict(whenNone === 'ALLOW' ? 'accept' : 'drop')], 'default: no rule matches');
  const proxied = whenNone === 'ALLOW' ? handshakes(kernel.synProxyPorts ?? [], null) : [];
  return { name: 'default', hook: null, rules: [...proxied, ...logs, decides] };
}

/** A line in the kernel's log, no more often than the settings allow. */
function logging(action: 'ALLOW' | 'DENY', name: string, { logRate }: KernelSettings): Statement[] {
  const prefix = `portcullis ${action === 'ALLOW' ? 'allows' : 'denies'} (${name}): `;
  return [{ limit: limitOf(logRate, false) }, { log: { prefix, level: 'info' } }];
}

/** Nobody banned, nobody spared. */
export const noCallers: KernelCallers = { neverBan: [], bans: [], blocklists: [] };
