// The blueprint of a configuration, with everything found out that can be wrong with it before anything is touched.

import { hostname } from 'node:os';
import { systemClock } from '../base/clock.ts';
import type { Problem } from '../base/problem.ts';
import type { Callers } from '../firewall/firewall.ts';
import type { Shelf } from '../tls/tls.ts';
import type { Blueprint } from './blueprint.ts';
import { descriptorWarnings } from './figures.ts';
import { drawInForce } from './following.ts';
import type { Replacement } from './running.ts';
import { asTrouble } from './trouble.ts';

/** What the supervisor adds to a configuration. */
export interface DrawingFacts {
  readonly number: number;
  readonly seed: number;
  readonly shelf: Shelf;
  readonly crewSize: number;
}

/** A blueprint that workers can build, and what of the build the supervisor itself needs. */
export interface Drawn {
  readonly blueprint: Blueprint;
  readonly warnings: readonly Problem[];
  readonly caCertificatePath: string | null;
  readonly logFiles: readonly string[];
  /** Names that certificates of files serve. */
  readonly served: readonly string[];
  /** Empty: takes over what was known. */
  readonly callers: Callers;
}

/** Draws it; rejects with every problem as the trouble that `next` makes of them, and tells warnings there. */
export async function drawn(next: Replacement, { number, seed, shelf, crewSize }: DrawingFacts): Promise<Drawn> {
  const { settings, locate } = next;
  const result = await drawInForce(settings, { number, locate, clock: systemClock, seed, hostname: hostname(), shelf });
  if (!result.ok) throw asTrouble(result.problems, next);
  const warnings = [...result.warnings, ...descriptorWarnings(settings, crewSize)];
  if (warnings.length > 0) next.warn?.(warnings);
  const { blueprint, generation } = result.value;
  // A journal that cannot be written is known before anything is touched that would have to be taken back.
  const trouble = await generation.observe.start();
  await generation.observe.stop();
  if (trouble !== null) throw asTrouble([trouble], next);
  const caCertificatePath = generation.tls?.caCertificatePath ?? null;
  const served = generation.tls?.describe().flatMap(({ from, names }) => (from === 'file' ? names : [])) ?? [];
  return {
    blueprint,
    warnings,
    caCertificatePath,
    callers: generation.callers,
    logFiles: generation.observe.files,
    served,
  };
}
