// The door of the configuration: words a person wrote become settings, or every problem they have.

import { type Loaded, loadFile, loadObject, wholeTrouble } from './load.ts';
import { type Choice, findConfiguration, type Surroundings } from './places.ts';
import type { Configuration } from './schema.ts';
import type { Settings } from './settings.ts';

export { openAtlas } from './atlas.ts';
export { type WrittenExclusion, withExclusions, withMode } from './edit.ts';
export { ConfigurationTrouble, type Loaded } from './load.ts';
export { type Choice, dataDirectoryFrom, findConfiguration, type Surroundings } from './places.ts';
export { plainDocument, plainText } from './plain-document.ts';
export { pathText } from './problems.ts';
export { ruleFiles } from './rule-files.ts';
export { type Configuration, jsonSchema } from './schema.ts';
export { readSecret } from './secret-files.ts';
export type * from './settings.ts';
export { parseDuration } from './units.ts';

/**
 * Loads the file that `--config` names, or the first of portcullis.yaml, .yml, .json and portcullis.config.ts in the
 * working directory. Throws `ConfigurationTrouble` with every problem, or because there is no file.
 */
export async function loadSettings(args: Choice, world: Surroundings): Promise<Loaded> {
  const file = findConfiguration(args, world);
  if (file !== null) return loadFile(file, args, world);
  const source = { name: '', document: null, colours: false };
  const says = `there is no portcullis.yaml in ${world.cwd}`;
  throw wholeTrouble('no-file', says, '`portcullis init` writes one, --config FILE names another', source);
}

/**
 * Settings from an object in the file's words, with all defaults; neither listeners nor sites are required. `file`
 * stands for it in messages. Throws `ConfigurationTrouble`.
 */
export function settingsFrom(object: Configuration, file = '', world: Surroundings = { env: {}, cwd: '/' }): Settings {
  return loadObject(object, file, { options: {} }, world).settings;
}

/** Like `settingsFrom`, from a command: `--data-dir` and the environment hold, and problems can be printed. */
export function loadedFrom(object: Configuration, world: Surroundings, args: Choice = { options: {} }): Loaded {
  return loadObject(object, '', args, world);
}

/** Gives `portcullis.config.ts` its types: `export default defineConfig({ … })`. */
export function defineConfig(configuration: Configuration): Configuration {
  return configuration;
}
