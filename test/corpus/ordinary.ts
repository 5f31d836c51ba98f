// The ordinary corpus: texts that people write, in the places where they write them, and requests that programs send.

import type { Case } from './attacks.ts';
import { minedTexts } from './mined.ts';
import { makers } from './ordinary-requests.ts';
import { placings } from './places.ts';
import { Chance, fill, staysHeldBack, templatesOf } from './slots.ts';

/** Requests made from one template. */
const perTemplate = 16;

/** Every ordinary request written for this corpus, the same in every run. */
export function ordinaryCases(): Case[] {
  const cases: Case[] = [];
  for (const [list, places] of lists)
    for (const { section, text } of templatesOf(`ordinary/${list}.txt`)) {
      const held = staysHeldBack(text);
      for (let variant = 0; variant < perTemplate; variant++) {
        const chance = new Chance(`${text}/${variant}`);
        const value = fill(text, chance);
        const place = chance.of(section === 'files' ? filePlaces : places);
        const request = placings[place]!(value, chance);
        if (request !== null) cases.push({ section, template: text, isHeldBack: held, how: place, value, request });
      }
    }
  for (const [section, count, make] of makers)
    for (let index = 0; index < count; index++) {
      const chance = new Chance(`${section}/${index}`);
      const template = `${section}/${index}`;
      const request = make(chance);
      const value = `${request.target} ${request.body ?? ''}`;
      cases.push({ section, template, isHeldBack: staysHeldBack(template), how: 'whole', value, request });
    }
  return cases;
}

const filePlaces: readonly string[] = ['file-name', 'file-name', 'json', 'form', 'search'];
const lists: readonly (readonly [string, readonly string[]])[] = [
  ['short', ['search', 'search', 'search', 'form', 'json', 'json', 'field', 'graphql', 'referer', 'xml']],
  ['prose', ['form', 'form', 'json', 'json', 'json-deep', 'field', 'text', 'xml', 'search', 'graphql']],
  ['html', ['form', 'json', 'field']],
];

/** Paragraphs of the documentation and sources on this machine, as comments, messages and searches. */
export function minedCases(most: number): Case[] {
  const places = ['form', 'json', 'json', 'field', 'search', 'text'];
  return minedTexts(most).map(({ file, text }) => {
    const chance = new Chance(text);
    const place = chance.of(places);
    const request = placings[place]!(text, chance) ?? { target: '/raw', body: text };
    return {
      section: `mined ${file.kind}`,
      template: file.path,
      isHeldBack: staysHeldBack(file.path),
      how: place,
      value: text,
      request,
    };
  });
}
