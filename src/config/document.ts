// A YAML or JSON text as plain values that still know where they stand; bounded whatever the text holds.

import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Path } from '../base/problem.ts';

/** A stretch of the text, in characters; `end` is not included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Something that is wrong with the text itself. */
export interface Fault {
  readonly span: Span;
  readonly code: string;
  readonly says: string;
  readonly instead?: string;
}

/** Longest file that is read, in bytes. */
export const maxFileBytes = 1024 * 1024;

/** Most values a file may hold, those that aliases repeat included. */
const maxValues = 100_000;

/** Deepest nesting; the schema needs 6. */
const maxDepth = 64;

/** Settings whose name in the program is not the file's name in snake case without its unit; '' stays where it is. */
const fileNames: ReadonlyMap<string, string> = new Map([
  ['hosts', 'host'],
  ['windowMs', 'limit'],
  ['status', 'then'],
  ['observe', ''],
  ['comments', 'rules'],
]);

/** A text that was read. */
export class Document {
  readonly text: string;
  readonly value: unknown;
  readonly faults: Fault[] = [];
  #root: Node | null;
  #lines = new LineCounter();
  #anchors = new Map<string, Node>();
  #values = 0;

  constructor(text: string) {
    this.text = text;
    this.#root = this.#parse();
    this.value = this.#root === null ? null : this.#plain(this.#root, 0);
  }

  /** Line and column of a character, both from 1. */
  position(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /**
   * The value at a path of the file or of the settings; where it is missing, the key of what it is missing from; null
   * where that is the file itself.
   */
  spanOf(path: Path): Span | null {
    let node = this.#root;
    let span = path.length > 0 || node === null ? null : this.#head(node);
    for (const step of path) {
      if (fileNames.get(String(step)) === '') continue;
      const at = this.#resolve(node);
      const pair = isMap(at) ? pairOf(at, step) : null;
      node = isSeq(at) && typeof step === 'number' ? itemOf(at, step) : ((pair?.value as Node | undefined) ?? null);
      if (pair !== null) span = rangeOf(pair.key as Node);
      if (node === null) return span;
      // Because a group has no place of its own worth pointing at, its key stands for it, or its first line in a list.
      if (isScalar(node) && node.source !== '') span = rangeOf(node);
      else if (pair === null) span = this.#head(node);
    }
    return span;
  }

  /** The key that the last step of `path` is. */
  spanOfKey(path: Path): Span | null {
    const group = this.#resolve(this.#nodeAt(path.slice(0, -1)));
    const pair = isMap(group) ? pairOf(group, path.at(-1)!) : null;
    return pair === null ? this.spanOf(path) : rangeOf(pair.key as Node);
  }

  /** The comment on the same line behind the value at `path`, or ''. */
  commentBehind(path: Path): string {
    const node = this.#nodeAt(path);
    if (node === null) return '';
    let at = rangeOf(node).end;
    while (this.text[at] === ' ' || this.text[at] === '\t' || this.text[at] === ',') at++;
    if (this.text[at] !== '#') return '';
    const end = this.text.indexOf('\n', at);
    return this.text.slice(at + 1, end < 0 ? undefined : end).trim();
  }

  #nodeAt(path: Path): Node | null {
    let node = this.#root;
    for (const step of path) {
      const at = this.#resolve(node);
      if (isSeq(at) && typeof step === 'number') node = itemOf(at, step);
      else node = isMap(at) ? ((pairOf(at, step)?.value as Node | undefined) ?? null) : null;
    }
    return node;
  }

  #parse(): Node | null {
    try {
      // Because the parser compares every two keys of a group, which is quadratic, doubles are found in #group instead.
      const document = parseDocument(this.text, { lineCounter: this.#lines, prettyErrors: false, uniqueKeys: false });
      for (const error of document.errors) this.#syntax(error.code, error.message, error.pos);
      return document.errors.length === 0 ? (document.contents as Node | null) : null;
    } catch {
      this.#fault({ start: 0, end: 0 }, 'too-large', `the file is nested more than ${maxDepth} deep`);
      return null;
    }
  }

  #syntax(code: string, message: string, [start, end]: readonly [number, number]): void {
    const says = message.endsWith('.') ? message.slice(0, -1) : message;
    const span = { start, end };
    if (code === 'MULTIPLE_DOCS')
      this.#fault(
        span,
        'yaml',
        'the file holds more than one document',
        'remove the line ---, or everything behind it',
      );
    else if (code === 'TAB_AS_INDENT')
      this.#fault(span, 'yaml', 'a tab stands in the indentation', 'indent with spaces');
    else if (code === 'RESOURCE_EXHAUSTION' || says.endsWith('tack overflow') || says.startsWith('Maximum call stack'))
      this.#fault({ start: 0, end: 0 }, 'too-large', `the file is nested more than ${maxDepth} deep`);
    else if (says.startsWith('Nested mappings'))
      this.#fault(span, 'yaml', 'this is not YAML: a value has a colon of its own', 'put the value in quotes');
    else this.#fault(span, 'yaml', `this is not YAML: ${says}`);
  }

  #fault(span: Span, slug: string, says: string, instead?: string): void {
    const code = `config/${slug}`;
    // Because every later brace of a broken file is wrong too: the first hundred say enough.
    if (this.faults.length >= 100) return;
    if (this.faults.some((fault) => fault.code === code && fault.span.start === span.start)) return;
    this.faults.push(instead === undefined ? { span, code, says } : { span, code, says, instead });
  }

  #plain(node: Node, depth: number): unknown {
    if (++this.#values > maxValues || depth > maxDepth) {
      const deep = `the file is nested more than ${maxDepth} deep`;
      const many = 'the file holds more than 100,000 values, counting those that aliases repeat';
      this.#fault({ start: 0, end: 0 }, 'too-large', depth > maxDepth ? deep : many);
      return null;
    }
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target !== undefined) return this.#plain(target, depth + 1);
      this.#fault(rangeOf(node), 'unknown-alias', `nothing before this is named &${node.source}`);
      return null;
    }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return node.items.map((item) => this.#plain(item as Node, depth + 1));
    return isMap(node) ? this.#group(node, depth) : null;
  }

  #group(node: YAMLMap, depth: number): unknown {
    const seen = new Map<string, Node>();
    const entries: [string, unknown][] = [];
    for (const { key, value } of node.items as { key: Node; value: Node | null }[]) {
      if (!isScalar(key) || key.value === null) {
        this.#fault(this.#head(key ?? node), 'key', 'a key is a plain word');
        continue;
      }
      const name = String(key.value);
      const first = seen.get(name);
      if (first !== undefined) {
        const { line } = this.position(rangeOf(first).start);
        this.#fault(
          rangeOf(key),
          'duplicate-key',
          `"${name}" stands here twice`,
          `remove one; the first is on line ${line}`,
        );
        continue;
      }
      seen.set(name, key);
      entries.push([name, value === null ? null : this.#plain(value, depth + 1)]);
    }
    return Object.fromEntries(entries);
  }

  #resolve(node: Node | null): Node | null {
    let at = node;
    for (let step = 0; at !== null && isAlias(at) && step < maxDepth; step++)
      at = this.#anchors.get((at as Alias).source) ?? null;
    return at;
  }

  /** What stands for a node when it is pointed at: a scalar whole, of a group or list the first line. */
  #head(node: Node): Span {
    const { start, end } = rangeOf(node);
    const line = this.text.indexOf('\n', start);
    return { start, end: line < 0 ? end : Math.min(end, Math.max(start, line)) };
  }
}

/** The file's name of a setting: `maxBodyBytes` → `max_body`. */
export function fileName(name: string): string {
  let bare = name;
  for (const unit of ['Bytes', 'Ms', 'Seconds']) if (name.endsWith(unit)) bare = name.slice(0, -unit.length);
  let out = '';
  for (const letter of bare) out += letter >= 'A' && letter <= 'Z' ? `_${letter.toLowerCase()}` : letter;
  return out;
}

/** The file's words for a path of the settings: `tls.localNames` → `tls.local_names`, `observe.journal` → `journal`. */
export function filePath(path: Path): Path {
  return path.flatMap((step) => {
    const word = typeof step === 'number' ? step : (fileNames.get(step) ?? fileName(step));
    return word === '' ? [] : [word];
  });
}

/** The pair of a setting, by the name the file or the program has for it. */
function pairOf(group: YAMLMap, step: string | number) {
  const names = [String(step), fileNames.get(String(step)) ?? fileName(String(step))];
  return group.items.find(({ key }) => isScalar(key) && names.includes(String(key.value))) ?? null;
}

function itemOf(list: YAMLSeq, index: number): Node | null {
  return (list.items[index] as Node | undefined) ?? null;
}

function rangeOf(node: Node): Span {
  const range = node.range;
  return range ? { start: range[0], end: range[1] } : { start: 0, end: 0 };
}
