// What iptables put into the kernel and nft does not tell: read from iptables-save, and set in its place in the ruleset.

import { wordsOf } from '../import/iptables.ts';
import { statementsOf } from './iptables-rule.ts';
import type { LiveChain, LiveRule, Ruleset } from './ruleset.ts';

/** The output of a program that saves the rules of one family. */
export interface Saved {
  readonly family: 4 | 6;
  readonly text: string;
}

/** Where the tables of iptables-legacy hook in (iptables(8), "TABLES"; priorities of `enum nf_ip_hook_priorities`). */
const priorities: ReadonlyMap<string, number> = new Map([
  ['raw', -300],
  ['mangle', -150],
  ['nat', -100],
  ['filter', 0],
  ['security', 50],
]);

interface SavedChain {
  readonly policy: string;
  readonly rules: (readonly string[])[];
}

/** Whether any rule has a part that nft tells by its name alone. */
export function hasForeign({ chains }: Ruleset): boolean {
  return [...chains.values()].some(({ rules }) => rules.some(isForeign));
}

function isForeign({ statements }: LiveRule): boolean {
  return statements.some((statement) => 'xt' in statement);
}

/**
 * The ruleset with the rules of iptables-nft as iptables-nft-save tells them. The same rules in the same order stand in both; a
 * chain where that is not so is left as it was.
 */
export function withSaved(ruleset: Ruleset, saves: readonly Saved[]): Ruleset {
  const chains = new Map(ruleset.chains);
  for (const { family, text } of saves)
    for (const [table, saved] of tablesIn(text))
      for (const [name, { rules }] of saved) {
        const key = `${family === 4 ? 'ip' : 'ip6'} ${table} ${name}`;
        const chain = chains.get(key);
        if (chain === undefined || !chain.rules.some(isForeign)) continue;
        const isAligned =
          chain.rules.length === rules.length && chain.rules.every((rule, at) => isSame(rule, rules[at]!));
        if (!isAligned) continue;
        const isChain = (target: string) => saved.has(target);
        const told = chain.rules.map((rule, at) =>
          isForeign(rule) ? { ...rule, statements: statementsOf(rules[at]!, family, isChain) } : rule,
        );
        chains.set(key, { ...chain, rules: told });
      }
  return { ...ruleset, chains };
}

/** Whether what nft names of a rule stands in the line, too: the line of another rule would be worse than none. */
function isSame({ statements }: LiveRule, words: readonly string[]): boolean {
  return statements.every((statement) => {
    const { xt } = statement as { xt?: { name?: string } | null };
    const name = String(xt?.name ?? '');
    return xt === undefined || words.includes(name) || (name === 'conntrack' && words.includes('state'));
  });
}

/** The ruleset with the chains of iptables-legacy, which nft knows nothing of. */
export function withLegacy(ruleset: Ruleset, saves: readonly Saved[]): Ruleset {
  const chains = new Map(ruleset.chains);
  for (const { family, text } of saves)
    for (const [table, saved] of tablesIn(text))
      for (const [name, chain] of saved) {
        const made = legacyChain(table, name, chain, family, (target) => saved.has(target));
        chains.set(`${made.family} ${made.table} ${name}`, made);
      }
  return { ...ruleset, chains };
}

function legacyChain(
  table: string,
  name: string,
  { policy, rules }: SavedChain,
  family: 4 | 6,
  isChain: (name: string) => boolean,
): LiveChain {
  const isHooked = policy !== '-';
  return {
    family: family === 4 ? 'ip' : 'ip6',
    table: `${table} of iptables-legacy`,
    name,
    type: isHooked ? (table === 'nat' ? 'nat' : 'filter') : '',
    hook: isHooked ? name.toLowerCase() : '',
    priority: priorities.get(table) ?? 0,
    policy: policy === 'DROP' ? 'drop' : 'accept',
    rules: rules.map((words, at) => ({
      statements: statementsOf(words, family, isChain),
      handle: at + 1,
      comment: '',
    })),
  };
}

/** Tables by name, each with its chains by name. */
function tablesIn(text: string): Map<string, Map<string, SavedChain>> {
  const tables = new Map<string, Map<string, SavedChain>>();
  let chains = new Map<string, SavedChain>();
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      chains = new Map();
      tables.set(line.slice(1).trim(), chains);
    } else if (line.startsWith(':')) {
      const [name = '', policy = '-'] = line.slice(1).split(' ');
      chains.set(name, { policy, rules: [] });
    } else if (line.startsWith('-A ')) {
      const [, name = '', ...words] = wordsOf(line);
      chains.get(name)?.rules.push(words);
    }
  }
  return tables;
}
