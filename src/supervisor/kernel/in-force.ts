// Which rules hold at accept while the kernel has rules, too: those that stand there, so that both places always say the same.

import { systemClock } from '../../base/clock.ts';
import {
  build,
  type FirewallSettings,
  nftProgram,
  outlineOf,
  type Program,
  type RuleSetting,
  settingOf,
} from '../../firewall/firewall.ts';
import { Store, type StoredGeneration } from './store.ts';

/** What is asked to find out. */
export interface InForceTools {
  readonly nft: Program;
  readonly store: Store;
  now(): number;
}

/** The tools over this machine and a data directory. */
export function inForceTools({ dataDirectory }: { readonly dataDirectory: string }): InForceTools {
  return { nft: nftProgram(), store: new Store(dataDirectory), now: () => systemClock.now() };
}

/**
 * The generation whose rules hold at accept in place of the configuration's; null where the configuration's hold: because
 * it leaves the kernel alone, nothing was applied, nft does not work here, or both say the same. Looks only.
 */
export async function generationInForce(
  firewall: FirewallSettings,
  { nft, store, now }: InForceTools,
): Promise<StoredGeneration | null> {
  if (!firewall.enforce.includes('kernel')) return null;
  const pending = await store.pending();
  const isOnTrial = pending !== null && now() < pending.deadline;
  const generation = isOnTrial ? pending.generation : await store.find(await store.current());
  if (generation === null || isOf(generation, firewall)) return null;
  // Because without nft nothing could be applied any more, and the rules of the past would hold for ever.
  return (await outlineOf(nft)).ok ? generation : null;
}

function isOf({ rules, default: whenNone }: StoredGeneration, firewall: FirewallSettings): boolean {
  if (whenNone !== firewall.default) return false;
  const built = build({ ...firewall, expect: [] }, { locate: () => '' });
  return built.ok && textOf(built.value.ruleSet.rules.map(settingOf)) === textOf(rules);
}

/** Rules without their descriptions, which decide nothing. */
function textOf(rules: readonly RuleSetting[]): string {
  return JSON.stringify(rules, (key, value: unknown) => (key === 'description' ? undefined : value));
}

/** The firewall's settings with the rules of a generation. What the configuration expects of its own rules does not concern them. */
export function withRulesOf<T extends FirewallSettings>(firewall: T, generation: StoredGeneration): T {
  const { rules, default: whenNone } = generation;
  return { ...firewall, rules, default: whenNone, comments: [], expect: [] };
}
