// Recognises a statement of its own behind a semicolon by the grammar of its beginning, not by its first word.

import type { SqlGrammar } from './sql-grammar.ts';
import { ATTACK_CALL, CATALOGUE, NOTHING } from './sql-marks.ts';
import {
  COMMA,
  COMPARISON,
  DOT,
  END,
  LEFT,
  NUMBER,
  OPEN,
  QUOTED,
  SEMICOLON,
  STRING,
  SYSTEM_VARIABLE,
  VARIABLE,
  WORD,
} from './sql-tokens.ts';
import { OBJECTS, RESERVED } from './sql-words.ts';

// How much a statement proves: none; words that prose has as well; SQL if it stands where a statement may; only SQL.
export const NO_STATEMENT = 0;
export const PROSE_LIKE = 1;
export const WORDY = 2;
export const STATEMENT = 3;

/** Reads the statement at the grammar's place and leaves the place behind what it understood. */
export function readStatement(grammar: SqlGrammar): number {
  const word = grammar.word();
  switch (word) {
    case 'select':
    case 'with':
    case 'values':
    case 'explain':
      return readQuery(grammar, word);
    case 'drop':
    case 'create':
    case 'alter':
      return readDefinition(grammar, word);
    case 'truncate':
      grammar.at++;
      grammar.take('table');
      return name(grammar) ? wordy(grammar) : NO_STATEMENT;
    case 'insert':
    case 'replace':
    case 'merge':
      return readInsertion(grammar);
    case 'update':
      return readUpdate(grammar);
    case 'delete':
      return readDeletion(grammar);
    case 'exec':
    case 'execute':
      return readExecution(grammar);
    case 'set':
    case 'declare':
      return readVariable(grammar, word);
    case 'if':
    case 'begin':
      return readBranch(grammar, word);
    default:
      return readRare(grammar, word);
  }
}

function proven(understood: boolean): number {
  return understood ? STATEMENT : NO_STATEMENT;
}

/** A statement of words alone is more than words once a semicolon or a comment closes it. */
function wordy(grammar: SqlGrammar): number {
  if (grammar.kind() === END) return WORDY;
  return proven(closes(grammar));
}

function closes(grammar: SqlGrammar): boolean {
  return grammar.ended() || grammar.kind() === SEMICOLON;
}

/** A dotted name. */
function name(grammar: SqlGrammar): boolean {
  for (;;) {
    const kind = grammar.kind();
    if (kind !== WORD && kind !== QUOTED && kind !== STRING && kind !== VARIABLE) return false;
    if (kind === WORD && RESERVED.has(grammar.word())) return false;
    grammar.at++;
    if (grammar.kind() !== DOT) return true;
    while (grammar.kind() === DOT) grammar.at++;
  }
}

function isText(kind: number): boolean {
  return kind === STRING || kind === OPEN;
}

function readQuery(grammar: SqlGrammar, word: string): number {
  if (word === 'explain') grammar.at++;
  if (grammar.word() === 'with') grammar.common();
  if (grammar.stuck) return NO_STATEMENT;
  if (grammar.word() === 'values') {
    grammar.at++;
    return proven(grammar.kind() === LEFT && grammar.operand() !== NOTHING);
  }
  const code = grammar.select();
  if (code === 0) return NO_STATEMENT;
  if ((grammar.marks & (ATTACK_CALL | CATALOGUE)) !== 0) return STATEMENT;
  if (grammar.stuck) return NO_STATEMENT;
  return code > 1 && closes(grammar) ? STATEMENT : PROSE_LIKE;
}

function readDefinition(grammar: SqlGrammar, word: string): number {
  grammar.at++;
  if (!OBJECTS.has(grammar.word())) return NO_STATEMENT;
  while (OBJECTS.has(grammar.word())) grammar.at++;
  if (grammar.take('replace')) while (OBJECTS.has(grammar.word())) grammar.at++;
  if (grammar.take('if')) {
    grammar.take('not');
    if (!grammar.take('exists')) return NO_STATEMENT;
  }
  if (!name(grammar)) return NO_STATEMENT;
  if (word === 'drop') {
    while (grammar.kind() === COMMA) {
      grammar.at++;
      if (!name(grammar)) return NO_STATEMENT;
    }
    while (['cascade', 'restrict', 'constraints', 'purge'].includes(grammar.word())) grammar.at++;
    return wordy(grammar);
  }
  if (grammar.kind() === LEFT) return STATEMENT;
  if (closes(grammar)) return wordy(grammar);
  return proven(
    [
      'as',
      'add',
      'drop',
      'set',
      'identified',
      'with',
      'modify',
      'rename',
      'password',
      'from',
      'owner',
      'engine',
    ].includes(grammar.word()),
  );
}

function readInsertion(grammar: SqlGrammar): number {
  grammar.at++;
  while (['ignore', 'low_priority', 'delayed', 'or', 'overwrite'].includes(grammar.word())) grammar.at++;
  if (!grammar.take('into') || !name(grammar)) return NO_STATEMENT;
  if (grammar.kind() === LEFT) return STATEMENT;
  // Because MERGE names its table a second time: `merge into users u using …`.
  if (grammar.kind() === WORD && grammar.tokens.word(grammar.at + 1) === 'using') grammar.at++;
  return proven(['values', 'select', 'default', 'set', 'exec', 'execute', 'using'].includes(grammar.word()));
}

function readUpdate(grammar: SqlGrammar): number {
  grammar.at++;
  return proven(name(grammar) && grammar.take('set') && name(grammar) && grammar.kind() === COMPARISON);
}

function readDeletion(grammar: SqlGrammar): number {
  grammar.at++;
  if (!grammar.take('from') || !name(grammar)) return NO_STATEMENT;
  if (grammar.take('where')) return proven(grammar.expression() !== NOTHING && !grammar.stuck);
  if (grammar.word() === 'limit' || grammar.word() === 'using') return STATEMENT;
  return wordy(grammar);
}

function readExecution(grammar: SqlGrammar): number {
  grammar.at++;
  if (grammar.kind() === LEFT || grammar.take('immediate') || isText(grammar.kind())) return STATEMENT;
  const procedure = grammar.word();
  if (grammar.kind() === VARIABLE) return STATEMENT;
  if (!name(grammar)) return NO_STATEMENT;
  const last = grammar.tokens.word(grammar.at - 1);
  if (
    last.startsWith('xp_') ||
    last.startsWith('sp_') ||
    last.startsWith('dbms_') ||
    isText(grammar.kind()) ||
    grammar.kind() === VARIABLE
  )
    return STATEMENT;
  return closes(grammar) && procedure !== '' ? PROSE_LIKE : NO_STATEMENT;
}

function readVariable(grammar: SqlGrammar, word: string): number {
  grammar.at++;
  if (grammar.kind() === VARIABLE || grammar.kind() === SYSTEM_VARIABLE) return STATEMENT;
  const scoped = word === 'set' && (grammar.take('global') || grammar.take('session') || grammar.take('persist'));
  if (!name(grammar)) return NO_STATEMENT;
  if (scoped && grammar.kind() === COMPARISON) return STATEMENT;
  if (word === 'declare')
    return proven(
      ['int', 'integer', 'varchar', 'varchar2', 'text', 'number', 'cursor', 'record'].includes(grammar.word()),
    );
  return grammar.kind() === COMPARISON || grammar.word() === 'to' ? PROSE_LIKE : NO_STATEMENT;
}

/** IF condition statement, BEGIN statement: as strong as what they lead to. */
function readBranch(grammar: SqlGrammar, word: string): number {
  grammar.at++;
  if (word === 'if' && (grammar.expression() === NOTHING || grammar.stuck)) return NO_STATEMENT;
  const isBlock = grammar.take('begin') || word === 'begin';
  grammar.take('then');
  // Because a block of PL/SQL calls a procedure by its package: BEGIN dbms_lock.sleep(5).
  if (isBlock && grammar.kind() === WORD && grammar.tokens.kind(grammar.at + 1) === DOT)
    return proven(grammar.operand() !== NOTHING);
  const inner = grammar.word();
  return inner === 'if' || inner === 'begin' ? NO_STATEMENT : readStatement(grammar);
}

function readRare(grammar: SqlGrammar, word: string): number {
  const next = grammar.tokens.word(grammar.at + 1);
  const nextKind = grammar.tokens.kind(grammar.at + 1);
  const from = grammar.at;
  grammar.at++;
  switch (word) {
    case 'waitfor':
      return proven((next === 'delay' || next === 'time') && nextKind === WORD);
    case 'shutdown':
      return next === 'with' && grammar.tokens.word(from + 2) === 'nowait' ? STATEMENT : wordy(grammar);
    case 'copy':
      if (nextKind === LEFT) return proven(grammar.operand() !== NOTHING && (grammar.word() === 'to' || grammar.stuck));
      return proven(
        name(grammar) &&
          (grammar.take('from') || grammar.take('to')) &&
          (isText(grammar.kind()) || grammar.word() === 'program'),
      );
    case 'grant':
    case 'revoke':
      return proven(name(grammar) && (grammar.take('on') || grammar.take('to') || grammar.take('privileges')));
    case 'call': {
      if (!name(grammar) || grammar.kind() !== LEFT) return NO_STATEMENT;
      // Because "call him (now)" has a blank before its bracket.
      const isGlued = grammar.tokens.starts[grammar.at] === grammar.tokens.ends[grammar.at - 1];
      return proven(grammar.tokens.kinds[grammar.at - 2] === DOT || (isGlued && grammar.operand() !== NOTHING));
    }
    case 'load':
      return proven(next === 'data' && ['local', 'infile'].includes(grammar.tokens.word(from + 2)));
    case 'attach':
    case 'backup':
    case 'restore':
      return proven(next === 'database' || next === 'log' || isText(nextKind));
    case 'rename':
    case 'lock':
      return proven((next === 'table' || next === 'tables') && grammar.tokens.word(from + 3) !== '');
    case 'bulk':
      return proven(next === 'insert');
    case 'do':
      return proven(nextKind === STRING || (grammar.operand() !== NOTHING && (grammar.marks & ATTACK_CALL) !== 0));
    case 'prepare':
      return proven(name(grammar) && grammar.take('from'));
    case 'handler':
      return proven(name(grammar) && (grammar.word() === 'open' || grammar.word() === 'read'));
    case 'dbcc':
    case 'raiserror':
      return proven(nextKind === WORD || nextKind === LEFT);
    case 'reconfigure':
      return proven(closes(grammar));
    case 'kill':
      return nextKind === NUMBER ? PROSE_LIKE : NO_STATEMENT;
    case 'show':
      return proven(
        ['tables', 'databases', 'columns', 'grants', 'variables', 'schemas'].includes(next) && tailAfter(grammar),
      );
    case 'vacuum':
      if (next === 'into') return proven(isText(grammar.tokens.kind(from + 2)));
      grammar.at++;
      return nextKind === WORD && closes(grammar) ? PROSE_LIKE : NO_STATEMENT;
    case 'pragma':
    case 'table':
    case 'use':
      grammar.at++;
      return nextKind === WORD && closes(grammar) ? PROSE_LIKE : NO_STATEMENT;
    default:
      grammar.at = from;
      return proven(grammar.operand() !== NOTHING && (grammar.marks & ATTACK_CALL) !== 0);
  }
}

function tailAfter(grammar: SqlGrammar): boolean {
  grammar.at++;
  return closes(grammar) || grammar.word() === 'from' || grammar.word() === 'like';
}
