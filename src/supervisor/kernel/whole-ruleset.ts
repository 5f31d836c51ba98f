// Every rule that the kernel asks about packets, whoever put it there: nftables, iptables over nftables, and iptables by itself.

import {
  type Done,
  hasForeign,
  listRuleset,
  type Program,
  type Ruleset,
  rulesetOf,
  type Saved,
  withLegacy,
  withSaved,
} from '../../firewall/firewall.ts';
import type { Reader } from '../../ports/ports.ts';

/** The programs that tell it. */
export interface RulesetTools {
  readonly nft: Program;
  readonly reader: Reader;
  /** A program that saves the rules of iptables, by its name: `iptables-nft-save`. */
  saver(name: string): Program;
}

/** The files that name the tables of iptables-legacy, which are there only while it is in use. */
const legacy = [
  { family: 4, names: '/proc/net/ip_tables_names', program: 'iptables-legacy-save' },
  { family: 6, names: '/proc/net/ip6_tables_names', program: 'ip6tables-legacy-save' },
] as const;

/** The whole ruleset of the machine. Looks only; what could not be looked at is named in it. */
export async function wholeRuleset(tools: RulesetTools): Promise<Done<Ruleset>> {
  const listed = await listRuleset(tools.nft);
  if (!listed.ok) return listed;
  const ruleset = await withLegacyOf(await withForeignOf(rulesetOf(listed.value), tools), tools);
  return { ok: true, value: ruleset };
}

/** Because nft names what iptables put there and does not say what it is, iptables is asked. */
async function withForeignOf(ruleset: Ruleset, { saver }: RulesetTools): Promise<Ruleset> {
  if (!hasForeign(ruleset)) return ruleset;
  const saves: Saved[] = [];
  for (const [family, names] of [
    [4, ['iptables-nft-save', 'iptables-save']],
    [6, ['ip6tables-nft-save', 'ip6tables-save']],
  ] as const)
    for (const name of names) {
      const ran = await saver(name).run([]);
      if (!ran.ok) continue;
      saves.push({ family, text: ran.output });
      break;
    }
  return withSaved(ruleset, saves);
}

async function withLegacyOf(ruleset: Ruleset, { reader, saver }: RulesetTools): Promise<Ruleset> {
  const saves: Saved[] = [];
  const unseen = [...ruleset.unseen];
  for (const { family, names, program } of legacy) {
    const tables = (reader.read(names) ?? '').split('\n').filter((name) => name !== '');
    for (const table of tables) {
      const ran = await saver(program).run(['-t', table]);
      if (ran.ok) saves.push({ family, text: ran.output });
      else unseen.push(`the table ${table} of iptables-legacy for IPv${family}: ${ran.says}`);
    }
  }
  return { ...withLegacy(ruleset, saves), unseen };
}
