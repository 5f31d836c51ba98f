// Everything that a worker needs to build a generation, as plain data: it is drawn once by the supervisor, which alone reads files,
// and a worker that starts a week later builds the same.

import type { Clock } from '../base/clock.ts';
import type { Pause } from '../base/in-pieces.ts';
import type { Built, Path } from '../base/problem.ts';
import { built } from '../base/problem.ts';
import type { Settings } from '../config/config.ts';
import { build as buildGeneration, type Generation } from '../generation.ts';
import { type Files, type Shelf, systemFiles, type Want } from '../tls/tls.ts';
import type { Timekeeper } from '../traffic/deadline.ts';
import { version } from './figures.ts';
import { tracingTools } from './tracing.ts';
import { unoptimised } from './unoptimised.ts';

/** A file as it was read, or the system's word for why it could not be. */
type Kept = { readonly text: string; readonly mode: number } | { readonly code: string };

/** Plain data: it survives structured cloning. */
export interface Blueprint {
  /** Number of the generation, from 1. */
  readonly number: number;
  readonly settings: Settings;
  /** `file:line` by path of the settings, as JSON. */
  readonly places: ReadonlyMap<string, string>;
  /** Files that the build read or wrote, by path. */
  readonly files: ReadonlyMap<string, Kept>;
  readonly user: string;
  readonly seed: number;
  readonly hostname: string;
  /** When it was drawn, in ms since 1970: a certificate that was good then does not keep a worker from starting now. */
  readonly drawnAt: number;
}

/** What drawing needs of the outside. */
export interface DrawingTools {
  readonly number: number;
  locate(path: Path): string;
  readonly clock: Clock;
  readonly seed: number;
  readonly hostname: string;
  readonly shelf: Shelf;
}

/** A blueprint, with the generation that was built to see that it can be; or every problem. Makes keys and certificates that are missing. */
export async function draw(
  settings: Settings,
  tools: DrawingTools,
): Promise<Built<{ readonly blueprint: Blueprint; readonly generation: Generation }>> {
  const places = new Map<string, string>();
  const files = new Map<string, Kept>();
  const locate = (path: Path): string => {
    const place = tools.locate(path);
    if (place !== '') places.set(JSON.stringify(path), place);
    return place;
  };
  const { number, clock, seed, hostname, shelf } = tools;
  const recorded = recording(files);
  const result = await build(settings, { locate, clock, seed, hostname, shelf, mayWrite: true, files: recorded });
  if (!result.ok) return result;
  const drawnAt = clock.now();
  const blueprint = { number, settings, places, files, user: systemFiles.user(), seed, hostname, drawnAt };
  return built({ blueprint, generation: result.value }, result.warnings);
}

/** The generation of a blueprint, built with pauses. Touches no file. */
export function raise(
  blueprint: Blueprint,
  clock: Clock,
  timekeeper: Timekeeper,
  dynamic: { readonly shelf: Shelf; readonly want: Want },
  previous: Generation | null,
  pause: Pause,
): Promise<Built<Generation>> {
  const { settings, places, files, user, seed, hostname, drawnAt } = blueprint;
  return build(settings, {
    locate: (path) => places.get(JSON.stringify(path)) ?? '',
    clock,
    timekeeper,
    seed,
    hostname,
    files: replaying(files, user),
    judgedAt: drawnAt,
    pause,
    ...dynamic,
    tracing: tracingTools(clock, version()),
    ...(previous === null ? {} : { previous }),
  });
}

/** Rules of files are some thousand patterns that are compiled once. */
function build(settings: Settings, tools: Parameters<typeof buildGeneration>[1]): Promise<Built<Generation>> {
  const make = (): Promise<Built<Generation>> => buildGeneration(settings, tools);
  return settings.waf.ruleFiles === null ? make() : unoptimised(make);
}

function recording(files: Map<string, Kept>): Files {
  return {
    ...systemFiles,
    read: async (path) => {
      try {
        const found = await systemFiles.read(path);
        files.set(path, found);
        return found;
      } catch (error) {
        files.set(path, { code: (error as NodeJS.ErrnoException).code ?? 'EIO' });
        throw error;
      }
    },
    replace: async (path, text, mode) => {
      await systemFiles.replace(path, text, mode);
      files.set(path, { text, mode });
    },
  };
}

function replaying(files: ReadonlyMap<string, Kept>, user: string): Files {
  const nothing = async (): Promise<void> => {};
  return {
    user: () => user,
    read: async (path) => {
      const kept = files.get(path) ?? { code: 'ENOENT' };
      if ('code' in kept) throw Object.assign(new Error(`${kept.code}: ${path}`), { code: kept.code });
      return kept;
    },
    replace: nothing,
    setAside: nothing,
    keepDirectory: nothing,
  };
}
