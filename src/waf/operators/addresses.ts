// Operators about addresses: ipMatch, ipMatchFromFile, ipMatchF, geoLookup, rbl.

import { type Cidr, CidrSet, parseCidr } from '../../base/cidr.ts';
import type { BuiltOperator, Fault, Matcher } from './operator.ts';

function setOf(texts: readonly string[]): Matcher | Fault {
  const cidrs: Cidr[] = [];
  for (const text of texts) {
    const parsed = parseCidr(text);
    if (!parsed.ok)
      return {
        says: `"${text}" is no address and no network`,
        instead: 'write addresses and networks such as 10.0.0.0/8,::1',
      };
    cidrs.push(parsed.value);
  }
  const set = new CidrSet(cidrs);
  return { test: (value) => set.has(value) };
}

export const ipMatch: BuiltOperator = {
  kind: 'built',
  says: 'The address is one of those, or in one of those networks, separated by commas.',
  build: (argument) =>
    setOf(
      argument
        .split(',')
        .map((text) => text.trim())
        .filter((text) => text !== ''),
    ),
  examples: [
    ['127.0.0.1,::1', '127.0.0.1', true],
    ['10.0.0.0/8', '10.200.3.4', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['2001:db8::/32', '2001:db8:1::2', true],
    ['10.0.0.0/8', 'no address', false],
  ],
};
export const ipMatchFromFile: BuiltOperator = {
  kind: 'built',
  says: 'As ipMatch, with the addresses in a file, one a line.',
  build(argument, tools) {
    const text = tools.file(argument.trim());
    if (typeof text !== 'string') return text;
    return setOf(
      text
        .split('\n')
        .map((line) => line.split('#', 1)[0]!.trim())
        .filter((line) => line !== ''),
    );
  },
  examples: [
    ['networks.data', '192.0.2.7', true],
    ['networks.data', '192.0.3.7', false],
  ],
};
export const ipMatchF: BuiltOperator = { ...ipMatchFromFile, says: 'Another name of ipMatchFromFile.' };

export const geoLookup: BuiltOperator = {
  kind: 'built',
  says: 'The address is in the database of SecGeoLookupDb, or else of `geography.country`; what that says of it is then in GEO. Without a database it never matches, and the rule loads with a warning.',
  build: (_argument, tools) => ({
    locate: (value) => tools.geoLookup(value.trim()),
    test: (value) => tools.geoLookup(value.trim()) !== null,
  }),
  examples: [
    ['', '203.0.113.7', true],
    ['', '192.0.2.7', false],
    ['', 'no address', false],
  ],
};
export const rbl: BuiltOperator = {
  kind: 'built',
  says: 'Never matches, because traffic does not wait for name servers; a rule that uses it loads with a warning.',
  build: () => ({ test: () => false }),
  examples: [['dnsbl.example', '203.0.113.7', false]],
};
