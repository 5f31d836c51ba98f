// One firewall rule: read from a line (`allow tcp 443 from any`) or from an object, with every fault it has.

import { quoted } from '../base/address-faults.ts';
import type { Cidr } from '../base/cidr.ts';
import { nearest, type Problem } from '../base/problem.ts';
import {
  type Action,
  allPorts,
  complain,
  type Field,
  fieldTexts,
  joined,
  type Piece,
  type Place,
  type PortRange,
  type Protocol,
  printPorts,
  readAction,
  readPorts,
  readProtocol,
  readSources,
} from './rule-fields.ts';

export type { Action, Protocol } from './rule-fields.ts';

/** A rule as its owner writes it: a line, or an object whose protocol and port are `all` where they are left out. */
export type RuleSetting =
  | string
  | {
      readonly action: string;
      readonly protocol?: string;
      readonly port?: string | number | readonly (string | number)[];
      readonly source?: string | readonly string[];
      readonly description?: string;
    };

/** A rule understood. `ports` is sorted and disjoint; `portsText` and `sourceText` are for people. */
export interface Rule {
  /** From 1, in the order of the file. */
  readonly number: number;
  readonly action: Action;
  readonly protocol: Protocol;
  readonly ports: readonly PortRange[];
  readonly portsText: string;
  readonly sources: readonly Cidr[];
  readonly sourceText: string;
  readonly description: string;
}

/** Rules in their order, and what happens to packets that none of them names. */
export interface RuleSet {
  readonly rules: readonly Rule[];
  readonly default: Action;
}

const shape = 'write for example `allow tcp 443 from any` or `deny all from 10.0.0.0/8`';

/**
 * The rule at `index` of the list, or null after adding each of its faults to `problems`. `comment` is its description
 * where it has none of its own.
 */
export function parseRule(setting: RuleSetting, index: number, comment: string, problems: Problem[]): Rule | null {
  const place: Place = { path: ['rules', index], offset: 0, problems };
  if (typeof setting === 'string') return parseLine(setting, index + 1, comment, place);
  const action = readAction(setting.action, within(place, 'action'));
  const protocol = setting.protocol === undefined ? 'ALL' : readProtocol(setting.protocol, within(place, 'protocol'));
  const ports = setting.port === undefined ? everyPort() : readPortSetting(setting.port, within(place, 'port'));
  const sources = readSourceSetting(setting.source, place);
  return assemble(index + 1, action, protocol, ports, sources, setting.description ?? comment);
}

function assemble(
  number: number,
  action: Action | null,
  protocol: Protocol | null,
  ports: Field<PortRange> | null,
  sources: Field<Cidr> | null,
  description: string,
): Rule | null {
  if (action === null || protocol === null || ports === null || sources === null) return null;
  return {
    number,
    action,
    protocol,
    ports: ports.items,
    portsText: ports.text,
    sources: sources.items,
    sourceText: sources.text,
    description,
  };
}

function parseLine(line: string, number: number, comment: string, place: Place): Rule | null {
  const words = splitWords(line);
  const from = words.findIndex((word) => word.text.toLowerCase() === 'from');
  if (words.length === 0) return complain(place, { text: line, offset: 0 }, 'empty-rule', 'the rule is empty', shape);
  // Because tables of rules are printed without the word, its four columns are understood as they stand.
  const isRow = from < 0 && words.length === 4 && isSourceLike(words[3]!.text);
  const head = isRow ? words.slice(0, 3) : words.slice(0, from < 0 ? 3 : from);
  const action = head.length > 0 ? readAction(head[0]!.text, at(place, head[0]!)) : missing(place, words[0]!, 'action');
  const protocol =
    head.length > 1 ? readProtocol(head[1]!.text, at(place, head[1]!)) : missing(place, words.at(-1)!, 'protocol');
  const ports = head.length > 2 ? readPorts(head[2]!.text, at(place, head[2]!)) : everyPort();
  if (head.length > 3) {
    const instead = 'separate ports by commas without blanks between words: `53,443`';
    return complain(place, head[3]!, 'unexpected-word', `${quoted(head[3]!.text)} is not expected here`, instead);
  }
  const sources = isRow ? readSources(words[3]!.text, at(place, words[3]!)) : readFrom(words, from, place);
  return assemble(number, action, protocol, ports, sources, comment);
}

function readFrom(words: readonly Piece[], from: number, place: Place): Field<Cidr> | null {
  if (from < 0) {
    const misspelt = words.slice(2).find((word) => nearest(word.text, ['from', 'form']) !== null);
    if (misspelt !== undefined)
      return complain(place, misspelt, 'unknown-word', `${quoted(misspelt.text)} is no word`, 'did you mean `from`?');
    const says = 'the rule does not say from where';
    return complain(place, words.at(-1)!, 'missing-source', says, 'end with `from any` or `from 10.0.0.0/8`');
  }
  const source = words[from + 1];
  if (source === undefined)
    return complain(place, words[from]!, 'missing-source', 'no source stands behind `from`', 'write `from any`');
  const extra = words[from + 2];
  const sources = readSources(source.text, at(place, source));
  if (extra === undefined) return sources;
  const instead = extra.text.startsWith('#')
    ? 'write the rule as an object with a `description`'
    : 'separate sources by commas: `from 10.0.0.0/8,192.168.0.0/16`';
  return complain(place, extra, 'unexpected-word', `${quoted(extra.text)} is not expected here`, instead);
}

function missing(place: Place, near: Piece, what: 'action' | 'protocol'): null {
  return complain(place, near, `missing-${what}`, `the rule has no ${what}`, shape);
}

function everyPort(): Field<PortRange> {
  return { items: allPorts, text: 'ALL' };
}

function readPortSetting(setting: string | number | readonly (string | number)[], place: Place) {
  if (!Array.isArray(setting)) return readPorts(String(setting), place);
  const fields = setting.map((item: string | number, index) => readPorts(String(item), within(place, index)));
  if (fields.length === 0)
    return complain(place, { text: '', offset: 0 }, 'unknown-port', 'the list of ports is empty', 'write `all`');
  if (fields.includes(null)) return null;
  const items = joined((fields as Field<PortRange>[]).flatMap((field) => field.items));
  return { items, text: printPorts(items) };
}

function readSourceSetting(setting: string | readonly string[] | undefined, place: Place): Field<Cidr> | null {
  if (setting === undefined) {
    // Because a forgotten source would open a port to everyone, there is no default for it.
    const says = 'the rule does not say from where';
    return complain(
      place,
      { text: '', offset: 0 },
      'missing-source',
      says,
      'add `source: any` or `source: 10.0.0.0/8`',
    );
  }
  const inside = within(place, 'source');
  if (typeof setting === 'string') return readSources(setting, inside);
  if (setting.length === 0)
    return complain(inside, { text: '', offset: 0 }, 'missing-source', 'the list of sources is empty', 'write `any`');
  const fields = setting.map((item, index) => readSources(item, within(inside, index)));
  if (fields.includes(null)) return null;
  const items = (fields as Field<Cidr>[]).flatMap((field) => [...field.items]);
  return { items, text: fieldTexts(fields as Field<Cidr>[]) };
}

function within(place: Place, key: string | number): Place {
  return { path: [...place.path, key], offset: 0, problems: place.problems };
}

function at(place: Place, piece: Piece): Place {
  return { path: place.path, offset: piece.offset, problems: place.problems };
}

function isSourceLike(text: string): boolean {
  const word = text.toLowerCase();
  return word === 'any' || word.includes('.') || word.includes(':');
}

/** Words between blanks; a blank beside a comma does not end a word, so that `53, 443` is one list. */
function splitWords(line: string): Piece[] {
  const words: Piece[] = [];
  let start = -1;
  let end = 0;
  for (let index = 0; index <= line.length; index++) {
    if (index < line.length && line[index]!.trim() === '') continue;
    const isApart = start >= 0 && index > end && line[end - 1] !== ',' && line[index] !== ',';
    if (start >= 0 && (isApart || index === line.length)) {
      words.push({ text: line.slice(start, end), offset: start });
      start = -1;
    }
    if (index === line.length) break;
    if (start < 0) start = index;
    end = index + 1;
  }
  return words;
}
