// Loads a configuration: text to values, values to words, words to settings; every problem on the way at once.

import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Path, Problem } from '../base/problem.ts';
import { agree } from './agreement.ts';
import { Document, fileName, maxFileBytes } from './document.ts';
import { problemsOf, without, withoutEchoes } from './issues.ts';
import { type Choice, dataDirectoryOr, displayName, isProgram, type Surroundings } from './places.ts';
import { locate, type Placed, printProblems, type Source } from './problems.ts';
import { type Complete, configuration } from './schema.ts';
import { secretProblems } from './secret-files.ts';
import type { Settings } from './settings.ts';
import { settingsOf } from './translate.ts';

/** Settings with what is needed to speak about them in the words of their file. */
export interface Loaded {
  readonly settings: Settings;
  /** Where the value of a path of the settings stands, `portcullis.yaml:7`; '' where no line does. */
  locate(path: Path): string;
  /** The problems (or warnings) as text for people, without a line feed at the end. */
  print(problems: readonly Problem[], isWarning?: boolean): string;
  /** The file as a person would name it from here; null for settings that no file holds. */
  readonly file: string | null;
  readonly warnings: readonly Problem[];
  /** The trouble that problems found in these settings are, to be thrown. */
  trouble(problems: readonly Problem[]): ConfigurationTrouble;
}

/** Thrown where a configuration has problems; the message is their printed text. */
export class ConfigurationTrouble extends Error {
  readonly problems: readonly Problem[];
  /** The settings as far as they could be understood, for finding what the stations object to; null for none. */
  readonly loaded: Loaded | null;
  /** Names of the parts that `loaded` has only defaults for. */
  readonly lost: ReadonlySet<string>;
  /** Whether the stations were asked already. */
  readonly isWhole: boolean;
  readonly #source: Source;

  constructor(
    problems: readonly Placed[],
    source: Source,
    loaded: Loaded | null,
    lost: ReadonlySet<string>,
    isWhole = false,
  ) {
    super(summed(problems, source));
    this.problems = problems;
    this.loaded = loaded;
    this.lost = lost;
    this.isWhole = isWhole;
    this.#source = source;
  }

  /** The same trouble with what the stations found in `loaded`, as far as it speaks of what was really written. */
  also(found: readonly Problem[]): ConfigurationTrouble {
    const real = found.filter(({ path }) => !this.lost.has(fileName(String(path[0]))));
    return new ConfigurationTrouble([...this.problems, ...real], this.#source, this.loaded, this.lost, true);
  }
}

/** Where values came from. `file` is absolute, or null where a program holds them. */
interface Origin {
  readonly file: string | null;
  readonly source: Source;
  readonly options: Choice['options'];
  readonly world: Surroundings;
  /** A file must be whole: listen somewhere, serve something. */
  readonly mustBeWhole: boolean;
}

/** The settings of a file; throws `ConfigurationTrouble` with every problem it has. */
export async function loadFile(file: string, args: Choice, world: Surroundings): Promise<Loaded> {
  const source = { name: displayName(file, world.cwd), document: null, colours: wantsColours(args, world) };
  const origin = { file, source, options: args.options, world, mustBeWhole: true };
  if (isProgram(file)) return understand(await exported(file, source), origin);
  const document = new Document(await contents(file, source));
  return understand(document.value, { ...origin, source: { ...source, document } });
}

/** The settings of an object in the file's words; throws `ConfigurationTrouble`. `name` stands for the file in messages. */
export function loadObject(value: unknown, name: string, args: Choice, world: Surroundings): Loaded {
  const source = { name, document: null, colours: wantsColours(args, world) };
  return understand(value, { file: null, source, options: args.options, world, mustBeWhole: false });
}

/** Trouble with the file as a whole. */
export function wholeTrouble(
  code: string,
  says: string,
  instead: string | undefined,
  source: Source,
): ConfigurationTrouble {
  const problem: Problem = { path: [], code: `config/${code}`, says, ...(instead === undefined ? {} : { instead }) };
  return new ConfigurationTrouble([problem], source, null, new Set());
}

function understand(value: unknown, origin: Origin): Loaded {
  const { source } = origin;
  const faults: Placed[] = (source.document?.faults ?? []).map((fault) => ({ ...fault, path: [] }));
  if (faults.some(({ code }) => code === 'config/yaml' || code === 'config/too-large'))
    throw new ConfigurationTrouble(faults, source, null, new Set());
  const { words, problems: mistakes } = judge(value ?? {});
  const lost = new Set(mistakes.filter(({ code }) => !harmless.has(code)).map(({ path }) => String(path[0] ?? '')));
  const isGroup = !lost.has('');
  const agreement = isGroup ? agree(words, lost, origin.mustBeWhole) : { problems: [], warnings: [] };
  const loaded = loadedOf(words, agreement.warnings, origin);
  const secrets = isGroup && !lost.has('tls') ? secretProblems(loaded.settings.tls.acme) : [];
  const problems = [...faults, ...withoutEchoes(mistakes), ...agreement.problems, ...secrets];
  if (problems.length === 0) return loaded;
  throw new ConfigurationTrouble(problems, source, isGroup ? loaded : null, lost);
}

/** Problems whose value can be left out without losing anything that was meant. */
const harmless: ReadonlySet<string> = new Set(['config/unknown-key', 'config/later']);

/** The words as far as the schema accepts them, and everything it does not. */
function judge(value: unknown): { words: Complete; problems: Problem[] } {
  const first = configuration.safeParse(value, { reportInput: true });
  if (first.success) return { words: first.data, problems: [] };
  const problems = problemsOf(first.error.issues);
  const repaired = without(
    value,
    problems.map(({ path }) => path),
  );
  const second = configuration.safeParse(repaired);
  if (second.success) return { words: second.data, problems };
  const parts = without(
    repaired,
    second.error.issues.map(({ path }) => path.slice(0, 1) as Path),
  );
  const third = configuration.safeParse(parts);
  return { words: third.success ? third.data : configuration.parse({}), problems };
}

function loadedOf(words: Complete, warnings: readonly Problem[], origin: Origin): Loaded {
  const { file, source, options, world } = origin;
  const from = file === null ? world.cwd : dirname(file);
  const settings = settingsOf(words, {
    file,
    cwd: world.cwd,
    dataDirectory: dataDirectoryOr(options, world, words.data_directory, from),
    commentOf: (path) => source.document?.commentBehind(path) ?? '',
  });
  const loaded: Loaded = {
    settings,
    trouble: (problems) => new ConfigurationTrouble(problems, source, loaded, new Set(), true),
    locate: (path) => locate(path, source),
    print: (problems, isWarning) => printProblems(problems, source, isWarning),
    file: file === null ? null : source.name,
    warnings,
  };
  return loaded;
}

function summed(problems: readonly Placed[], source: Source): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${printProblems(problems, source)}\n\n${count}${source.name === '' ? '' : ` in ${source.name}`}`;
}

async function contents(file: string, source: Source): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > maxFileBytes)
      throw wholeTrouble(
        'too-large',
        `the file has ${size} bytes, and a configuration has at most 1 MiB`,
        undefined,
        source,
      );
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    if (error instanceof ConfigurationTrouble) throw error;
    throw unreadable(error as NodeJS.ErrnoException, source);
  }
}

function unreadable(error: NodeJS.ErrnoException, source: Source): ConfigurationTrouble {
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return wholeTrouble('no-file', 'there is no such file', '`portcullis init` writes one to begin with', source);
    case 'EACCES':
      return wholeTrouble('unreadable', 'this user may not read the file', undefined, source);
    case 'EISDIR':
      return wholeTrouble('unreadable', 'this is a directory', 'name the file in it', source);
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return wholeTrouble('encoding', 'the file is not UTF-8 text', undefined, source);
    default:
      return wholeTrouble('unreadable', `the file cannot be read: ${error.message}`, undefined, source);
  }
}

/** The default export of a program, freshly imported whenever the file has changed. */
async function exported(file: string, source: Source): Promise<unknown> {
  let from: { default?: unknown };
  try {
    const { mtimeMs } = await stat(file);
    from = await import(`${pathToFileURL(file).href}?at=${mtimeMs}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw unreadable(error as NodeJS.ErrnoException, source);
    throw wholeTrouble('program', `the file cannot be run: ${(error as Error).message}`, undefined, source);
  }
  if (from.default === undefined)
    throw wholeTrouble('program', 'the file has no default export', 'write export default defineConfig({ … })', source);
  return from.default;
}

function wantsColours(args: Choice, world: Surroundings): boolean {
  const refused = world.env.NO_COLOR !== undefined && world.env.NO_COLOR !== '';
  return world.stderr?.isTTY === true && !refused && args.options['no-color'] !== true;
}
