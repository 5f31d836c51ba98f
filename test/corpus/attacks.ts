// The attack corpus: every template in several spellings, encodings and places, and attacks that are whole requests.

import type { Request } from '../waf-asking.ts';
import { drawEncoding, encodings, spellingsOf } from './encodings.ts';
import { placesOf, placings } from './places.ts';
import { Chance, fill, staysHeldBack, type Template, templatesOf } from './slots.ts';
import { wholeRequests } from './whole-requests.ts';

/** One request of a corpus. */
export interface Case {
  readonly section: string;
  /** What it was made from; decides with which part it goes. */
  readonly template: string;
  readonly isHeldBack: boolean;
  /** Place and encoding, for people. */
  readonly how: string;
  /** The value before it was encoded. */
  readonly value: string;
  readonly request: Request;
}

const lists = ['sql', 'html', 'shell', 'files', 'code', 'query', 'paths'];
/** Requests made from one template. */
const perTemplate = 6;
/** Sections whose values are sent as they are. */
const literal: ReadonlySet<string> = new Set(['probe', 'tool']);

/** Every attack, the same in every run. */
export function attackCases(): Case[] {
  const cases: Case[] = [];
  for (const template of lists.flatMap((name) => templatesOf(`attacks/${name}.txt`))) addCases(template, cases);
  for (const { section, template, request } of wholeRequests())
    cases.push({ section, template, isHeldBack: staysHeldBack(template), how: 'whole', value: template, request });
  return cases;
}

function addCases(template: Template, cases: Case[]): void {
  const seen = new Set<string>();
  const count = literal.has(template.section) ? 1 : perTemplate;
  for (let variant = 0; variant < count; variant++) {
    const made = drawnCase(template, variant, null);
    if (made === null || seen.has(made.key)) continue;
    seen.add(made.key);
    cases.push(made.drawn);
  }
}

/** A case, and what tells it from others of its template. */
interface Drawn {
  readonly drawn: Case;
  readonly key: string;
}

/** The request number `variant` of a template, in `own` places or those of its class; null where the drawn place cannot hold it. */
export function drawnCase({ section, text }: Template, variant: number, own: readonly string[] | null): Drawn | null {
  const chance = new Chance(`${section}/${text}/${variant}`);
  const spellings = spellingsOf(section);
  // Because the plain spelling is what most attackers send.
  const spelling = variant < 2 ? spellings[0]! : chance.of(spellings);
  const value = spelling(fill(text, chance), chance);
  const encoding = variant === 0 || literal.has(section) ? 'plain' : drawEncoding(value, chance);
  const sent = encodings[encoding]!(value, chance);
  const places = own ?? placesOf(section, text);
  const place = variant === 0 ? places[0]! : chance.of(places);
  // Because an encoded document is none any more.
  const isDocument = place.endsWith('-document') || place.endsWith('-object') || place.endsWith('-raw');
  const request = placings[place]!(isDocument ? value : sent, chance);
  const how = `${place}, ${isDocument ? 'plain' : encoding}`;
  const drawn = { section, template: text, isHeldBack: staysHeldBack(text), how, value };
  return request === null ? null : { drawn: { ...drawn, request }, key: `${place} ${encoding} ${value}` };
}
