// Reads a TypeScript source as tokens: enough to see its imports, statements, literals and comments, and not to be fooled by text.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

/** A `word` is a name, keyword or number; a `template` is a piece of a template between its expressions; a `mark` is one character. */
export type TokenKind = 'word' | 'string' | 'template' | 'regex' | 'comment' | 'mark';

/** One token. `line` and `column` count from 1; `depth` is the number of brackets around it. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
  readonly line: number;
  readonly column: number;
  readonly depth: number;
}

/** One name of an import: what it is called where it comes from, and whether it is a type only. */
export interface ImportedName {
  readonly name: string;
  readonly isType: boolean;
}

/** One import, re-export or `import()` of a file. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  readonly names: readonly ImportedName[];
  /** Whether nothing of it is left when the types are stripped. */
  readonly isType: boolean;
}

/** One file of the project. `path` is relative to the root of the project. */
export interface Source {
  readonly path: string;
  readonly text: string;
  /** Without comments. */
  readonly tokens: readonly Token[];
  readonly comments: readonly Token[];
  readonly imports: readonly Import[];
}

/** The root of the project. */
export const root: string = join(import.meta.dirname, '..');

/** Every TypeScript source under `folder`, tests included, in the order of their paths. */
export function readSources(folder: string): Source[] {
  return filesUnder(folder, '.ts').map((path) => sourceOf(path, readFileSync(join(root, path), 'utf8')));
}

/** Paths of the files under `folder` that end in `ending`, relative to the root, sorted. */
export function filesUnder(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => path.endsWith(ending) && statSync(join(root, path)).isFile())
    .sort();
}

/** A source from its text. */
export function sourceOf(path: string, text: string): Source {
  const all = tokensOf(text);
  const tokens = all.filter(({ kind }) => kind !== 'comment');
  return { path, text, tokens, comments: all.filter(({ kind }) => kind === 'comment'), imports: importsOf(tokens) };
}

/** The file that a relative import leads to, relative to the root. */
export function targetOf(path: string, specifier: string): string {
  return relative(root, normalize(join(root, dirname(path), specifier)));
}

/** The text that a string token stands for. */
export function valueOf(token: Token): string {
  return token.text.slice(1, -1);
}

const wordCharacters = /[\p{ID_Continue}$#@\\]+/uy;
const stringLiteral = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y;
const regexLiteral = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const templatePiece = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;
const comment = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;

/** Words after which a slash begins a regular expression, not a division. */
const beforeValue: ReadonlySet<string> = new Set(
  'return typeof case in of new delete void throw await yield else do instanceof'.split(' '),
);

/** Every token of a text, comments included. Throws where the text ends within one: no valid source does. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const significant: Token[] = [];
  /** Depths at which a `}` goes back into a template. */
  const templates: number[] = [];
  const lines = lineStarts(text);
  let line = 0;
  let depth = 0;
  let at = 0;
  const take = (kind: TokenKind, length: number): Token => {
    while (line + 1 < lines.length && lines[line + 1]! <= at) line++;
    const token = { kind, text: text.slice(at, at + length), at, line: line + 1, column: at - lines[line]! + 1, depth };
    tokens.push(token);
    if (kind !== 'comment') significant.push(token);
    at += length;
    return token;
  };
  const lengthOf = (pattern: RegExp, from: number): number => {
    pattern.lastIndex = from;
    return pattern.exec(text)?.[0].length ?? 0;
  };
  const takeTemplate = (): void => {
    const length = lengthOf(templatePiece, at + 1);
    if (length === 0) throw new Error(`line ${line + 1}: a template does not end`);
    if (!take('template', length + 1).text.endsWith('${')) return;
    templates.push(depth);
    depth++;
  };
  while (at < text.length) {
    const character = text[at]!;
    if (character.trim() === '') at++;
    else if (lengthOf(comment, at) > 0) take('comment', lengthOf(comment, at));
    else if (character === '`') takeTemplate();
    else if (character === '}' && templates.at(-1) === depth - 1) {
      depth = templates.pop()!;
      takeTemplate();
    } else if (character === '"' || character === "'") {
      const length = lengthOf(stringLiteral, at);
      if (length === 0) throw new Error(`line ${line + 1}: a string does not end`);
      take('string', length);
    } else if (character === '/' && isBeforeValue(significant) && lengthOf(regexLiteral, at) > 0)
      take('regex', lengthOf(regexLiteral, at));
    else if (lengthOf(wordCharacters, at) > 0) take('word', lengthOf(wordCharacters, at));
    else {
      if (')]}'.includes(character)) depth--;
      take('mark', 1);
      if ('([{'.includes(character)) depth++;
    }
  }
  if (depth !== 0) throw new Error(`${depth} brackets are left open`);
  return tokens;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** Whether a value may begin behind these tokens, so that a slash is no division. */
function isBeforeValue(tokens: readonly Token[]): boolean {
  const last = tokens.at(-1);
  if (last === undefined) return true;
  if (last.kind === 'word') return beforeValue.has(last.text);
  if (last.kind === 'template') return last.text.endsWith('${');
  if (last.kind !== 'mark') return false;
  // Because `x!` asserts and `!x` negates.
  if (last.text === '!') {
    const before = tokens.at(-2);
    return before === undefined || before.at + before.text.length !== last.at || '(,=:[!&|?{};'.includes(before.text);
  }
  return !')]}'.includes(last.text);
}

/** The imports of a file, from its tokens without comments. */
export function importsOf(tokens: readonly Token[]): Import[] {
  const imports: Import[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    if (token.kind !== 'word' || tokens[index - 1]?.text === '.') continue;
    if (token.text === 'import') {
      const next = tokens[index + 1];
      if (next?.kind === 'string')
        imports.push({ specifier: valueOf(next), line: token.line, names: [], isType: false });
      else if (next?.text === '(' && tokens[index + 2]?.kind === 'string')
        imports.push({ specifier: valueOf(tokens[index + 2]!), line: token.line, names: [], isType: false });
      else if (token.depth === 0 && next?.text !== '.') clause(tokens, index, imports);
    } else if (token.text === 'export' && token.depth === 0 && isReExport(tokens, index))
      clause(tokens, index, imports);
  }
  return imports;
}

function isReExport(tokens: readonly Token[], index: number): boolean {
  const next = tokens[index + 1]?.text === 'type' ? tokens[index + 2] : tokens[index + 1];
  return next?.text === '*' || next?.text === '{';
}

/** What stands between `import` or `export` and the file's name. */
function clause(tokens: readonly Token[], start: number, imports: Import[]): void {
  const isWhole =
    tokens[start + 1]?.text === 'type' && tokens[start + 2]?.text !== 'from' && tokens[start + 2]?.text !== ',';
  const names: ImportedName[] = [];
  let index = start + (isWhole ? 2 : 1);
  for (; index < tokens.length; index++) {
    const token = tokens[index]!;
    if (token.kind === 'string') break;
    if (token.text === ';') return;
    if (token.text === 'from' && tokens[index + 1]?.kind === 'string') continue;
    const before = tokens[index - 1]!;
    const isName = token.kind === 'word' && token.text !== 'as' && before.text !== 'as';
    if (!isName) {
      if (token.text === '*') names.push({ name: '*', isType: isWhole });
      continue;
    }
    if (token.text === 'type' && tokens[index + 1]?.kind === 'word' && tokens[index + 1]!.text !== 'as') continue;
    names.push({ name: token.text, isType: isWhole || before.text === 'type' });
  }
  const file = tokens[index];
  if (file === undefined || tokens[index - 1]?.text !== 'from') return;
  const isType = isWhole || (names.length > 0 && names.every((name) => name.isType));
  imports.push({ specifier: valueOf(file), line: tokens[start]!.line, names, isType });
}
