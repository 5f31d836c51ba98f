// DER against the examples of X.690 and RFC 5280, and against a reader of its own for everything else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bitString,
  derTrue,
  element,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  tagged,
  time,
  utf8String,
} from './der.ts';

const cases: readonly (readonly [string, Buffer, string])[] = [
  ['an integer', integer(Buffer.from([2])), '020102'],
  ['zero', integer(Buffer.from([0])), '020100'],
  ['an integer of no bytes is zero', integer(Buffer.alloc(0)), '020100'],
  ['an integer that would read as negative', integer(Buffer.from([0x80])), '02020080'],
  ['an integer with zeros before it', integer(Buffer.from([0, 0, 5])), '020105'],
  ['true', derTrue, '0101ff'],
  ['the object identifier of RSA', objectIdentifier('1.2.840.113549.1.1.1'), '06092a864886f70d010101'],
  ['text', utf8String('ö'), '0c02c3b6'],
  ['octets', octetString(Buffer.from([1, 2])), '04020102'],
  ['bits', bitString(Buffer.from([0x80]), 7), '03020780'],
  ['a sequence', sequence(derTrue, derTrue), '30060101ff0101ff'],
  ['a set', setOf(derTrue), '31030101ff'],
  ['a primitive tag', tagged(2, Buffer.from('a'), 'primitive'), '820161'],
  ['a constructed tag', tagged(3, derTrue, 'constructed'), 'a3030101ff'],
  ['a time of the short form', time(Date.UTC(2049, 11, 31, 23, 59, 59, 999)), `170d${hex('491231235959Z')}`],
  ['a time of the long form', time(Date.UTC(2050, 0, 1)), `180f${hex('20500101000000Z')}`],
];

for (const [name, got, expected] of cases) test(name, () => assert.equal(got.toString('hex'), expected));

test('lengths have the shortest form, on both sides of every step', () => {
  for (const bytes of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
    const der = element(0x04, Buffer.alloc(bytes));
    const read = readLength(der);
    assert.deepEqual([read.bytes, der.length], [bytes, read.head + bytes]);
    assert.equal(read.head, bytes < 128 ? 2 : bytes < 256 ? 3 : bytes < 65_536 ? 4 : 5);
  }
});

test('property: an integer reads back as the number it was', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 1n << 160n }), (number) => {
      const digits = number.toString(16);
      const der = integer(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex'));
      const { head } = readLength(der);
      const content = der.subarray(head);
      assert.equal(BigInt.asIntN(content.length * 8, BigInt(`0x${content.toString('hex')}`)), number);
      assert.ok(content.length === 1 || content[0] !== 0 || content[1]! > 0x7f);
    }),
  );
});

function readLength(der: Buffer): { head: number; bytes: number } {
  const first = der[1]!;
  if (first < 0x80) return { head: 2, bytes: first };
  return { head: 2 + (first & 0x7f), bytes: der.readUIntBE(2, first & 0x7f) };
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}
