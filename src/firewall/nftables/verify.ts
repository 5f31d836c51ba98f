// Compares the table that stands in the kernel with the one that the configuration means, and says where they part.

import { type ChainShape, type SetShape, shapeOf, type TableShape } from './shape.ts';
import { type Json, objectsOf, type Table } from './table.ts';

/** One difference between kernel and configuration. */
export interface Drift {
  /** One sentence without a full stop. */
  readonly says: string;
  /** The number of the policy's rule that it touches, 0 for none. */
  readonly rule: number;
}

/** Most differences that are told: a table that was replaced whole need not print a thousand lines. */
const maxTold = 50;

/**
 * Where the kernel's listing of our table (null: there is none) differs from `table`. Elements of sets that come and
 * go by themselves (bans) are not compared. Empty where they agree.
 */
export function findDrift(table: Table, listing: readonly Json[] | null): readonly Drift[] {
  if (listing === null) return [{ says: `the kernel has no table inet ${table.name}`, rule: 0 }];
  const wanted = shapeOf(objectsOf(table));
  const found = shapeOf(listing);
  const drift = [...chainDrift(wanted, found), ...setDrift(wanted, found)];
  if (drift.length <= maxTold) return drift;
  return [...drift.slice(0, maxTold), { says: `and ${drift.length - maxTold} more differences`, rule: 0 }];
}

function chainDrift(wanted: TableShape, found: TableShape): Drift[] {
  const drift: Drift[] = [];
  for (const [name, chain] of wanted.chains) {
    const live = found.chains.get(name);
    if (live === undefined) drift.push(about(name, `the chain ${name} is missing`));
    else drift.push(...ruleDrift(name, chain, live));
  }
  for (const name of found.chains.keys())
    if (!wanted.chains.has(name))
      drift.push(about(name, `the chain ${name} is in the kernel and not in the configuration`));
  return drift;
}

function ruleDrift(name: string, wanted: ChainShape, live: ChainShape): Drift[] {
  const drift: Drift[] = [];
  if (wanted.hook !== live.hook)
    drift.push(about(name, `the chain ${name} is hooked in as "${live.hook}", not as "${wanted.hook}"`));
  const length = Math.max(wanted.rules.length, live.rules.length);
  for (let index = 0; index < length; index++) {
    const [want, has] = [wanted.rules[index], live.rules[index]];
    if (want === has) continue;
    const place = `rule ${index + 1} of the chain ${name}`;
    if (has === undefined) drift.push(about(name, `${place} is missing: ${want}`));
    else if (want === undefined) drift.push(about(name, `${place} is not in the configuration: ${has}`));
    else drift.push(about(name, `${place} is ${has}, not ${want}`));
    // Because one rule that is missing moves all behind it, only the first difference of a chain says something.
    break;
  }
  return drift;
}

function setDrift(wanted: TableShape, found: TableShape): Drift[] {
  const drift: Drift[] = [];
  for (const [name, set] of wanted.sets) {
    const live = found.sets.get(name);
    if (live === undefined) drift.push(about(name, `the set ${name} is missing`));
    else if (live.kind !== set.kind)
      drift.push(about(name, `the set ${name} is a "${live.kind}", not a "${set.kind}"`));
    else drift.push(...elementDrift(name, set, live));
  }
  for (const name of found.sets.keys())
    if (!wanted.sets.has(name))
      drift.push(about(name, `the set ${name} is in the kernel and not in the configuration`));
  return drift;
}

function elementDrift(name: string, wanted: SetShape, live: SetShape): Drift[] {
  if (wanted.elements === null || live.elements === null) return [];
  const [want, has] = [new Set(wanted.elements), new Set(live.elements)];
  const missing = wanted.elements.filter((each) => !has.has(each));
  const strange = live.elements.filter((each) => !want.has(each));
  const drift: Drift[] = [];
  if (missing.length > 0) drift.push(about(name, `the set ${name} lacks ${some(missing)}`));
  if (strange.length > 0)
    drift.push(about(name, `the set ${name} has ${some(strange)}, which the configuration has not`));
  return drift;
}

function some(items: readonly string[]): string {
  const shown = items.slice(0, 5).join(', ');
  return items.length > 5 ? `${shown} and ${items.length - 5} more` : shown;
}

/** The policy's rule is in the names that are made from it: `rule_3`, `rule_3_ip4`, `rules_5_to_80_ports`. */
function about(name: string, says: string): Drift {
  const parts = name.split('_');
  const number = parts[0] === 'rule' || parts[0] === 'rules' ? Number(parts[1]) : Number.NaN;
  return { says, rule: Number.isSafeInteger(number) ? number : 0 };
}
