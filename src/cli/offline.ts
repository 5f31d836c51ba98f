// A generation for commands that decide something themselves: built from the configuration, without a gate.

import type { Loaded, Settings } from '../config/config.ts';
import type { Generation } from '../generation.ts';
import type { Arguments, World } from './command.ts';

/** The configuration that would be loaded. */
export async function loadedOf(args: Arguments, world: World): Promise<Loaded> {
  const { loadSettings } = await import('../config/config.ts');
  return loadSettings(args, world);
}

/** The generation of a loaded configuration, or of other settings that were made of it; throws its trouble. */
export async function builtOf(loaded: Loaded, settings: Settings = loaded.settings): Promise<Generation> {
  const { build } = await import('../generation.ts');
  const built = await build(settings, { locate: loaded.locate });
  if (!built.ok) throw loaded.trouble(built.problems);
  return built.value;
}

/** The generation of the configuration that would be loaded. */
export async function generationOf(args: Arguments, world: World): Promise<Generation> {
  return builtOf(await loadedOf(args, world));
}
