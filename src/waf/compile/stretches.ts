// Which rules that follow each other only reckon with members of TX: anomaly scores are summed and compared by two dozen of them, in every
// request anew, although most requests have none.

import type { Macro } from '../actions/action.ts';
import type { Link, Program, Rule, Stretch } from '../program/program.ts';
import { isCapture } from './fold.ts';

/** Fewest rules that are worth a look at what they leave. */
const minRules = 2;

/** The stretches of a program, in their order, and the members of TX that they read or write. `live` has a bit for each rule that is not decided at load. */
export function stretchesOf(
  program: Program,
  live: Uint32Array,
): { readonly stretches: readonly Stretch[]; readonly watched: ReadonlySet<string> } {
  const stretches: Stretch[] = [];
  const watched = new Set<string>();
  for (const { start, end } of program.phases) {
    let run: Rule[] = [];
    const close = (): void => {
      if (run.length >= minRules) {
        const writes = new Set(run.flatMap(writtenBy));
        for (const name of [...run.flatMap(readBy), ...writes]) watched.add(name);
        const [first, last] = [run[0]!.number, run.at(-1)!.number];
        stretches.push({ place: stretches.length, start: first, end: last + 1, writes: [...writes] });
      }
      run = [];
    };
    for (let number = start; number < end; number++) {
      if ((live[number >> 5]! & (1 << (number & 31))) === 0) continue;
      const rule = program.rules[number]!;
      if (rule.links.every(onlyReckons)) run.push(rule);
      else close();
    }
    close();
  }
  return { stretches, watched };
}

/** Whether all that the link looks at and changes are members of TX with a name, in a way that nothing else has a part in. */
function onlyReckons({
  targets,
  exclusions,
  captures,
  locates,
  multiMatch,
  matcher,
  comparison,
  effects,
}: Link): boolean {
  if (captures || locates || multiMatch || exclusions.length > 0) return false;
  if (targets.length === 0 && (matcher !== null || comparison !== null)) return false;
  const isOfTx = targets.every(
    ({ variable, key }) => variable.shape === 'many' && variable.writes === 'tx' && key !== null && !isCapture(key),
  );
  if (!isOfTx || (comparison !== null && !readsTxAlone(comparison.argument))) return false;
  return effects.every(
    ({ setting }) =>
      setting !== undefined &&
      setting.collection === 'tx' &&
      setting.how !== 'unset' &&
      setting.name.literal !== null &&
      !isCapture(setting.name.literal) &&
      readsTxAlone(setting.value),
  );
}

function readsTxAlone({ readsMore, readsTx }: Macro): boolean {
  return !readsMore && !readsTx.some(isCapture);
}

function readBy({ links }: Rule): string[] {
  return links.flatMap(({ targets, comparison, effects }) => [
    ...targets.map(({ key }) => key!),
    ...(comparison?.argument.readsTx ?? []),
    ...effects.flatMap(({ setting }) => setting!.value.readsTx),
  ]);
}

function writtenBy({ links }: Rule): string[] {
  return links.flatMap(({ effects }) => effects.map(({ setting }) => setting!.name.literal!.toLowerCase()));
}
