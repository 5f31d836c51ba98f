// What rules did in one worker, over all configurations that it went through: a configuration that goes takes its counters along, and sums must
// never fall.

import type { BillAnswer } from '../waf/waf.ts';

/** Sums by rule, as plain data. */
export interface RuleFigures {
  /** Connections by the number of the firewall rule that decided; 0 is the default. */
  readonly hits: Readonly<Record<string, number>>;
  /** CPU time of rules of files, in ms, by their ids; reckoned from a sample. */
  readonly cpuMs: Readonly<Record<string, number>>;
}

/** Where counters of one configuration are. */
export interface RuleSources {
  readonly firewall: { readonly hits: Float64Array };
  readonly waf: { bill(): BillAnswer | null };
}

/** The sums of one worker. */
export class RuleCounts {
  #firewall: RuleSources['firewall'] | null = null;
  #waf: RuleSources['waf'] | null = null;
  /** Of those that are gone. */
  #hits: Readonly<Record<string, number>> = {};
  #cpuMs: Readonly<Record<string, number>> = {};

  /** Everything so far; `now` are the counters of the configuration that holds. */
  read({ firewall, waf }: RuleSources): RuleFigures {
    if (firewall !== this.#firewall && this.#firewall !== null) this.#hits = sums(this.#hits, hitsOf(this.#firewall));
    if (waf !== this.#waf && this.#waf !== null) this.#cpuMs = sums(this.#cpuMs, cpuOf(this.#waf));
    this.#firewall = firewall;
    this.#waf = waf;
    return { hits: sums(this.#hits, hitsOf(firewall)), cpuMs: sums(this.#cpuMs, cpuOf(waf)) };
  }
}

/** The sums of two workers. */
export function addRules(one: RuleFigures, other: RuleFigures): RuleFigures {
  return { hits: sums(one.hits, other.hits), cpuMs: sums(one.cpuMs, other.cpuMs) };
}

function sums(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const sum: Record<string, number> = { ...one };
  for (const [name, value] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + value;
  return sum;
}

function hitsOf({ hits }: RuleSources['firewall']): Record<string, number> {
  return Object.fromEntries(Array.from(hits, (count, number) => [String(number), count] as const));
}

function cpuOf(waf: RuleSources['waf']): Record<string, number> {
  const rows = waf.bill()?.rows ?? [];
  return Object.fromEntries(rows.flatMap(({ id, cpuMs }) => (cpuMs > 0 ? [[String(id), cpuMs] as const] : [])));
}
