// The shape of values: kinds, lengths and characters, never a value itself. Plain data that adds up: shapes learnt apart are one when merged.

/** Kinds of values as bits. */
export const TEXT = 1;
export const INTEGER = 2;
export const NUMBER = 4;
export const TRUTH = 8;
export const NOTHING = 16;
export const LIST = 32;
export const GROUP = 64;
/** Texts that are no whole number, no number, no truth value: what a query's values are not. */
export const NO_INTEGER = 128;
export const NO_NUMBER = 256;
export const NO_TRUTH = 512;

/** What was seen in one place. */
export interface Shape {
  seen: number;
  kinds: number;
  /** Lengths of texts in characters. */
  least: number;
  most: number;
  /** Characters of texts: a bit for each of ASCII, and whether there were others. */
  readonly characters: [number, number, number, number];
  isWide: boolean;
  /** The least number. */
  low: number;
  /** Most entries of a list. */
  entries: number;
  items: Shape | null;
  groups: number;
  properties: Map<string, Shape> | null;
  /** Whether there were more names than are kept. */
  isOpen: boolean;
}

/** How many shapes may still be made. */
export interface Budget {
  left: number;
}

/** Names of one group, their length, nesting, and entries of a list that are looked at. */
const maxNames = 100;
const maxNameLength = 64;
const maxDepth = 12;
const maxEntries = 64;

/** A shape of nothing yet. */
export function emptyShape(): Shape {
  return {
    seen: 0,
    kinds: 0,
    least: Number.MAX_SAFE_INTEGER,
    most: 0,
    characters: [0, 0, 0, 0],
    isWide: false,
    low: Number.MAX_SAFE_INTEGER,
    entries: 0,
    items: null,
    groups: 0,
    properties: null,
    isOpen: false,
  };
}

/** Adds a value to what was seen. */
export function note(shape: Shape, value: unknown, budget: Budget, depth = 0): void {
  shape.seen++;
  if (typeof value === 'string') noteText(shape, value);
  else if (typeof value === 'number') {
    shape.kinds |= Number.isInteger(value) ? INTEGER : NUMBER;
    shape.low = Math.min(shape.low, value);
  } else if (typeof value === 'boolean') shape.kinds |= TRUTH;
  else if (value === null) shape.kinds |= NOTHING;
  else if (Array.isArray(value)) noteList(shape, value, budget, depth);
  else if (typeof value === 'object') noteGroup(shape, Object.entries(value), budget, depth);
}

/** Adds a group by its names and values. */
export function noteGroup(
  shape: Shape,
  entries: Iterable<readonly [string, unknown]>,
  budget: Budget,
  depth = 0,
): void {
  shape.kinds |= GROUP;
  shape.groups++;
  if (depth >= maxDepth) return;
  for (const [name, value] of entries) {
    const own = propertyOf(shape, name, budget);
    if (own !== null) note(own, value, budget, depth + 1);
  }
}

function propertyOf(shape: Shape, name: string, budget: Budget): Shape | null {
  const known = shape.properties?.get(name);
  if (known !== undefined) return known;
  if (name.length > maxNameLength || (shape.properties?.size ?? 0) >= maxNames || budget.left <= 0) {
    shape.isOpen = true;
    return null;
  }
  budget.left--;
  const made = emptyShape();
  shape.properties ??= new Map();
  shape.properties.set(name, made);
  return made;
}

function noteList(shape: Shape, list: readonly unknown[], budget: Budget, depth: number): void {
  shape.kinds |= LIST;
  shape.entries = Math.max(shape.entries, list.length);
  if (depth >= maxDepth || list.length === 0) return;
  if (shape.items === null) {
    if (budget.left <= 0) return;
    budget.left--;
    shape.items = emptyShape();
  }
  for (let index = 0; index < list.length && index < maxEntries; index++)
    note(shape.items, list[index], budget, depth + 1);
}

function noteText(shape: Shape, text: string): void {
  shape.kinds |= TEXT;
  shape.least = Math.min(shape.least, text.length);
  shape.most = Math.max(shape.most, text.length);
  let hasOther = text.length === 0;
  let points = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) shape.isWide = true;
    else shape.characters[code >> 5] = (shape.characters[code >> 5]! | (1 << (code & 31))) >>> 0;
    const isDigit = code >= 48 && code <= 57;
    if (code === 46) points++;
    else if (!isDigit && !(code === 45 && index === 0 && text.length > 1)) hasOther = true;
  }
  const isPlain = !hasOther && !(text.length > 1 && text.startsWith('0') && text[1] !== '.') && text.length <= 15;
  if (!isPlain || points > 0) shape.kinds |= NO_INTEGER;
  if (!isPlain || points > 1 || text.startsWith('.') || text.endsWith('.')) shape.kinds |= NO_NUMBER;
  if (text !== 'true' && text !== 'false') shape.kinds |= NO_TRUTH;
}

/** Adds what was seen elsewhere. */
export function mergeShape(into: Shape, from: Shape, budget: Budget): void {
  into.seen += from.seen;
  into.kinds |= from.kinds;
  into.least = Math.min(into.least, from.least);
  into.most = Math.max(into.most, from.most);
  for (let index = 0; index < 4; index++)
    into.characters[index] = (into.characters[index]! | from.characters[index]!) >>> 0;
  into.isWide ||= from.isWide;
  into.low = Math.min(into.low, from.low);
  into.entries = Math.max(into.entries, from.entries);
  into.groups += from.groups;
  into.isOpen ||= from.isOpen;
  if (from.items !== null) {
    if (into.items === null && budget.left-- > 0) into.items = emptyShape();
    if (into.items !== null) mergeShape(into.items, from.items, budget);
  }
  for (const [name, shape] of from.properties ?? []) {
    const own = propertyOf(into, name, budget);
    if (own !== null) mergeShape(own, shape, budget);
  }
}
