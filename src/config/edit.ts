// Adds to a configuration file what a command worked out, and leaves everything else in it as its owner wrote it.

import { isMap, isSeq, LineCounter, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';

/** One exclusion as it goes into the file. */
export type WrittenExclusion = Readonly<Record<string, string>>;

/**
 * The text of the file with `exclusions` at the end of those of site `index`, each on a line of its own behind a comment.
 * Null where the file is written in a way that has no such place (flow style, anchors): whoever asks shows the lines then.
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
  if (!isMap(site) || site.flow === true) return null;
  const place = placeIn(site as YAMLMap, lines);
  if (place === null) return null;
  const indent = ' '.repeat(place.column);
  const items = exclusions.map((one) => `${indent}- ${flowMap(one)}`);
  const added = [...place.heads, `${indent}# ${comment}`, ...items].join('\n');
  const at = endOfLine(text, place.offset);
  const next = `${text.slice(0, at)}\n${added}${text.slice(at)}`;
  return isSame(text, next, index, exclusions) ? next : null;
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
  const found = parseDocument(after);
  return found.errors.length === 0 && JSON.stringify(found.toJS()) === JSON.stringify(expected.toJS());
}
