// The registered domain of a name, as far as its labels tell: a CA counts by the public suffix list, which is not here.

import { AddressReader } from '../../base/address.ts';

/** What registries of countries have between themselves and their customers: `example.co.uk`, `example.com.au`. */
const between: ReadonlySet<string> = new Set(
  'ac co com edu go gob gov gv id ltd me mil ne net nom or org plc sch web'.split(' '),
);

/** `example.co.uk` for `a.b.example.co.uk`; an address is its own. It may say too little, as for `a.github.io`: then more counts together than does at the CA. */
export function domainGuess(name: string): string {
  if (new AddressReader().read(name) !== 0) return name;
  const labels = (name.startsWith('*.') ? name.slice(2) : name).split('.');
  const isOfCountry = labels.at(-1)?.length === 2 && between.has(labels.at(-2) ?? '');
  return labels.slice(isOfCountry ? -3 : -2).join('.');
}
