// XML as rules see it: all text, every attribute, and elements by a path of names. Bounded; entities beyond the five are not expanded.

import { Pairs } from '../variables/pairs.ts';
import type { XmlFacts } from '../variables/variable.ts';
import { utf8 } from './json-arguments.ts';

interface Element {
  readonly name: string;
  readonly parent: number;
  readonly from: number;
  to: number;
}

/** Elements and attributes together that one document may bring. */
const maxNodes = 100_000;
/** Members that one path may select. */
const maxSelected = 10_000;

/** One document: what was read of it, and what is wrong with it ('' for nothing). */
export class XmlDocument implements XmlFacts {
  text = '';
  readonly attributes: Pairs = new Pairs();
  fault = '';
  readonly #elements: Element[] = [];
  readonly #owners: number[] = [];
  readonly #source: string;
  readonly #parts: string[] = [];
  #length = 0;

  constructor(source: string, maxDepth: number) {
    this.#source = source;
    this.#read(maxDepth);
    this.text = this.#parts.join('');
  }

  /** Members of a path such as `/a/b`, `//b`, `/a/*`, `/a/@id`. */
  at(path: string): Pairs {
    const pairs = new Pairs();
    const steps = stepsOf(path);
    const last = steps.at(-1)!;
    if (last.name.startsWith('@')) this.#selectAttributes(path, steps, pairs);
    else
      for (let index = 0; index < this.#elements.length && pairs.count < maxSelected; index++) {
        const { from, to } = this.#elements[index]!;
        if (this.#isAt(index, steps, steps.length - 1)) pairs.add(path, this.text.slice(from, to));
      }
    return pairs;
  }

  #selectAttributes(path: string, steps: readonly Step[], pairs: Pairs): void {
    const wanted = steps.at(-1)!.name.slice(1);
    for (let index = 0; index < this.attributes.count && pairs.count < maxSelected; index++) {
      const name = this.attributes.names[index]!;
      const owner = this.#owners[index]!;
      if ((wanted === '*' || wanted === name) && (steps.length === 1 || this.#isAt(owner, steps, steps.length - 2)))
        pairs.add(path, this.attributes.values[index]!);
    }
  }

  /** Whether the element stands where the first `last + 1` steps lead. Every step looks at each ancestor at most once. */
  #isAt(index: number, steps: readonly Step[], last: number): boolean {
    const { name, parent } = this.#elements[index]!;
    const step = steps[last]!;
    if (step.name !== '*' && step.name !== name && step.name !== localName(name)) return false;
    if (last === 0) return step.isDeep || parent < 0;
    if (!step.isDeep) return parent >= 0 && this.#isAt(parent, steps, last - 1);
    for (let above = parent; above >= 0; above = this.#elements[above]!.parent)
      if (this.#isAt(above, steps, last - 1)) return true;
    return false;
  }

  #read(maxDepth: number): void {
    const source = this.#source;
    const open: number[] = [];
    let at = source.startsWith('\xef\xbb\xbf') ? 3 : 0;
    let hasRoot = false;
    while (at < source.length && this.fault === '') {
      const angle = source.indexOf('<', at);
      const end = angle < 0 ? source.length : angle;
      if (end > at) this.#addText(source.slice(at, end), open.length > 0, at);
      if (angle < 0) break;
      if (source.startsWith('<!--', angle)) at = this.#skip('-->', angle + 4);
      else if (source.startsWith('<![CDATA[', angle)) at = this.#cdata(angle, open.length > 0);
      else if (source.startsWith('<?', angle)) at = this.#skip('?>', angle + 2);
      else if (source.startsWith('<!', angle)) at = this.#doctype(angle, hasRoot);
      else if (source[angle + 1] === '/') at = this.#close(angle, open);
      else {
        if (open.length === 0 && hasRoot) this.fault = `XML: a second root element at byte ${angle}`;
        if (open.length >= maxDepth) this.fault = `XML: it is nested deeper than ${maxDepth}`;
        hasRoot = true;
        at = this.#open(angle, open);
      }
    }
    if (this.fault === '' && open.length > 0) this.fault = 'XML: an element is not closed';
    if (this.fault === '' && !hasRoot) this.fault = 'XML: there is no element';
    for (const index of open) this.#elements[index]!.to = this.#length;
  }

  #addText(raw: string, isInside: boolean, at: number): void {
    if (!isInside) {
      if (raw.trim() !== '') this.fault = `XML: text outside of the root element at byte ${at}`;
      return;
    }
    const text = raw.includes('&') ? this.#resolved(raw, at) : raw;
    this.#parts.push(text);
    this.#length += text.length;
  }

  /** Text with its references resolved (XML 1.0 4.1, 4.6). */
  #resolved(raw: string, at: number): string {
    let result = '';
    let from = 0;
    for (let ampersand = raw.indexOf('&'); ampersand >= 0; ampersand = raw.indexOf('&', from)) {
      const semicolon = raw.indexOf(';', ampersand);
      const name = semicolon < 0 || semicolon - ampersand > 64 ? '' : raw.slice(ampersand + 1, semicolon);
      const meant = name === '' ? null : referenceOf(name);
      if (meant === null) {
        this.fault ||= `XML: a broken reference at byte ${at + ampersand}`;
        return result + raw.slice(from);
      }
      result += raw.slice(from, ampersand) + meant;
      from = semicolon + 1;
    }
    return result + raw.slice(from);
  }

  #skip(mark: string, from: number): number {
    const found = this.#source.indexOf(mark, from);
    if (found < 0) this.fault = `XML: ${mark} is missing`;
    return found < 0 ? this.#source.length : found + mark.length;
  }

  #cdata(angle: number, isInside: boolean): number {
    const end = this.#source.indexOf(']]>', angle + 9);
    if (end < 0) return this.#skip(']]>', angle + 9);
    if (!isInside) this.fault = `XML: text outside of the root element at byte ${angle}`;
    const text = this.#source.slice(angle + 9, end);
    this.#parts.push(text);
    this.#length += text.length;
    return end + 3;
  }

  /** A document type is passed over with its inner part: what it declares is never read. */
  #doctype(angle: number, hasRoot: boolean): number {
    if (hasRoot || !this.#source.startsWith('<!DOCTYPE', angle))
      this.fault = `XML: no markup begins like this at byte ${angle}`;
    let depth = 0;
    let quote = '';
    for (let at = angle; at < this.#source.length; at++) {
      const one = this.#source[at]!;
      if (quote !== '') quote = one === quote ? '' : quote;
      else if (one === '"' || one === "'") quote = one;
      else if (one === '<') depth++;
      else if (one === '>' && --depth === 0) return at + 1;
    }
    this.fault ||= 'XML: the document type does not end';
    return this.#source.length;
  }

  #close(angle: number, open: number[]): number {
    const end = this.#source.indexOf('>', angle);
    const name = this.#source.slice(angle + 2, end < 0 ? this.#source.length : end).trimEnd();
    const index = open.pop();
    if (end < 0 || index === undefined || this.#elements[index]!.name !== name) {
      this.fault = `XML: </${name.slice(0, 40)}> closes no open element at byte ${angle}`;
      if (index !== undefined) open.push(index);
      return this.#source.length;
    }
    this.#elements[index]!.to = this.#length;
    return end + 1;
  }

  #open(angle: number, open: number[]): number {
    const source = this.#source;
    let at = angle + 1;
    const nameEnd = endOfName(source, at);
    const name = source.slice(at, nameEnd);
    if (name === '') this.fault ||= `XML: a < begins no element at byte ${angle}`;
    if (this.#elements.length + this.attributes.count > maxNodes) this.fault ||= 'XML: there are too many elements';
    const index = this.#elements.length;
    this.#elements.push({ name, parent: open.at(-1) ?? -1, from: this.#length, to: this.#length });
    at = nameEnd;
    while (this.fault === '') {
      while (isSpace(source.charCodeAt(at))) at++;
      if (source[at] === '>') {
        open.push(index);
        return at + 1;
      }
      if (source.startsWith('/>', at)) return at + 2;
      at = this.#attribute(at, index);
    }
    return source.length;
  }

  #attribute(from: number, owner: number): number {
    const source = this.#source;
    const nameEnd = endOfName(source, from);
    let at = nameEnd;
    while (isSpace(source.charCodeAt(at))) at++;
    const equals = at;
    at++;
    while (isSpace(source.charCodeAt(at))) at++;
    const quote = source[at] ?? '';
    const end = quote === '"' || quote === "'" ? source.indexOf(quote, at + 1) : -1;
    if (nameEnd === from || source[equals] !== '=' || end < 0) {
      this.fault = `XML: a broken attribute at byte ${from}`;
      return source.length;
    }
    const raw = source.slice(at + 1, end);
    this.attributes.add(source.slice(from, nameEnd), raw.includes('&') ? this.#resolved(raw, at) : raw);
    this.#owners.push(owner);
    return end + 1;
  }
}

interface Step {
  readonly name: string;
  readonly isDeep: boolean;
}

function stepsOf(path: string): Step[] {
  const steps: Step[] = [];
  let isDeep = false;
  for (const name of path.slice(1).split('/')) {
    if (name === '') isDeep = true;
    else {
      steps.push({ name, isDeep });
      isDeep = false;
    }
  }
  return steps;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13;
}

function endOfName(source: string, from: number): number {
  let at = from;
  while (at < source.length && !' \t\r\n/>=<"\'&'.includes(source[at]!)) at++;
  return at;
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** What a reference means; one to an entity that a document type may declare stays as it is written; null where it is broken. */
function referenceOf(name: string): string | null {
  if (Object.hasOwn(entities, name)) return entities[name]!;
  if (!name.startsWith('#')) return endOfName(name, 0) === name.length ? `&${name};` : null;
  const isHex = name[1] === 'x';
  const digits = name.slice(isHex ? 2 : 1);
  for (const one of digits) if (!(isHex ? '0123456789abcdefABCDEF' : '0123456789').includes(one)) return null;
  const point = digits === '' ? -1 : Number.parseInt(digits, isHex ? 16 : 10);
  return point > 0 && point <= 0x10ffff ? utf8(point) : null;
}
