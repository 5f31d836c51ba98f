// The corpora of authors who had seen neither the detectors nor each other's: the same machinery, classes of their own.

import type { Request } from '../waf-asking.ts';
import { type Case, drawnCase } from './attacks.ts';
import { browser, placings } from './places.ts';
import { Chance, fill, isHeldBack, staysHeldBack, type Template, templatesOf } from './slots.ts';

/** One author: whose lists are `attacks/NAME-….txt` and `ordinary/NAME-….txt`, and whose classes are `NAME: …`. */
export interface Author {
  readonly name: string;
  /** Whether a template is in the part of this author's corpora that nobody looks at while detectors are written. */
  readonly holdsBack: (template: string) => boolean;
}

/** Every author, in the order in which they wrote. */
export const authors: readonly Author[] = [
  { name: 'second', holdsBack: staysHeldBack },
  { name: 'third', holdsBack: isHeldBack },
];

/** The class without its author; that of the first corpora, which name none, as it is. */
export function classOf(section: string): string {
  const colon = section.indexOf(': ');
  return colon < 0 ? section : section.slice(colon + 2);
}

/** The class of the first corpus whose places and spellings fit a class of an author; the others are sent anywhere as they are. */
const kin: Readonly<Record<string, string>> = {
  'sql boolean': 'sql-boolean',
  'sql union': 'sql-union',
  'sql stacked': 'sql-stacked',
  'sql time': 'sql-time',
  'sql error': 'sql-error',
  'sql out of band': 'sql-error',
  'xss markup': 'xss-tag',
  'xss attribute': 'xss-attribute',
  'xss in script': 'xss-script',
  'posix shell': 'shell-posix',
  'windows shell': 'shell-windows',
  traversal: 'traversal',
  'sensitive file': 'sensitive-file',
  wrapper: 'wrapper',
  ssrf: 'ssrf',
  serialised: 'deserialise',
  prototype: 'prototype',
  nosql: 'nosql',
  xxe: 'xxe',
  crlf: 'crlf',
  mail: 'mail',
  agents: 'tool',
  probes: 'probe',
  'sql login': 'sql-boolean',
  'template jinja': 'template',
  'template other engines': 'template',
  'css and dangling markup': 'xss-tag',
};
const attackLists = ['sql', 'html', 'shell', 'files', 'code', 'query'];
/** Requests made from one template: most attackers send the plain spelling, so two of three are that. */
const perAttack = 3;

/** Every attack of an author. */
export function attacksOf(author: Author): Case[] {
  const cases: Case[] = [];
  for (const { section, text } of attackLists.flatMap((list) => templatesOf(`attacks/${author.name}-${list}.txt`))) {
    const seen = new Set<string>();
    const like = kin[classOf(section)] ?? section;
    for (let variant = 0; variant < perAttack; variant++) {
      const made = drawnCase({ section: like, text }, variant, placesFor(section));
      if (made === null || seen.has(made.key)) continue;
      seen.add(made.key);
      cases.push({ ...made.drawn, section, isHeldBack: author.holdsBack(text) });
    }
  }
  return [...cases, ...wholeOf('attacks/', author, 'requests')];
}

function placesFor(section: string): readonly string[] | null {
  if (classOf(section) === 'redirect') return ['redirect', 'redirect', 'redirect', 'address', 'form'];
  if (classOf(section) === 'xss script url') return ['address', 'redirect', 'form', 'json', 'field', 'xml'];
  return null;
}

const text = ['form', 'form', 'json', 'json', 'json-deep', 'field', 'xml', 'graphql'];
const short = ['search', 'search', 'form', 'json', 'field', 'graphql', 'xml', 'referer'];
/** The lists of ordinary values and where they stand. */
const ordinaryLists: readonly (readonly [string, readonly string[]])[] = [
  ['search', short],
  ['people', ['form', 'form', 'json', 'search', 'field', 'xml']],
  ['values', ['form', 'json', 'search', 'json-deep', 'field']],
  ['prose', text],
  ['code', text],
  ['html', ['form', 'json', 'field', 'json-in-form']],
  ['json', ['json-document']],
  ['links', ['address', 'redirect', 'form', 'json', 'search']],
  ['targets', ['target']],
  ['files', ['file-name', 'file-name', 'form', 'json']],
  ['agents', ['user-agent']],
  ['cookies', ['cookie-header']],
];
/** Requests made from one template that has slots; one that has none is sent in as many places. */
const perOrdinary = 4;

/** Every ordinary request of an author. */
export function ordinaryOf(author: Author): Case[] {
  const cases: Case[] = [];
  for (const [list, places] of ordinaryLists)
    for (const template of templatesOf(`ordinary/${author.name}-${list}.txt`))
      addOrdinary(author, template, places, cases);
  return [...cases, ...wholeOf('ordinary/', author, 'requests'), ...wholeOf('ordinary/', author, 'systems')];
}

function addOrdinary(
  author: Author,
  { section, text: template }: Template,
  places: readonly string[],
  cases: Case[],
): void {
  const seen = new Set<string>();
  const held = author.holdsBack(template);
  for (let variant = 0; variant < perOrdinary; variant++) {
    const chance = new Chance(`${template}/${variant}`);
    const value = fill(template, chance);
    // Because an address of one's own machine is ordinary where an app is returned to, and nowhere else.
    const own = classOf(section) === 'returns to apps' ? ['redirect'] : places;
    const place = variant === 0 ? own[0]! : chance.of(own);
    const request = placings[place]!(value, chance);
    if (request === null || seen.has(`${place} ${value}`)) continue;
    seen.add(`${place} ${value}`);
    cases.push({ section, template, isHeldBack: held, how: place, value, request });
  }
}

function wholeOf(folder: 'attacks/' | 'ordinary/', { name, holdsBack }: Author, list: string): Case[] {
  const perTemplate = folder === 'ordinary/' ? perOrdinary : 1;
  const cases: Case[] = [];
  for (const { section, text: template } of templatesOf(`${folder}${name}-${list}.txt`))
    for (let variant = 0; variant < perTemplate; variant++) {
      const value = fill(template, new Chance(`${template}/${variant}`));
      if (variant > 0 && cases.at(-1)!.value === value) continue;
      const request = requestOf(value);
      cases.push({ section, template, isHeldBack: holdsBack(template), how: 'whole', value, request });
    }
  return cases;
}

/** A request written as `METHOD target`, lines of headers, an empty line and the body; what browsers always send is added. */
export function requestOf(text: string): Request {
  const [, head, body] = /^(.*?)(?:\n\n(.*))?$/s.exec(text)!;
  const [first, ...lines] = head!.split('\n');
  const own = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), Buffer.from(line.slice(colon + 1).trim()).toString('latin1')] as const;
  });
  const names = new Set(own.map(([name]) => name.toLowerCase()));
  const headers = [...browser.filter(([name]) => !names.has(name.toLowerCase())), ...own];
  const target = first!.slice(first!.indexOf(' ') + 1);
  return body === undefined ? { target, headers } : { target, headers, body };
}
