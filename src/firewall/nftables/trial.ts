// A table on trial: the kernel itself goes back to the former rules when nobody confirms, even if nothing of us is left alive.

import { isCallerSet } from './reading.ts';
import type { Chain, ChainRule, Json, NamedSet, Statement, Table } from './table.ts';
import { goTo, match, meta, verdict } from './words.ts';

/** The set whose two elements, one for each family, run out at the end of the trial. */
const trialSet = 'trial';

/** What the names of the former table's chains and sets begin with while they stand beside the new ones. */
const formerly = 'former_';

/**
 * `table` with `former` (null: there was none, everything passed) inside it. For `seconds` the new rules decide; then
 * the elements of the set `trial` are gone, and every packet takes the former way.
 */
export function onTrial(table: Table, former: Table | null, seconds: number): Table {
  const elements = ['ipv4', 'ipv6'].map((val) => ({ elem: { val, timeout: seconds } }));
  const trial: NamedSet = { name: trialSet, kind: 'set', type: 'nf_proto', flags: ['timeout'], elements };
  const kept = former === null ? { chains: [], sets: [] } : renamed(former);
  const has = new Set(former?.chains.filter(({ hook }) => hook !== null).map(({ name }) => name));
  const chains = table.chains.map((chain): Chain => {
    if (chain.hook === null) return chain;
    const goesTo = has.has(chain.name) ? goTo(formerly + chain.name) : verdict('accept');
    return { ...chain, rules: [trialRule(goesTo), ...chain.rules] };
  });
  // Because a hook that the new rules do not have is gone with them, it stays for the trial, and does nothing before its end.
  const lost = (former?.chains ?? []).filter(
    ({ hook, name }) => hook !== null && !table.chains.some((chain) => chain.name === name),
  );
  chains.push(...lost.map((chain) => ({ ...chain, rules: [trialRule(goTo(formerly + chain.name))] })));
  const own = new Set(table.sets.map(({ name }) => name));
  const sets = [...table.sets, ...kept.sets.filter(({ name }) => !own.has(name)), trial];
  return { ...table, sets, chains: [...chains, ...kept.chains] };
}

function trialRule(goesTo: Statement): ChainRule {
  const isOver = match(meta('nfproto'), `@${trialSet}`, '!=');
  return { statements: [isOver, goesTo], comment: 'the trial is over: the former rules', from: 0 };
}

/** Because bans hold before and after, their sets are not doubled: both tables ask the same. */
function renamed(former: Table): Pick<Table, 'chains' | 'sets'> {
  const own = former.chains.filter(({ name }) => !name.startsWith(formerly));
  const chains = own.map(({ name, rules }) => ({
    name: formerly + name,
    hook: null,
    rules: rules.map((rule) => ({ ...rule, statements: rule.statements.map((each) => inside(each) as Statement) })),
  }));
  const sets = former.sets
    .filter(({ name }) => name !== trialSet && !name.startsWith(formerly))
    .map((set) =>
      isCallerSet(set.name)
        ? set
        : { ...set, name: formerly + set.name, elements: set.elements.map((each) => inside(each)) },
    );
  return { chains, sets };
}

/** A statement with the names of chains, sets and meters as they are inside. */
function inside(value: Json): Json {
  if (typeof value === 'string') {
    const isSet = value.startsWith('@') && !isCallerSet(value.slice(1));
    return isSet ? `@${formerly}${value.slice(1)}` : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inside);
  const fields = Object.entries(value as { [key: string]: Json }).map(([key, each]): [string, Json] => {
    const target = (key === 'goto' || key === 'jump') && each !== null ? (each as { target: string }).target : null;
    if (target !== null) return [key, { target: formerly + target }];
    if (key === 'meter')
      return [key, { ...(inside(each) as object), name: formerly + (each as { name: string }).name }];
    return [key, inside(each)];
  });
  return Object.fromEntries(fields);
}

/** A table that is on trial, or was, without the trial: the new rules alone. Others come back as they are. */
export function offTrial(table: Table): Table {
  const isLeft = ({ name }: { name: string }) => name !== trialSet && !name.startsWith(formerly);
  const isOnlyFormer = ({ rules }: Chain) => rules.length === 1 && isTrialRule(rules[0]!);
  const chains = table.chains
    .filter((chain) => isLeft(chain) && !isOnlyFormer(chain))
    .map((chain) => ({ ...chain, rules: chain.rules.filter((rule) => !isTrialRule(rule)) }));
  return { ...table, sets: table.sets.filter(isLeft), chains };
}

function isTrialRule({ statements }: ChainRule): boolean {
  const { match: first } = (statements[0] ?? {}) as { match?: { right?: Json } };
  return first?.right === `@${trialSet}`;
}
