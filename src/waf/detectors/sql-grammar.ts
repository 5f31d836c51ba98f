// Reads SQL queries: SELECT, its list, its clauses and what UNION adds to it, on top of expressions.

import { SqlExpression } from './sql-expression.ts';
import { CATALOGUE, COLUMN, COMPUTED, FILE_WRITTEN, NOTHING, PLAIN_SUBQUERY, SUBQUERY } from './sql-marks.ts';
import { COMMA, LEFT, NUMBER, OPEN, OPERATOR, QUOTED, RIGHT, STRING, WORD } from './sql-tokens.ts';
import { RESERVED, SET_WORDS } from './sql-words.ts';

const selectModifiers: ReadonlySet<string> = new Set([
  ...['all', 'distinct', 'distinctrow', 'top', 'unique', 'high_priority', 'straight_join', 'sql_no_cache', 'percent'],
]);
const sourceWords: ReadonlySet<string> = new Set([
  ...[
    'join',
    'inner',
    'left',
    'right',
    'full',
    'outer',
    'cross',
    'natural',
    'straight_join',
    'lateral',
    'apply',
    'only',
  ],
]);
const lockWords: ReadonlySet<string> = new Set([
  'update',
  'share',
  'xml',
  'json',
  'path',
  'auto',
  'raw',
  'browse',
  'explicit',
]);
const fetchWords: ReadonlySet<string> = new Set(['first', 'next', 'row', 'rows', 'only', 'with', 'ties']);

/** The reading of whole queries, and of the parts of one that an injection adds. */
export class SqlGrammar extends SqlExpression {
  /** A query in parentheses, marked by how much its list looks like code. */
  protected override subquery(): number {
    if (this.word() === 'with') this.common();
    const code = this.word() === 'values' ? this.#rows() : this.select();
    if (code === 0) return this.fail();
    this.marks |= code > 1 ? SUBQUERY : PLAIN_SUBQUERY;
    return COMPUTED;
  }

  #rows(): number {
    this.at++;
    while (this.kind() === LEFT && !this.stuck) {
      this.bracketed();
      if (this.kind() === COMMA) this.at++;
    }
    return this.stuck ? 0 : 2;
  }

  /** WITH name AS (query), …, up to the SELECT they serve. */
  common(): void {
    this.at++;
    this.take('recursive');
    while (this.kind() === WORD && !this.stuck) {
      this.at++;
      if (this.kind() === LEFT) this.bracketed();
      if (!this.take('as') || this.kind() !== LEFT) {
        this.fail();
        return;
      }
      this.bracketed();
      if (this.kind() !== COMMA) return;
      this.at++;
    }
  }

  /** A query from SELECT on: 0 when it is none, 1 when its list is names alone (as in prose), 2 when it is code. */
  select(): number {
    const code = this.#list();
    if (code === 0) return 0;
    const before = this.marks;
    this.clauses();
    return (this.marks & ~before & CATALOGUE) !== 0 ? 2 : code;
  }

  /** SELECT and its list, without the clauses behind it. */
  #list(): number {
    if (!this.take('select')) {
      this.fail();
      return 0;
    }
    while (selectModifiers.has(this.word())) {
      const top = this.word() === 'top';
      this.at++;
      if (top && this.kind() === NUMBER) this.at++;
    }
    let code = 1;
    let items = 0;
    for (;;) {
      const item = this.#item();
      if (item === NOTHING) break;
      items++;
      if (item !== COLUMN) code = 2;
      if (this.kind() !== COMMA) break;
      this.at++;
    }
    if (items === 0) {
      this.fail();
      return 0;
    }
    return code;
  }

  #item(): number {
    if (this.kind() === OPERATOR && this.word() === '*') {
      this.at++;
      return COMPUTED;
    }
    const item = this.expression();
    if (item === NOTHING) return NOTHING;
    if (this.kind() === OPERATOR && this.word() === '*') this.at++;
    this.#alias();
    return item;
  }

  #alias(): void {
    const named = this.take('as');
    const kind = this.kind();
    const word = this.word();
    if (
      kind === QUOTED ||
      kind === STRING ||
      (kind === WORD && (named || (!RESERVED.has(word) && !sourceWords.has(word))))
    )
      this.at++;
  }

  /** The clauses behind a list: FROM, WHERE, GROUP BY, UNION SELECT, INTO and their like. */
  override clauses(withSets = true): void {
    while (!this.stuck) {
      const word = this.word();
      if (word === 'from') this.#sources();
      else if (word === 'where' || word === 'having') this.#clauseOf(1);
      else if ((word === 'group' || word === 'order') && this.tokens.word(this.at + 1) === 'by') this.#clauseOf(2);
      else if (word === 'limit' || word === 'offset' || word === 'fetch') this.#limit();
      else if (word === 'into') this.into();
      else if (word === 'for' && lockWords.has(this.tokens.word(this.at + 1))) this.#locking();
      else if (withSets && SET_WORDS.has(word)) {
        this.at++;
        if (!this.take('all')) this.take('distinct');
        while (this.kind() === LEFT) this.at++;
        if (this.#list() === 0) this.fail();
      } else if (withSets && this.kind() === RIGHT && SET_WORDS.has(this.tokens.word(this.at + 1))) this.at++;
      else return;
    }
  }

  #clauseOf(words: number): void {
    this.at += words;
    for (;;) {
      if (this.expression() === NOTHING) {
        this.fail();
        return;
      }
      if (!this.take('asc')) this.take('desc');
      if (this.kind() !== COMMA) return;
      this.at++;
    }
  }

  #limit(): void {
    this.at++;
    while (fetchWords.has(this.word())) this.at++;
    if (!this.take('all') && this.operand() === NOTHING) this.fail();
    while (fetchWords.has(this.word())) this.at++;
    if (this.kind() === COMMA) {
      this.at++;
      if (this.operand() === NOTHING) this.fail();
    }
  }

  #locking(): void {
    this.at++;
    while (lockWords.has(this.word()) || this.kind() === COMMA) {
      this.at++;
      if (this.kind() === LEFT) this.bracketed();
    }
  }

  /** INTO OUTFILE '…', INTO @variable, INTO table. */
  into(): void {
    this.at++;
    const written = this.take('outfile') || this.take('dumpfile');
    if (written && (this.kind() === STRING || this.kind() === OPEN)) this.marks |= FILE_WRITTEN;
    if (this.operand() === NOTHING) this.fail();
    if (written) while (this.kind() === WORD || this.kind() === STRING) this.at++;
  }

  #sources(): void {
    this.at++;
    for (;;) {
      while (sourceWords.has(this.word())) this.at++;
      if (this.operand() === NOTHING) {
        this.fail();
        return;
      }
      this.#alias();
      if (this.word() === 'with' && this.tokens.kind(this.at + 1) === LEFT) {
        this.at++;
        this.bracketed();
      }
      if (this.take('on') && this.expression() === NOTHING) this.fail();
      else if (this.word() === 'using' && this.tokens.kind(this.at + 1) === LEFT) {
        this.at++;
        this.bracketed();
      }
      if (this.stuck) return;
      if (this.kind() === COMMA) this.at++;
      else if (!sourceWords.has(this.word())) return;
    }
  }
}
