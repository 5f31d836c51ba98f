// The four fields of a rule, each read from text: action, protocol, ports and sources. Every fault becomes a problem.

import { isDigits, quoted } from '../base/address-faults.ts';
import { type Cidr, parseCidr, printCidr } from '../base/cidr.ts';
import { nearest, type Path, type Problem } from '../base/problem.ts';
import { anySource, zones } from './zones.ts';

export type Action = 'ALLOW' | 'DENY';
export type Protocol = 'TCP' | 'UDP' | 'ALL';

/** Ports from the first to the last, both included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** A field that is a list: what it means, and how it is printed. */
export interface Field<T> {
  readonly items: readonly T[];
  readonly text: string;
}

/** Where a text stands in the settings, and the list its problems go to. `offset` is where it begins in its string. */
export interface Place {
  readonly path: Path;
  readonly offset: number;
  readonly problems: Problem[];
}

/** A part of a longer text, and where it begins. */
export interface Piece {
  readonly text: string;
  readonly offset: number;
}

/** Every port there is; 0 too, because packets can carry it. */
export const allPorts: readonly PortRange[] = [{ first: 0, last: 65535 }];

/** Most list items a table shows; longer lists say how many more there are. */
const maxShownItems = 8;

const actions: Readonly<Record<string, Action>> = { allow: 'ALLOW', deny: 'DENY' };
const otherActions: ReadonlyMap<string, string> = new Map([
  ['accept', 'allow'],
  ['permit', 'allow'],
  ['pass', 'allow'],
  ['open', 'allow'],
  ['drop', 'deny'],
  ['reject', 'deny'],
  ['block', 'deny'],
  ['refuse', 'deny'],
]);
const protocols: Readonly<Record<string, Protocol>> = { tcp: 'TCP', udp: 'UDP', all: 'ALL' };

/** Names that may stand for a port: those a rule is written for most often. */
const portNames: ReadonlyMap<string, number> = new Map([
  ['ftp', 21],
  ['ssh', 22],
  ['telnet', 23],
  ['smtp', 25],
  ['dns', 53],
  ['domain', 53],
  ['http', 80],
  ['pop3', 110],
  ['ntp', 123],
  ['imap', 143],
  ['https', 443],
  ['smtps', 465],
  ['submission', 587],
  ['imaps', 993],
  ['pop3s', 995],
  ['mysql', 3306],
  ['rdp', 3389],
  ['postgresql', 5432],
  ['redis', 6379],
  ['mongodb', 27017],
]);

/** Adds one problem about `piece`, whose offset counts from the place's own. */
export function complain(place: Place, piece: Piece, slug: string, says: string, instead: string): null {
  const { path, problems } = place;
  const offset = place.offset + piece.offset;
  problems.push({ path, code: `firewall/${slug}`, says, instead, offset, length: Math.max(1, piece.text.length) });
  return null;
}

/** `allow` or `deny` in any case. */
export function readAction(text: string, place: Place): Action | null {
  const word = text.toLowerCase();
  if (Object.hasOwn(actions, word)) return actions[word]!;
  const meant = otherActions.get(word) ?? nearest(word, Object.keys(actions));
  const instead = meant === null ? 'begin with `allow` or `deny`' : `did you mean \`${meant}\`?`;
  return complain(place, { text, offset: 0 }, 'unknown-action', `${quoted(text)} is no action`, instead);
}

/** `tcp`, `udp` or `all` in any case. */
export function readProtocol(text: string, place: Place): Protocol | null {
  const word = text.toLowerCase();
  if (Object.hasOwn(protocols, word)) return protocols[word]!;
  const slash = word.indexOf('/');
  const meant = nearest(word, Object.keys(protocols));
  let instead = meant === null ? 'write `tcp`, `udp` or `all`' : `did you mean \`${meant}\`?`;
  if (isDigits(word.slice(0, 1))) instead = 'write the protocol before the port: `tcp 443`';
  else if (slash > 0) instead = 'write the protocol and the port as two words: `tcp 443`';
  else if (word.startsWith('icmp')) instead = 'write `tcp`, `udp` or `all`; icmp has no ports and is not judged here';
  else if (word === 'any') instead = 'write `all`';
  return complain(place, { text, offset: 0 }, 'unknown-protocol', `${quoted(text)} is no protocol`, instead);
}

/** `all`, or a list of ports, ranges and names between commas. The items come sorted and disjoint. */
export function readPorts(text: string, place: Place): Field<PortRange> | null {
  if (text.trim().toLowerCase() === 'all') return { items: allPorts, text: printPorts(allPorts) };
  const ranges: PortRange[] = [];
  let isWhole = true;
  for (const piece of splitList(text)) {
    const range = readRange(piece, place);
    if (range === null) isWhole = false;
    else ranges.push(range);
  }
  if (!isWhole) return null;
  return { items: joined(ranges), text: printPorts(ranges) };
}

/** Ports as a table shows them. */
export function printPorts(ranges: readonly PortRange[]): string {
  if (ranges.length === 1 && ranges[0]!.first === 0) return 'ALL';
  return abbreviated(ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)));
}

function readRange(piece: Piece, place: Place): PortRange | null {
  const dash = piece.text.indexOf('-');
  if (dash > 0) {
    const first = readPort({ text: piece.text.slice(0, dash).trimEnd(), offset: piece.offset }, place);
    const behind = piece.text.slice(dash + 1);
    const text = behind.trimStart();
    const last = readPort({ text, offset: piece.offset + dash + 1 + behind.length - text.length }, place);
    if (first === null || last === null) return null;
    if (first <= last) return { first, last };
    const says = `the range ${quoted(piece.text)} ends before it begins`;
    return complain(place, piece, 'reversed-range', says, `write ${last}-${first}`);
  }
  const port = readPort(piece, place);
  return port === null ? null : { first: port, last: port };
}

function readPort(piece: Piece, place: Place): number | null {
  const word = piece.text.toLowerCase();
  const named = portNames.get(word);
  if (named !== undefined) return named;
  if (isDigits(word)) {
    const port = Number(word);
    if (port >= 1 && port <= 65535) return port;
    return complain(place, piece, 'port-out-of-range', `there is no port ${word.slice(0, 20)}`, 'ports are 1 to 65535');
  }
  const meant = nearest(word, portNames.keys());
  let instead = meant === null ? 'write a number, a range such as 8000-9000, or `all`' : `did you mean \`${meant}\`?`;
  if (word === '') instead = 'write a port between the commas, or take the comma away';
  else if (word === 'any' || word === '*') instead = 'write `all`';
  else if (word === 'all') instead = 'write `all` alone: it has every port already';
  else if (word.includes(':')) instead = `write the range with a dash: ${word.slice(0, 20).replace(':', '-')}`;
  else if (word.includes('/')) instead = 'write the protocol and the port as two words: `tcp 443`';
  const says = word === '' ? 'a port is missing' : `${quoted(piece.text)} is no port`;
  return complain(place, piece, 'unknown-port', says, instead);
}

/** `any`, or a list of addresses, networks and zones between commas. `0.0.0.0/0` is IPv4 only, `::/0` IPv6 only. */
export function readSources(text: string, place: Place): Field<Cidr> | null {
  if (text.trim().toLowerCase() === 'any') return { items: anySource, text: 'any' };
  const cidrs: Cidr[] = [];
  const named: string[] = [];
  let isWhole = true;
  for (const piece of splitList(text)) {
    const zone = piece.text.toLowerCase();
    if (zone !== 'any' && Object.hasOwn(zones, zone)) {
      named.push(zone);
      for (const cidr of zones[zone]!) cidrs.push(cidr);
      continue;
    }
    const cidr = readSource(piece, place);
    if (cidr === null) isWhole = false;
    else {
      cidrs.push(cidr);
      if (named.length <= maxShownItems) named.push(sourceText(cidr));
    }
  }
  const count = splitList(text).length;
  return isWhole ? { items: cidrs, text: abbreviated(named, count) } : null;
}

/** The sources of several fields as a table shows them. */
export function fieldTexts(fields: readonly Field<Cidr>[]): string {
  return fields.length === 1 ? fields[0]!.text : abbreviated(fields.map(({ text }) => text));
}

/** Sources as a table shows them. */
export function printSources(cidrs: readonly Cidr[]): string {
  return abbreviated(cidrs.slice(0, maxShownItems + 1).map(sourceText), cidrs.length);
}

/** A source as a table shows it: a host without its length. */
function sourceText(cidr: Cidr): string {
  const text = printCidr(cidr);
  return cidr.prefix === (cidr.family === 4 ? 32 : 128) ? text.slice(0, text.indexOf('/')) : text;
}

function readSource(piece: Piece, place: Place): Cidr | null {
  const word = piece.text.toLowerCase();
  const parsed = parseCidr(piece.text);
  if (parsed.ok) return parsed.value;
  if (word === 'any')
    return complain(
      place,
      piece,
      'unknown-source',
      '`any` is among other sources',
      'write `any` alone: it has them all',
    );
  const near = ['all', '*', 'anywhere'].includes(word) ? 'any' : nearest(word, Object.keys(zones));
  if (near !== null)
    return complain(place, piece, 'unknown-source', `${quoted(piece.text)} is no source`, `did you mean \`${near}\`?`);
  const { says, instead, offset, length } = parsed.fault;
  const faulty = { text: piece.text.slice(offset, offset + length), offset: piece.offset + offset };
  return complain(place, faulty, 'unknown-source', says, instead);
}

/** The items between the commas of `text`, without the blanks around them, each with its place. */
export function splitList(text: string): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  for (const item of text.split(',')) {
    const trimmed = item.trimStart();
    pieces.push({ text: trimmed.trimEnd(), offset: start + item.length - trimmed.length });
    start += item.length + 1;
  }
  return pieces;
}

/** Ranges in order, those that touch or overlap joined. */
export function joined(ranges: readonly PortRange[]): PortRange[] {
  const result: PortRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = result.at(-1);
    if (before !== undefined && range.first <= before.last + 1)
      result[result.length - 1] = { first: before.first, last: Math.max(before.last, range.last) };
    else result.push(range);
  }
  return result;
}

/** Items between commas; past a bound only how many more there are. */
function abbreviated(items: readonly string[], count = items.length): string {
  if (count <= maxShownItems) return items.join(',');
  return `${items.slice(0, maxShownItems).join(',')} and ${count - maxShownItems} more`;
}
