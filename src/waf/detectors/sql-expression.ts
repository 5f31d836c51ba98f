// Reads SQL expressions from tokens, forgiving what a cut-off injection leaves open, and marks what it met.

import * as M from './sql-marks.ts';
import type { SqlTokens } from './sql-tokens.ts';
import * as T from './sql-tokens.ts';
import {
  ARITHMETIC,
  ATTACKING,
  BARE_TELLING,
  CALLABLE,
  CATALOGUES,
  GENERIC_CATALOGUES,
  IN_ARGUMENTS,
  PROBING,
  RESERVED,
  SCRIPTING,
  SET_WORDS,
  SIGNS,
  TELLING,
  TRUTHS,
  TYPED,
} from './sql-words.ts';

const maxDepth = 48;

/** A reading of tokens from `at`; `stuck` once the text is no SQL any more. */
export abstract class SqlExpression {
  readonly tokens: SqlTokens;
  at: number;
  marks = 0;
  stuck = false;
  #depth = 0;

  constructor(tokens: SqlTokens, at = 0) {
    this.tokens = tokens;
    this.at = at;
  }

  kind(): number {
    return this.tokens.kind(this.at);
  }

  word(): string {
    return this.tokens.word(this.at);
  }

  /** Whether nothing of the value is left but a comment. */
  ended(): boolean {
    const kind = this.kind();
    return kind === T.END || kind === T.COMMENT;
  }

  take(word: string): boolean {
    const there = this.word() === word;
    if (there) this.at++;
    return there;
  }

  /** Conditions joined by AND, OR and their like. */
  expression(): number {
    let whole = this.condition();
    while (whole !== M.NOTHING && !this.stuck && this.kind() === T.JOINT) {
      this.at++;
      const right = this.condition();
      if (right === M.NOTHING) return this.fail();
      whole = Math.max(whole, right);
    }
    return whole;
  }

  /** One comparison, or a value alone. */
  condition(): number {
    const from = this.at;
    return this.comparison(this.sum(), from);
  }

  /** What compares `first`, which began at token `from`, with other values. */
  comparison(first: number, from: number): number {
    let left = first;
    while (left !== M.NOTHING && !this.stuck) {
      const to = this.at;
      const negated =
        this.word() === 'not' && this.tokens.kind(this.at + 1) === T.COMPARISON && this.tokens.word(this.at + 1) > 'a';
      if (negated) this.at++;
      if (this.kind() !== T.COMPARISON && !this.#asksJson()) {
        if (this.word() === 'isnull' || this.word() === 'notnull') this.at++;
        return left;
      }
      const sign = this.word();
      if (sign === '==') this.marks |= M.CODE_SIGN;
      this.at++;
      const rightFrom = this.at;
      const right = this.#compared(sign);
      if (right === M.NOTHING) return this.fail();
      this.#noteComparison(left, from, to, right, rightFrom);
      left = left === M.CONSTANT && right === M.CONSTANT ? M.CONSTANT : Math.max(left, right);
    }
    return left;
  }

  #asksJson(): boolean {
    return this.kind() === T.FOREIGN && this.word() === '?' && this.tokens.kind(this.at + 1) === T.STRING;
  }

  #compared(sign: string): number {
    if (sign === 'is') return this.#state();
    if (sign === 'in') return this.kind() === T.LEFT ? this.#parentheses() : M.NOTHING;
    if (sign === 'sounds') this.take('like');
    else if (sign === 'similar') this.take('to');
    else if (sign === 'member') this.take('of');
    const right = this.sum();
    if (sign !== 'between' || right === M.NOTHING) return right;
    if (this.ended()) return right;
    if (!this.take('and')) return M.NOTHING;
    return Math.max(right, this.sum());
  }

  #state(): number {
    this.take('not');
    if (this.take('distinct')) return this.take('from') ? this.sum() : M.NOTHING;
    const { tokens } = this;
    const again = this.kind() === T.NUMBER && tokens.text(this.at) === tokens.text(this.at - 2);
    if (!TRUTHS.has(this.word()) && !again) return M.NOTHING;
    this.at++;
    return M.CONSTANT;
  }

  #noteComparison(left: number, from: number, to: number, right: number, rightFrom: number): void {
    const { tokens } = this;
    const single = to === from + 1 && this.at === rightFrom + 1;
    const same = single && tokens.text(from).toLowerCase() === tokens.text(rightFrom).toLowerCase();
    if (left <= M.TRUTH && right <= M.TRUTH) this.marks |= same ? M.SAME | M.CONSTANTS_COMPARED : M.CONSTANTS_COMPARED;
    else if (left === M.COLUMN && right === M.COLUMN) this.marks |= same ? M.SAME | M.COLUMN_COMPARED : 0;
    else if (left <= M.COLUMN && right <= M.COLUMN) {
      this.marks |= M.COLUMN_COMPARED;
      const literal = tokens.kind(left === M.COLUMN ? rightFrom : from);
      if (literal === T.STRING || literal === T.OPEN) this.marks |= M.COLUMN_TO_STRING;
    }
  }

  /** Operands joined by arithmetic. */
  sum(): number {
    return this.calculation(this.operand());
  }

  /** What arithmetic adds to `first`; `first` itself when nothing does. */
  calculation(first: number): number {
    let whole = first;
    while (whole !== M.NOTHING && !this.stuck) {
      const word = this.word();
      if (this.kind() !== T.OPERATOR && !ARITHMETIC.has(word)) return whole;
      if (word === '!') return whole;
      this.at++;
      // A plus sign before a word of the grammar is a blank that nobody decoded.
      if (word === '+' && (this.#joinsNext() || this.ended())) return whole;
      const right = this.operand();
      if (right === M.NOTHING) return this.fail();
      whole = Math.max(whole, right);
    }
    return whole;
  }

  #joinsNext(): boolean {
    const kind = this.kind();
    if (kind === T.JOINT || kind === T.COMPARISON) return true;
    const word = this.word();
    return kind === T.WORD && RESERVED.has(word) && this.tokens.kind(this.at + 1) !== T.LEFT;
  }

  /** One value with its SIGNS before and its casts behind. */
  operand(): number {
    while (
      this.kind() === T.OPERATOR
        ? isSign(this.word())
        : SIGNS.has(this.word()) && this.tokens.kind(this.at + 1) !== T.LEFT
    )
      this.at++;
    const value = this.#value();
    return value === M.NOTHING ? M.NOTHING : this.#behind(value);
  }

  #value(): number {
    switch (this.kind()) {
      case T.NUMBER:
      case T.OPEN:
        this.at++;
        return M.CONSTANT;
      case T.STRING:
        if (this.tokens.kind(this.at + 1) === T.DOT) return this.#name();
        while (this.kind() === T.STRING) this.at++;
        if (this.kind() === T.OPEN) this.at++;
        return M.CONSTANT;
      case T.VARIABLE:
        this.at++;
        return M.COMPUTED;
      case T.SYSTEM_VARIABLE:
        this.at++;
        this.marks |= M.SYSTEM_VALUE;
        return M.COMPUTED;
      case T.LEFT:
        return this.#parentheses();
      case T.COMPARISON:
        return this.tokens.kind(this.at + 1) === T.LEFT && this.word() > 'a' ? this.#name() : M.NOTHING;
      case T.QUOTED:
      case T.WORD:
        return this.#name();
      default:
        return M.NOTHING;
    }
  }

  #behind(value: number): number {
    let whole = value;
    for (;;) {
      if (this.kind() === T.CAST) {
        this.at++;
        this.marks |= M.CAST_MADE;
        this.#type();
      } else if (this.kind() === T.QUOTED && this.tokens.text(this.at).startsWith('[')) this.at++;
      else if (this.word() === 'at' && this.tokens.word(this.at + 1) === 'time') this.at += 4;
      else if (this.word() === 'over' && this.tokens.kind(this.at + 1) === T.LEFT) {
        this.at++;
        this.bracketed();
        whole = M.COMPUTED;
      } else return whole;
    }
  }

  /** A column, a word that is a value, a call, a choice. */
  #name(): number {
    const { tokens } = this;
    const word = this.word();
    const called = tokens.kind(this.at + 1) === T.LEFT;
    if (word === 'case') return this.#choice();
    if (TRUTHS.has(word)) {
      this.at++;
      return M.TRUTH;
    }
    if (RESERVED.has(word) && !called) return M.NOTHING;
    if (TYPED.has(word) && this.#typedLiteral()) return M.CONSTANT;
    let attacks = ATTACKING.has(word);
    let last = word;
    let catalogue = CATALOGUES.has(word) && !GENERIC_CATALOGUES.has(word);
    this.at++;
    while (this.kind() === T.DOT) {
      // Because SQL Server leaves the owner out: `master..sysdatabases`.
      while (this.kind() === T.DOT) this.at++;
      if (this.kind() === T.OPERATOR && this.word() === '*') break;
      if (!isName(this.kind())) break;
      catalogue ||= CATALOGUES.has(last) || CATALOGUES.has(this.word());
      last = this.word();
      attacks ||= ATTACKING.has(last) && !SCRIPTING.has(word);
      this.at++;
    }
    if (catalogue) this.marks |= M.CATALOGUE;
    if (this.kind() !== T.LEFT) {
      if (BARE_TELLING.has(last)) this.marks |= M.TELLING_CALL;
      return BARE_TELLING.has(last) ? M.COMPUTED : M.COLUMN;
    }
    return this.#call(last, attacks);
  }

  #call(name: string, attacks: boolean): number {
    if (RESERVED.has(name) && !CALLABLE.has(name)) return M.NOTHING;
    const empty = this.tokens.kind(this.at + 1) === T.RIGHT;
    if (attacks && !(empty && name === 'sleep')) this.marks |= M.ATTACK_CALL;
    else if (TELLING.has(name)) this.marks |= M.TELLING_CALL;
    else if (PROBING.has(name)) this.marks |= M.PROBING_CALL;
    this.bracketed();
    return M.COMPUTED;
  }

  #typedLiteral(): boolean {
    const next = this.tokens.kind(this.at + 1);
    if (next !== T.STRING && next !== T.OPEN && next !== T.NUMBER) return false;
    this.at += 2;
    if (this.kind() === T.WORD && !RESERVED.has(this.word())) this.at++;
    return true;
  }

  /** Skips a type's name and its size: `varchar(10)`, `double precision`. */
  #type(): void {
    for (
      let count = 0;
      count < 3 && (this.kind() === T.WORD || this.kind() === T.QUOTED) && !RESERVED.has(this.word());
      count++
    )
      this.at++;
    if (this.kind() === T.LEFT) this.bracketed();
  }

  #choice(): number {
    if (++this.#depth > maxDepth) {
      this.marks |= M.NESTED;
      return this.fail();
    }
    this.at++;
    let kind = 0;
    if (this.word() !== 'when' && this.expression() === M.NOTHING) return this.fail();
    while (this.take('when')) {
      const asked = this.expression();
      if (asked === M.NOTHING || !this.take('then')) return this.fail();
      const chosen = this.expression();
      if (chosen === M.NOTHING) return this.fail();
      if (asked !== M.COLUMN || chosen !== M.COLUMN) kind = M.COMPUTED;
    }
    if (this.take('else') && this.expression() === M.NOTHING) return this.fail();
    if (!this.take('end') && !this.ended() && this.kind() !== T.RIGHT) return this.fail();
    if (kind === M.COMPUTED) this.marks |= M.CHOICE;
    this.#depth--;
    return M.COMPUTED;
  }

  #parentheses(): number {
    const brace = this.tokens.text(this.at) === '{';
    const next = this.tokens.kind(this.at + 2);
    if (
      brace &&
      this.tokens.kind(this.at + 1) === T.WORD &&
      (next === T.LEFT || next === T.STRING || next === T.NUMBER || this.tokens.word(this.at + 1) === 'fn')
    ) {
      // ODBC's {fn …} and MySQL's {x …}: the word is a label.
      this.at++;
    }
    return this.bracketed();
  }

  /** What stands in parentheses, from the opening one on; an injection may leave them open. */
  protected bracketed(): number {
    if (++this.#depth > maxDepth) {
      this.marks |= M.NESTED;
      return this.fail();
    }
    this.at++;
    let whole = M.CONSTANT;
    let complete = false;
    while (!this.stuck) {
      const word = this.word();
      if (this.kind() === T.RIGHT) {
        this.at++;
        break;
      }
      if (this.ended()) break;
      if (this.kind() === T.COMMA || (IN_ARGUMENTS.has(word) && this.tokens.kind(this.at + 1) !== T.LEFT)) {
        this.at++;
        complete = false;
      } else if (word === 'as') {
        this.at++;
        this.#type();
      } else if (complete) this.fail();
      else if (word === 'select' || word === 'with' || word === 'values') whole = this.subquery();
      else if (this.kind() === T.OPERATOR && word === '*') this.at++;
      else {
        const part = this.expression();
        if (part === M.NOTHING) this.fail();
        whole = Math.max(whole, part);
        complete = true;
        if (SET_WORDS.has(this.word())) this.clauses();
      }
    }
    this.#depth--;
    return this.stuck ? M.NOTHING : whole;
  }

  /** A query in parentheses; the grammar of queries stands in sql-grammar.ts. */
  protected abstract subquery(): number;

  /** The clauses behind a query's list. */
  abstract clauses(withSets?: boolean): void;

  protected fail(): number {
    this.stuck = true;
    return M.NOTHING;
  }
}

function isSign(word: string): boolean {
  return word === '-' || word === '+' || word === '~' || word === '!' || word === '@';
}

function isName(kind: number): boolean {
  return kind === T.WORD || kind === T.QUOTED || kind === T.STRING || kind === T.COMPARISON;
}
