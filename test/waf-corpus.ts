// What the built-in rules stop of the attack corpus and disturb of the ordinary one, by class, what is held back apart.
//
//   node test/waf-corpus.ts [--misses FILE] [--mined N]
//
// --misses writes what went wrong, of what is developed with only: what is held back is counted, never shown.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Waf } from '../src/waf/waf.ts';
import { attackCases, type Case } from './corpus/attacks.ts';
import { attacksOf, authors, classOf, ordinaryOf } from './corpus/author.ts';
import { minedCases, ordinaryCases } from './corpus/ordinary.ts';
import { ask, gate } from './waf-asking.ts';

/** How many cases there are and how many of them were refused. */
export interface Count {
  cases: number;
  refused: number;
}

/** The counts of one corpus, the part that is developed with and the part that is held back, each by class. */
export interface Measured {
  readonly open: Map<string, Count>;
  readonly held: Map<string, Count>;
  /** Lines about what was not as it should be, of the open part. */
  readonly misses: string[];
}

/** Puts every case to `waf`; `shouldRefuse` says what is right. */
export function measure(waf: Waf, cases: readonly Case[], shouldRefuse: boolean): Measured {
  const measured: Measured = { open: new Map(), held: new Map(), misses: [] };
  for (const one of cases) {
    const { exchange, why } = ask(waf, one.request);
    const isRefused = why !== 'pass';
    const counts = one.isHeldBack ? measured.held : measured.open;
    const count = counts.get(one.section) ?? { cases: 0, refused: 0 };
    counts.set(one.section, count);
    count.cases++;
    if (isRefused) count.refused++;
    if (isRefused === shouldRefuse || one.isHeldBack) continue;
    const found = (exchange.findings ?? [])
      .map((each) => `${each.id} ${each.score} «${each.value.slice(0, 80)}»`)
      .join(' & ');
    measured.misses.push(
      shown([one.section, one.how, why, found, one.value.slice(0, 240), one.template.slice(0, 160)].join('\t')),
    );
  }
  return measured;
}

function shown(line: string): string {
  return line.replaceAll('\n', '⏎').replaceAll('\r', '␍').replaceAll('\0', '␀');
}

/** Searches that are word for word what attackers send: counted on their own. */
export const ambiguous = 'talk of attacks';

/** The sum over all classes but `ambiguous`. */
export function sum(counts: ReadonlyMap<string, Count>): Count {
  const total = { cases: 0, refused: 0 };
  for (const [section, { cases, refused }] of counts) {
    if (classOf(section) === ambiguous) continue;
    total.cases += cases;
    total.refused += refused;
  }
  return total;
}

function share({ cases, refused }: Count): string {
  return `${refused} of ${cases} (${((100 * refused) / Math.max(1, cases)).toFixed(2)} %)`;
}

const wide = 36;

function table(title: string, measured: Measured): string {
  const lines = [...measured.open.keys()].map((section) => {
    const held = measured.held.get(section) ?? { cases: 0, refused: 0 };
    return `  ${section.padEnd(wide)} ${share(measured.open.get(section)!).padEnd(28)} ${share(held)}`;
  });
  // Because what is word for word an attack is no measure of what is ordinary.
  const total = `  ${'all'.padEnd(wide)} ${share(sum(measured.open)).padEnd(28)} ${share(sum(measured.held))}`;
  return `${title.padEnd(wide + 2)} ${'open'.padEnd(28)} held back\n${lines.join('\n')}\n${total}\n`;
}

function main(): void {
  const { values } = parseArgs({
    options: { misses: { type: 'string' }, mined: { type: 'string', default: '20000' } },
  });
  const waf = gate();
  const attacks = measure(waf, attackCases(), true);
  const ordinary = measure(waf, [...ordinaryCases(), ...minedCases(Number(values.mined))], false);
  const tables: [string, Measured][] = [
    ['attacks refused', attacks],
    ['ordinary refused', ordinary],
  ];
  for (const author of authors) {
    tables.push([`${author.name} attacks refused`, measure(waf, attacksOf(author), true)]);
    tables.push([`${author.name} ordinary refused`, measure(waf, ordinaryOf(author), false)]);
  }
  process.stdout.write(tables.map(([title, measured]) => table(title, measured)).join('\n'));
  const misses = tables.flatMap(([, measured]) => measured.misses);
  if (values.misses !== undefined) writeFileSync(values.misses, misses.join('\n'));
}

if (import.meta.main) main();
