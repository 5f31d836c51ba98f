// What can be known where no gate runs: bans and blocklists lie in the data directory (the kernel's table may stand without a gate), and so
// does the history.

import { existsSync } from 'node:fs';
import { systemClock } from '../base/clock.ts';
import type { Problem } from '../base/problem.ts';
import type { Settings } from '../config/config.ts';
import { buildCallers, nftProgram, outlineOf } from '../firewall/firewall.ts';
import { banKeeperOf } from './ban-keeper.ts';
import type { ControlQuestion } from './control.ts';

/**
 * What a gate would answer to a question about bans (`bans`, `ban`, `unban`), from what its data directory holds. Changes are
 * kept there; they, and everything at `fill`, go into the kernel's table where one stands. Undefined where there is no data
 * directory. Not for use while a gate runs.
 */
export async function askWithoutGate(
  settings: Settings,
  question: ControlQuestion | { readonly ask: 'fill' },
  warn: (problems: readonly Problem[]) => void,
): Promise<unknown> {
  if (!existsSync(settings.dataDirectory)) return undefined;
  const callers = buildCallers(settings.bans, systemClock);
  if (!callers.ok) return undefined;
  // Because looking changes nothing, and rules that stand nowhere are not put there by a ban.
  const enforce = question.ask !== 'bans' && (await hasTable()) ? settings.firewall.enforce : [];
  const quiet = { ...settings, firewall: { ...settings.firewall, enforce } };
  const nothing = { follow: async () => undefined, dashboards: () => [] };
  const keeper = banKeeperOf(quiet, callers.value, warn, nothing);
  await keeper.start();
  try {
    return question.ask === 'fill' ? null : await keeper.answers()[question.ask]?.(question);
  } finally {
    await keeper.stop();
  }
}

/** What a gate would answer to a question about its history (`history`, `history-groups`, `journeys`); undefined where there is none. */
export async function askHistory(dataDirectory: string, question: ControlQuestion): Promise<unknown> {
  // Because most commands need no SQLite, which takes its time to load.
  const { readHistory } = await import('./history/reading.ts');
  return readHistory(dataDirectory, question);
}

/** What a gate would delete from its history (`purge`), deleted from the file; undefined where there is none. */
export async function purgeHistory(dataDirectory: string, question: ControlQuestion): Promise<number | undefined> {
  const { purgeAtRest } = await import('./history/purge-at-rest.ts');
  return purgeAtRest(dataDirectory, question);
}

async function hasTable(): Promise<boolean> {
  const outline = await outlineOf(nftProgram());
  return outline.ok && outline.value !== null;
}
