// A place in a pattern that is being read, and the first problem found there.

import type { RegexProblem } from './problem.ts';

/** What inline flags switch: `(?i)`, `(?m)`, `(?s)`, `(?x)`. */
export interface Flags {
  readonly ignoreCase?: boolean;
  readonly multiline?: boolean;
  readonly dotAll?: boolean;
  readonly extended?: boolean;
}

/** Reads a pattern from left to right. After the first problem it stands at the end, so that every loop ends. */
export class Cursor {
  readonly source: string;
  at = 0;
  problem: RegexProblem | null = null;

  constructor(source: string) {
    this.source = source;
  }

  get atEnd(): boolean {
    return this.at >= this.source.length;
  }

  /** The character `ahead` places on, or '' behind the end. */
  peek(ahead = 0): string {
    return this.source.charAt(this.at + ahead);
  }

  looksAt(text: string): boolean {
    return this.source.startsWith(text, this.at);
  }

  /** Goes past `text` if it stands here. */
  take(text: string): boolean {
    if (!this.looksAt(text)) return false;
    this.at += text.length;
    return true;
  }

  /** Goes past every character of `allowed` and returns them, at most `most`. */
  takeAll(allowed: string, most = Number.POSITIVE_INFINITY): string {
    const from = this.at;
    while (!this.atEnd && this.at - from < most && allowed.includes(this.peek())) this.at++;
    return this.source.slice(from, this.at);
  }

  /** The text up to `end`, going past both; null where there is no `end`. */
  takeUntil(end: string): string | null {
    const found = this.source.indexOf(end, this.at);
    if (found < 0) return null;
    const text = this.source.slice(this.at, found);
    this.at = found + end.length;
    return text;
  }

  /** Notes the first problem and goes to the end. */
  fail(offset: number, says: string, instead: string, length = 1): null {
    this.problem ??= { offset: Math.min(offset, this.source.length), length: Math.max(1, length), says, instead };
    this.at = this.source.length;
    return null;
  }
}
