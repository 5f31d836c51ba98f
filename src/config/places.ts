// Where the configuration file and the data directory are.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { Document, maxFileBytes } from './document.ts';

/** The part of the world that loading looks at; the commands' `World` is one. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stderr?: { readonly isTTY?: boolean };
}

/** The part of a command's arguments that loading looks at: `config`, `data-dir`, `no-color`. */
export interface Choice {
  readonly options: Readonly<Record<string, unknown>>;
}

/** Names looked for in the working directory, in this order. */
const fileNames = ['portcullis.yaml', 'portcullis.yml', 'portcullis.json', 'portcullis.config.ts'];

/** The configuration file that would be loaded, absolute: `--config`, or the first that the working directory has; else null. */
export function findConfiguration({ options }: Choice, { cwd }: Surroundings): string | null {
  if (typeof options.config === 'string') return resolve(cwd, options.config);
  const name = fileNames.find((candidate) => existsSync(join(cwd, candidate)));
  return name === undefined ? null : join(cwd, name);
}

/** Whether the file is a program that exports the configuration. */
export function isProgram(file: string): boolean {
  return ['.ts', '.mts', '.js', '.mjs'].some((ending) => file.endsWith(ending));
}

/** The file as a person in `cwd` would name it. */
export function displayName(file: string, cwd: string): string {
  const name = relative(cwd, file);
  return name === '' || name.startsWith('..') || isAbsolute(name) ? file : name;
}

/**
 * The data directory, absolute: `--data-dir`, `PORTCULLIS_DATA`, `data_directory` of the configuration file, or the
 * default of this user. A file that cannot be read counts as silent: whoever loads it will say so.
 */
export function dataDirectoryFrom(options: Choice['options'], world: Surroundings): string {
  const chosen = chosenDirectory(options, world);
  if (chosen !== null) return chosen;
  const file = findConfiguration({ options }, world);
  const written = file === null || isProgram(file) ? null : writtenDirectory(file);
  return written ?? defaultDirectory(world.env);
}

/** The data directory for settings in which `written` stands, relative to `from`. */
export function dataDirectoryOr(
  options: Choice['options'],
  world: Surroundings,
  written: string | undefined,
  from: string,
): string {
  const chosen = chosenDirectory(options, world);
  if (chosen !== null) return chosen;
  return written === undefined ? defaultDirectory(world.env) : resolve(from, written);
}

function chosenDirectory(options: Choice['options'], { env, cwd }: Surroundings): string | null {
  const named = options['data-dir'];
  if (typeof named === 'string' && named !== '') return resolve(cwd, named);
  const fromEnvironment = env.PORTCULLIS_DATA;
  return fromEnvironment === undefined || fromEnvironment === '' ? null : resolve(cwd, fromEnvironment);
}

function writtenDirectory(file: string): string | null {
  try {
    if (statSync(file).size > maxFileBytes) return null;
    const { value } = new Document(readFileSync(file, 'utf8'));
    const written = (value as { data_directory?: unknown } | null)?.data_directory;
    return typeof written === 'string' && written !== '' ? resolve(dirname(file), written) : null;
  } catch {
    return null;
  }
}

/** `$XDG_STATE_HOME/portcullis`; for root `/var/lib/portcullis`; else `~/.local/state/portcullis`. */
function defaultDirectory(env: Surroundings['env']): string {
  const state = env.XDG_STATE_HOME;
  // Because the XDG specification says to ignore a relative path.
  if (state !== undefined && isAbsolute(state)) return join(state, 'portcullis');
  if (userInfo().uid === 0) return '/var/lib/portcullis';
  const home = env.HOME !== undefined && isAbsolute(env.HOME) ? env.HOME : homedir();
  return join(home, '.local', 'state', 'portcullis');
}
