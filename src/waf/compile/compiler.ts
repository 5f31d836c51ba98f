// What every part of the compiler shares: the words, the troubles, patterns that are compiled once, and the tools that words get.

import { type ActionTools, type Fault, isFault } from '../actions/action.ts';
import type { Piece } from '../language/source.ts';
import type { Trouble } from '../language/trouble.ts';
import type { OperatorTools, PatternLike, PhrasesLike } from '../operators/operator.ts';
import { compileMacro } from './macro.ts';
import type { Language } from './words.ts';

/** A pattern with what is wrong with it and where, as the house of patterns says it. */
export interface PatternFault {
  readonly offset: number;
  readonly length: number;
  readonly says: string;
  readonly instead: string;
}

/** What rule sets are compiled with. */
export interface CompilerTools {
  pattern(
    source: string,
    flags: { readonly ignoreCase?: boolean; readonly multiline?: boolean; readonly dotAll?: boolean },
  ): PatternLike | PatternFault;
  phrases(list: readonly string[]): PhrasesLike;
  detectSqli(value: string): string | null;
  detectXss(value: string): boolean;
  readonly files: RuleFiles;
}

/** Rule files and the data beside them. Names are absolute or relative to `from`, the file that names them. */
export interface RuleFiles {
  /** The text (latin1), or null where it cannot be read. */
  read(path: string): string | null;
  /** The absolute path. */
  resolve(from: string, name: string): string;
  /** Where addresses are by the database in a file, or what is wrong with it. */
  geoLookup(path: string): GeoLookup | Fault;
  /** The files that a pattern with * and ? names, sorted; a plain name gives itself where it is there. */
  list(pattern: string): readonly string[];
}

/** Where an address is, by the names of GEO's members; null where nobody knows. */
type GeoLookup = (address: string) => readonly (readonly [name: string, value: string])[] | null;

/** Troubles that are told; what comes behind is counted. */
const maxTroubles = 200;

/** One compilation. */
export class Compiler {
  readonly language: Language;
  readonly tools: CompilerTools;
  readonly troubles: Trouble[];
  readonly warnings: Trouble[] = [];
  readonly #patterns = new Map<string, PatternLike | PatternFault>();
  readonly #phrases = new Map<string, PhrasesLike>();
  /** Where rules ask for places, and the database that they then ask: the last that was named, wherever that stands. */
  readonly #geoLookups: Piece[] = [];
  readonly #geography: { lookUp: GeoLookup } = { lookUp: () => null };
  geoDatabase: { readonly path: string; readonly piece: Piece } | null = null;

  constructor(language: Language, tools: CompilerTools, troubles: Trouble[] = []) {
    this.language = language;
    this.tools = tools;
    this.troubles = troubles;
  }

  /** The same compiler, with troubles that go elsewhere. */
  within(troubles: Trouble[]): Compiler {
    return new Compiler(this.language, this.tools, troubles);
  }

  /** Tells that something is wrong with `piece`. */
  fault(piece: Piece, says: string, instead: string, start = 0, length: number = piece.text.length - start): void {
    if (this.troubles.length < maxTroubles) this.troubles.push(piece.trouble(says, instead, start, length));
  }

  warn(piece: Piece, says: string, instead: string): void {
    this.warnings.push(piece.trouble(says, instead));
  }

  /** A pattern of `@rx`, as libmodsecurity compiles it: `.` matches line breaks. */
  pattern(source: string): PatternLike | PatternFault {
    return this.#pattern(source, { dotAll: true, multiline: true });
  }

  #pattern(
    source: string,
    flags: { readonly ignoreCase?: boolean; readonly multiline?: boolean; readonly dotAll?: boolean },
  ): PatternLike | PatternFault {
    const key = `${Object.keys(flags).join()}/${source}`;
    const known = this.#patterns.get(key);
    if (known !== undefined) return known;
    const made = this.tools.pattern(source, flags);
    this.#patterns.set(key, made);
    return made;
  }

  /** The pattern of a selector, which compares without case; undefined where it is wrong, which was told. */
  selectorPattern(piece: Piece): PatternLike | undefined {
    const made = this.#pattern(piece.text, { ignoreCase: true, dotAll: true });
    if (!isFault(made)) return made;
    this.fault(piece, made.says, made.instead, made.offset, made.length);
    return undefined;
  }

  /** What actions are compiled with. `target` reads a target within an action. */
  actionTools(target: ActionTools['target']): ActionTools {
    return {
      macro: (text) => compileMacro(text, this.language),
      target,
      pattern: (text) => this.#pattern(text, { dotAll: true }),
    };
  }

  /** What operators are built with; files are named relative to `from`. */
  operatorTools(from: string): OperatorTools {
    const { files } = this.tools;
    const geography = this.#geography;
    return {
      pattern: (source) => this.pattern(source),
      phrases: (list) => this.#phraseSet(list),
      file(name): string | Fault {
        const path = files.resolve(from, name);
        return (
          files.read(path) ?? {
            says: `the file ${path} cannot be read`,
            instead: 'put it beside the rules, or name it by its whole path',
          }
        );
      },
      detectSqli: this.tools.detectSqli,
      detectXss: this.tools.detectXss,
      geoLookup: (address) => geography.lookUp(address),
    };
  }

  /** Characters by code point, where SecUnicodeMapFile says what they become. */
  unicodeMap: ReadonlyMap<number, number> | null = null;

  /** Reads the part of a map of characters that stands under `codePage`: lines of `hhhh:hh` behind a line that begins with its number. */
  readUnicodeMap(text: string, codePage: string, piece: Piece): void {
    const lines = text.split('\n');
    const start = lines.findIndex((line) => line.startsWith(`${codePage} `));
    if (start < 0) {
      this.fault(
        piece,
        `the map has no code page ${codePage}`,
        'name one that begins a line of the file, such as 20127',
      );
      return;
    }
    const map = new Map<number, number>();
    for (const line of lines.slice(start + 1)) {
      if (line.trim() === '' || line.startsWith('(') || (line.includes(' ') && !line.includes(':'))) break;
      for (const pair of line.trim().split(' ')) {
        const [from = '', to = ''] = pair.split(':');
        const [point, byte] = [Number.parseInt(from, 16), Number.parseInt(to, 16)];
        if (!Number.isNaN(point) && byte >= 0 && byte < 256) map.set(point, byte);
      }
    }
    this.unicodeMap = map;
  }

  /** Tells that the operator of `piece` asks for places. */
  noteGeoLookup(piece: Piece): void {
    this.#geoLookups.push(piece);
  }

  /** All is read: opens the database, where a rule asks for places. */
  openGeography(): void {
    if (this.#geoLookups.length === 0) return;
    if (this.geoDatabase === null) {
      for (const piece of this.#geoLookups)
        this.warn(
          piece,
          '@geoLookup finds nothing, because no database of addresses is named',
          'write SecGeoLookupDb /path/to/GeoLite2-Country.mmdb, or name geography.country in portcullis.yaml',
        );
      return;
    }
    const { path, piece } = this.geoDatabase;
    const opened = this.tools.files.geoLookup(path);
    if (isFault(opened)) this.fault(piece, opened.says, opened.instead);
    else this.#geography.lookUp = opened;
  }

  #phraseSet(list: readonly string[]): PhrasesLike {
    const key = list.join('\n');
    const known = this.#phrases.get(key) ?? this.tools.phrases(list);
    this.#phrases.set(key, known);
    return known;
  }
}
