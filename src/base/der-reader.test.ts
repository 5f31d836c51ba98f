import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { element } from './der.ts';
import { readElement, readElements } from './der-reader.ts';

const tag = fc.integer({ min: 0, max: 255 }).filter((value) => (value & 0x1f) !== 0x1f);

test('what was written is read back, of any length', () => {
  fc.assert(
    fc.property(tag, fc.uint8Array({ maxLength: 70_000, size: 'max' }), (wanted, content) => {
      const bytes = element(wanted, content);
      const read = readElement(bytes, 0)!;
      assert.deepEqual([read.tag, read.to], [wanted, bytes.length]);
      assert.ok(Buffer.from(content).equals(bytes.subarray(read.from, read.to)));
    }),
    { numRuns: 50 },
  );
});

test('several in a row are told apart, and one that is cut off makes them none', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(tag, fc.uint8Array({ maxLength: 200 })), { minLength: 1 }), (wanted) => {
      const bytes = Buffer.concat(wanted.map(([number, content]) => element(number, content)));
      const read = readElements(bytes, 0, bytes.length)!;
      assert.deepEqual(
        read.map((one) => [one.tag, one.to - one.from]),
        wanted.map(([number, content]) => [number, content.length]),
      );
      assert.equal(readElements(bytes, 0, bytes.length - 1), null);
    }),
  );
});

test('no bytes make it read past the end or throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(70), (bytes, at) => {
      const read = readElement(bytes, at);
      assert.ok(read === null || (read.from <= read.to && read.to <= bytes.length && read.from > at));
    }),
  );
});

for (const [hex, why] of [
  ['3080', 'a length that is not told beforehand'],
  ['308100', 'a length in more bytes than it needs'],
  ['30820001', 'a leading zero in the length'],
  ['1f0100', 'a tag of several bytes'],
  ['3085000000000100', 'a length of five bytes'],
] as const)
  test(`not DER: ${why}`, () => assert.equal(readElement(Buffer.from(`${hex}0000`, 'hex'), 0), null));
