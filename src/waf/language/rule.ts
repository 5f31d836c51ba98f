// The three parts of a rule from text to tree: targets, operator, actions. Words are taken as they come.

import type { Piece } from './source.ts';
import type { ActionNode, OperatorNode, Selector, TargetNode } from './tree.ts';
import type { Trouble } from './trouble.ts';

/** Reads `A|!B:name|&C:/pattern/|D:'quoted name'`. */
export function readTargets(piece: Piece, troubles: Trouble[]): TargetNode[] {
  const nodes: TargetNode[] = [];
  const { text } = piece;
  let at = 0;
  while (at <= text.length) {
    const end = endOfTarget(text, at);
    const part = piece.slice(at, end).trim();
    const node = readTarget(part, troubles);
    if (node !== null) nodes.push(node);
    at = end + 1;
  }
  return nodes;
}

/** Where the target that begins at `from` ends: a `|` or `,` that stands in no quotes and no pattern. */
function endOfTarget(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== ':' && text[at] !== '|' && text[at] !== ',') at++;
  if (text[at] !== ':') return at;
  const name = text.slice(from, at).toUpperCase();
  at++;
  if (name.endsWith('XML')) return barAfter(text, at);
  const quote = text[at] === "'" ? "'" : '';
  if (quote !== '') {
    const close = text.indexOf("'", at + 1);
    return close < 0 ? text.length : barAfter(text, close + 1);
  }
  if (text[at] !== '/') {
    while (at < text.length && text[at] !== '|' && text[at] !== ',') at++;
    return at;
  }
  for (at++; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '/' && (at + 1 >= text.length || text[at + 1] === '|' || text[at + 1] === ',')) return at + 1;
  }
  return text.length;
}

function barAfter(text: string, from: number): number {
  const bar = text.indexOf('|', from);
  return bar < 0 ? text.length : bar;
}

function readTarget(part: Piece, troubles: Trouble[]): TargetNode | null {
  const { text } = part;
  let at = 0;
  let isExcluded = false;
  let isCount = false;
  for (; text[at] === '!' || text[at] === '&'; at++) {
    if (text[at] === '!') isExcluded = true;
    else isCount = true;
  }
  const colon = text.indexOf(':', at);
  const name = part.slice(at, colon < 0 ? text.length : colon).trim();
  if (name.text === '') {
    troubles.push(part.trouble('a target has no name', 'name a variable, such as ARGS or REQUEST_HEADERS:Host', 0));
    return null;
  }
  const selector = colon < 0 ? null : readSelector(part.slice(colon + 1), name.text.toUpperCase() === 'XML');
  return { isCount, isExcluded, name, selector };
}

function readSelector(piece: Piece, isPath: boolean): Selector | null {
  let { text } = piece;
  let inner = piece;
  if (text.length >= 2 && text.startsWith("'") && text.endsWith("'")) {
    inner = piece.slice(1, text.length - 1);
    text = inner.text;
  }
  if (text === '') return null;
  if (!isPath && text.length >= 2 && text.startsWith('/') && text.endsWith('/'))
    return { kind: 'pattern', text: inner.slice(1, text.length - 1) };
  return { kind: 'name', text: inner };
}

/** Reads `!@name argument`; what begins with no `@` is a pattern for `rx`. */
export function readOperator(piece: Piece): OperatorNode {
  const { text } = piece;
  let at = 0;
  while (text[at] === ' ') at++;
  const isNegated = text[at] === '!' && text[at + 1] !== undefined;
  const start = isNegated ? at + 1 : at;
  let from = start;
  while (text[from] === ' ') from++;
  if (text[from] !== '@') return { isNegated, name: null, argument: piece.slice(isNegated ? start : 0) };
  let end = from + 1;
  while (end < text.length && text[end] !== ' ' && text[end] !== '\t') end++;
  const name = piece.slice(from + 1, end);
  while (text[end] === ' ' || text[end] === '\t') end++;
  return { isNegated, name, argument: piece.slice(end) };
}

/** Reads `id:1,msg:'a, b',t:none,chain`. */
export function readActions(piece: Piece, troubles: Trouble[]): ActionNode[] {
  const nodes: ActionNode[] = [];
  const { text } = piece;
  let at = 0;
  while (at < text.length) {
    while (at < text.length && (text[at] === ',' || text[at] === ' ' || text[at] === '\t')) at++;
    if (at >= text.length) break;
    const start = at;
    while (at < text.length && text[at] !== ':' && text[at] !== ',' && text[at] !== '=') at++;
    const name = piece.slice(start, at).trim();
    if (text[at] !== ':' && text[at] !== '=') {
      nodes.push({ name, value: null });
      continue;
    }
    at++;
    while (text[at] === ' ') at++;
    const [value, next] = readValue(piece, at, troubles);
    nodes.push({ name, value });
    at = next;
  }
  return nodes;
}

/** The value of an action: up to the comma, or between single quotes with `\'` for a quote that is meant. */
function readValue(piece: Piece, from: number, troubles: Trouble[]): [Piece, number] {
  const { text } = piece;
  const kept: number[] = [];
  let at = from;
  const isQuoted = text[at] === "'";
  if (!isQuoted) {
    let plain = at;
    while (plain < text.length && text[plain] !== ',' && text[plain] !== "'") plain++;
    if (plain >= text.length || text[plain] === ',') return [piece.slice(at, plain).trim(), plain];
    let isInside = false;
    while (at < text.length && (isInside || text[at] !== ',')) {
      if (text[at] === "'" && (isInside || text[at - 1] === '=')) isInside = !isInside;
      else kept.push(at);
      at++;
    }
    return [piece.with(kept.map((index) => text[index]).join(''), kept).trim(), at];
  }
  const [quoted, end] = piece.unquoted(at + 1, "'");
  at = end;
  if (at >= text.length)
    troubles.push(
      piece.trouble(
        "the ' of this value is not closed",
        "close it with ', or write \\' for one that is meant",
        from,
        1,
      ),
    );
  return [quoted, at + 1];
}
