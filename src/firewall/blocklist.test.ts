// Lists of strangers: every form that is common, every fault with its line, and nothing that breaks the reader.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AddressReader } from '../base/address.ts';
import { RangeSet } from '../base/ranges.ts';
import { type ListFormat, ListReading, maxListEntries, type ReadList } from './blocklist.ts';

const lines: ListFormat = { format: 'lines', column: 1 };

function read(text: string, format = lines): ReadList | string {
  const reading = new ListReading(text, format);
  while (reading.more());
  return reading.result();
}

function good(text: string, format = lines): ReadList {
  const list = read(text, format);
  assert.ok(typeof list !== 'string', String(list));
  return list;
}

function has(list: ReadList, address: string): boolean {
  const reader = new AddressReader();
  const set = new RangeSet(list.ranges);
  return reader.read(address) === 4
    ? set.has4(reader.word0)
    : set.has6(reader.word0, reader.word1, reader.word2, reader.word3);
}

test('networks, addresses, ranges and comments, one a line', () => {
  const list = good(
    '\ufeff# made today\r\n192.0.2.0/24 ; SBL1\r\n\r\n  203.0.113.7\t# one\n; note\n// note\n198.51.100.10-198.51.100.20\n2001:db8:bad::/48;x\n::ffff:10.0.0.1',
  );
  assert.deepEqual([list.broken, list.faults], [0, []]);
  assert.equal(list.entries, 5);
  const members: readonly (readonly [string, boolean])[] = [
    ['192.0.2.255', true],
    ['192.0.3.0', false],
    ['203.0.113.7', true],
    ['203.0.113.8', false],
    ['198.51.100.9', false],
    ['198.51.100.10', true],
    ['198.51.100.20', true],
    ['198.51.100.21', false],
    ['2001:db8:bad:ffff::1', true],
    ['2001:db8:bae::', false],
    ['10.0.0.1', true],
  ];
  for (const [address, isIn] of members) assert.equal(has(list, address), isIn, address);
});

test('CSV: the column that is asked for, quoted or not, under a header', () => {
  const list = good(
    '"first seen","ip","port"\n"2026-01-01 10:00","192.0.2.7","443"\n2026-01-02,198.51.100.0/24,80\n# note\n2026-01-03\n',
    { format: 'csv', column: 2 },
  );
  assert.deepEqual([list.entries, list.broken, list.faults], [2, 1, ['line 5: "" is no address or network']]);
  assert.deepEqual([has(list, '192.0.2.7'), has(list, '198.51.100.9')], [true, true]);
  const second = good('score 192.0.2.7 x\nscore 192.0.2.8', { format: 'lines', column: 2 });
  assert.equal(second.entries, 2);
});

test('a broken line is told with its number and left out; most of them, and the list is none', () => {
  const faults: readonly (readonly [string, string])[] = [
    ['nonsense', '"nonsense" is no address or network'],
    ['10.0.0.1/8', '"10.0.0.1/8" has bits set behind its prefix'],
    ['2001:db8::1/32', '"2001:db8::1/32" has bits set behind its prefix'],
    ['10.0.0.0/33', '"10.0.0.0/33" has no prefix length from 0 to 32'],
    ['10.0.0.0/', '"10.0.0.0/" has no prefix length from 0 to 32'],
    ['10.0.0.0/08x', '"10.0.0.0/08x" has no prefix length from 0 to 32'],
    ['0.0.0.0/0', '"0.0.0.0/0" is everybody'],
    ['::/0', '"::/0" is everybody'],
    ['0.0.0.0-255.255.255.255', '"0.0.0.0-255.255.255.255" is everybody'],
    ['10.0.0.9-10.0.0.1', '"10.0.0.9-10.0.0.1" ends before it begins'],
    ['10.0.0.9-x', '"10.0.0.9-x" is no range of IPv4'],
    ['\u001b[31m1.2.3.4', '"?[31m1.2.3.4" is no address or network'],
    [`${'9'.repeat(100)}`, `"${'9'.repeat(40)}…" is no address or network`],
  ];
  for (const [line, says] of faults) {
    const list = good(`192.0.2.1\n192.0.2.2\n${line}\n`);
    assert.deepEqual([list.entries, list.broken, list.faults], [2, 1, [`line 3: ${says}`]], line);
  }
  assert.equal(
    read('<html>\n<body>\n192.0.2.1\n'),
    'most of its lines are no networks (2 of 3): line 1: "<html>" is no address or network',
  );
  assert.equal(read(''), 'it is empty');
  assert.equal(read('# nothing yet\n'), 'it is empty');
  const many = good(`${'192.0.2.1\n'.repeat(100)}${'x\n'.repeat(90)}`);
  assert.deepEqual(
    [many.broken, many.faults.length, many.faults.at(-1)],
    [90, 20, 'line 120: "x" is no address or network'],
  );
});

test('overlapping and repeated entries are one range, and more than a million are refused', () => {
  const list = good('10.0.0.0/8\n10.1.0.0/16\n10.0.0.0/8\n11.0.0.0/8\n');
  assert.deepEqual([list.entries, [...list.ranges.starts4], [...list.ranges.lasts4]], [4, [0x0a000000], [0x0bffffff]]);
  assert.equal(read('192.0.2.1\n'.repeat(maxListEntries + 1)), 'it has more than 1,000,000 entries');
});

test('whatever a list holds, it is read to its end or refused in a sentence', () => {
  const piece = fc.constantFrom(
    '10.0.0.0/8',
    '::1',
    '\n',
    ',',
    '"',
    '/',
    '-',
    ' ',
    '#',
    '99',
    '\r',
    '\0',
    '1.2.3.4',
    '€',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 60 }),
      fc.constantFrom<ListFormat['format']>('lines', 'csv'),
      fc.integer({ min: 1, max: 4 }),
      (pieces, format, column) => {
        const text = pieces.join('');
        const list = read(text, { format, column });
        if (typeof list === 'string') assert.ok(list.length > 0);
        else assert.ok(list.entries + list.broken <= text.split('\n').length);
      },
    ),
    { numRuns: 1000 },
  );
});
