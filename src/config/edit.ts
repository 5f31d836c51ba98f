// Adds to a configuration file what a command worked out, and leaves everything else in it as its owner wrote it.

import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';

/** One exclusion as it goes into the file. */
export type WrittenExclusion = Readonly<Record<string, string>>;

/**
 * The text of the file with `exclusions` at the end of those of site `index`, each on a line of its own behind a comment; where the site
 * is written on one line, they go into that line without it. Null where the file has no such place (anchors): whoever asks shows the
 * lines then.
 */
export function withExclusions(
  text: string,
  index: number,
  exclusions: readonly WrittenExclusion[],
  comment: string,
): string | null {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) return null;
  const site: unknown = document.getIn(['sites', index], true);
  if (!isMap(site)) return null;
  const next =
    withinLine(text, site as YAMLMap, exclusions) ?? onLines(text, site as YAMLMap, lines, exclusions, comment);
  return next !== null && isSame(text, next, index, exclusions) ? next : null;
}

/** The text of the file with another mode of the WAF for site `index`; null where it has no such place. */
export function withMode(text: string, index: number, mode: string): string | null {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) return null;
  const site: unknown = document.getIn(['sites', index], true);
  if (!isMap(site)) return null;
  const next = modeIn(text, site as YAMLMap, lines, mode);
  if (next === null) return null;
  document.setIn(['sites', index, 'waf', 'mode'], mode);
  return isEqual(document.toJS(), next) ? next : null;
}

function modeIn(text: string, site: YAMLMap, lines: LineCounter, mode: string): string | null {
  const waf: unknown = site.get('waf', true);
  if (waf === undefined) {
    if (site.flow === true) return intoFlow(text, site, `waf: { mode: ${mode} }`);
    const indent = ' '.repeat(columnOf(site, lines));
    return belowLine(text, lastOf(site), `${indent}waf:\n${indent}  mode: ${mode}`);
  }
  if (!isMap(waf)) return null;
  const map = waf as YAMLMap;
  const old: unknown = map.get('mode', true);
  if (isScalar(old) && old.range) {
    const quote = text[old.range[0]] === '"' ? '"' : '';
    return `${text.slice(0, old.range[0])}${quote}${mode}${quote}${text.slice(old.range[1])}`;
  }
  if (old !== undefined) return null;
  if (map.flow === true) return intoFlow(text, map, `mode: ${mode}`);
  return belowLine(text, lastOf(map), `${' '.repeat(columnOf(map, lines))}mode: ${mode}`);
}

/** The exclusions in a site, a `waf` or a list that stands on one line; null where none of them does. */
function withinLine(text: string, site: YAMLMap, exclusions: readonly WrittenExclusion[]): string | null {
  const items = exclusions.map(flowMap).join(', ');
  const waf: unknown = site.get('waf', true);
  if (waf === undefined) return site.flow === true ? intoFlow(text, site, `waf: { exclude: [${items}] }`) : null;
  if (!isMap(waf)) return null;
  const exclude: unknown = (waf as YAMLMap).get('exclude', true);
  if (exclude === undefined) return waf.flow === true ? intoFlow(text, waf as YAMLMap, `exclude: [${items}]`) : null;
  return isSeq(exclude) && exclude.flow === true ? intoFlow(text, exclude as YAMLSeq, items) : null;
}

/** Adds to the end of `{ … }` or `[ … ]`; null where that is empty, or JSON. */
function intoFlow(text: string, collection: YAMLMap | YAMLSeq, added: string): string | null {
  const last = collection.items.at(-1) as Node | { readonly key: Node; readonly value: Node | null } | undefined;
  if (last === undefined) return null;
  const end = 'key' in last ? (last.value ?? last.key).range?.[1] : last.range?.[1];
  if (end === undefined) return null;
  const [open, shut] = isMap(collection) ? ['{', '}'] : ['[', ']'];
  const isPlain = text[collection.range![0]] === open && text[collection.range![1] - 1] === shut;
  // What we add is no JSON.
  return !isPlain || text.trimStart().startsWith('{') ? null : `${text.slice(0, end)}, ${added}${text.slice(end)}`;
}

function belowLine(text: string, offset: number, added: string): string {
  const at = endOfLine(text, offset);
  return `${text.slice(0, at)}\n${added}${text.slice(at)}`;
}

function onLines(
  text: string,
  site: YAMLMap,
  lines: LineCounter,
  exclusions: readonly WrittenExclusion[],
  comment: string,
): string | null {
  if (site.flow === true) return null;
  const place = placeIn(site, lines);
  if (place === null) return null;
  const indent = ' '.repeat(place.column);
  const items = exclusions.map((one) => `${indent}- ${flowMap(one)}`);
  return belowLine(text, place.offset, [...place.heads, `${indent}# ${comment}`, ...items].join('\n'));
}

/** Where the first of the new lines goes: behind which character, how far indented, and below which lines that are missing yet. */
interface Place {
  readonly offset: number;
  readonly column: number;
  readonly heads: readonly string[];
}

function placeIn(site: YAMLMap, lines: LineCounter): Place | null {
  const siteColumn = columnOf(site, lines);
  const waf: unknown = site.get('waf', true);
  const pad = (by: number) => ' '.repeat(siteColumn + by);
  if (waf === undefined || waf === null)
    return { offset: lastOf(site), column: siteColumn + 4, heads: [`${pad(0)}waf:`, `${pad(2)}exclude:`] };
  if (!isMap(waf) || waf.flow === true) return null;
  const wafColumn = columnOf(waf as YAMLMap, lines);
  const exclude: unknown = (waf as YAMLMap).get('exclude', true);
  if (exclude === undefined || exclude === null)
    return { offset: lastOf(waf as YAMLMap), column: wafColumn + 2, heads: [`${' '.repeat(wafColumn)}exclude:`] };
  if (!isSeq(exclude) || exclude.flow === true || exclude.items.length === 0) return null;
  // A list begins at the dash of its first item.
  const column = lines.linePos((exclude as YAMLSeq).range![0]).col - 1;
  return { offset: lastOf(exclude as YAMLSeq), column, heads: [] };
}

/** The column of the first key, from 0. */
function columnOf(map: YAMLMap, lines: LineCounter): number {
  return lines.linePos(map.range![0]).col - 1;
}

/** Where the value of a collection ends, before comments and blank lines that follow it. */
function lastOf(collection: YAMLMap | YAMLSeq): number {
  return Math.max(collection.range![0], collection.range![1] - 1);
}

function endOfLine(text: string, from: number): number {
  // A collection may be said to end behind its last line feed: then its line is the one before.
  const at = text[from] === '\n' ? from : text.indexOf('\n', from);
  return at < 0 ? text.length : at;
}

function flowMap(one: WrittenExclusion): string {
  const pairs = Object.entries(one).map(([key, value]) => `${key}: ${quoted(value)}`);
  return `{ ${pairs.join(', ')} }`;
}

/** Plain where YAML reads it as the same text, else in single quotes. */
function quoted(value: string): string {
  let isPlain = value !== '' && !(value[0]! >= '0' && value[0]! <= '9') && value[0] !== '-';
  for (const character of value) {
    const isWord = (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
    if (!isWord && !(character >= '0' && character <= '9') && !'-_/. '.includes(character)) isPlain = false;
  }
  isPlain &&= !['true', 'false', 'null', 'yes', 'no', 'on', 'off', '~'].includes(value.toLowerCase());
  return isPlain ? value : `'${value.replaceAll("'", "''")}'`;
}

/** Whether the new text says what the old one said, and the exclusions beside it. */
function isSame(before: string, after: string, index: number, added: readonly WrittenExclusion[]): boolean {
  const expected = parseDocument(before);
  const list: unknown = expected.getIn(['sites', index, 'waf', 'exclude']);
  const first = isSeq(list) ? list.items.length : 0;
  for (const [number, one] of added.entries()) {
    if (first + number === 0) expected.setIn(['sites', index, 'waf', 'exclude'], expected.createNode([one]));
    else expected.setIn(['sites', index, 'waf', 'exclude', first + number], expected.createNode(one));
  }
  return isEqual(expected.toJS(), after);
}

function isEqual(expected: unknown, text: string): boolean {
  const found = parseDocument(text);
  return found.errors.length === 0 && JSON.stringify(found.toJS()) === JSON.stringify(expected);
}
