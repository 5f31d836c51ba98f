import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyHash, maxHashed } from './hash.ts';

const hashed = (hash: KeyHash, kind: number, text: string, from?: number, to?: number) => {
  hash.of(kind, text, from, to);
  return `${hash.high}:${hash.low}`;
};

test('the same text hashes the same, wherever in a longer text it stands', () => {
  const hash = new KeyHash(42);
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (before, text, after) => {
      const whole = before + text + after;
      assert.equal(hashed(hash, 1, text), hashed(hash, 1, whole, before.length, before.length + text.length));
    }),
  );
});

test('text, kind, length and seed each make another hash', () => {
  const hash = new KeyHash(42);
  const seen = new Set<string>();
  const texts = [
    '',
    'a',
    'b',
    'aa',
    'ab',
    'ba',
    'a\0',
    '\0',
    '203.0.113.7',
    '203.0.113.70',
    'x'.repeat(600),
    'x'.repeat(601),
  ];
  for (const kind of [1, 2]) for (const text of texts) seen.add(hashed(hash, kind, text));
  for (const seed of [43, 42 + 2 ** 32, 2 ** 52]) seen.add(hashed(new KeyHash(seed), 1, '203.0.113.7'));
  hash.ofPair(1, 0x20010db8, 0);
  seen.add(`${hash.high}:${hash.low}`);
  hash.ofPair(1, 0x20010db8, 1);
  seen.add(`${hash.high}:${hash.low}`);
  assert.equal(seen.size, texts.length * 2 + 5);
});

test('half of the bits turn with every bit of the key', () => {
  const hash = new KeyHash(7);
  let turned = 0;
  const rounds = 2000;
  for (let round = 0; round < rounds; round++) {
    hash.ofPair(1, round, 0);
    const { high, low } = hash;
    hash.ofPair(1, round ^ (1 << (round % 31)), 0);
    turned += bits(high ^ hash.high) + bits(low ^ hash.low);
  }
  assert.ok(Math.abs(turned / rounds - 32) < 1, `${turned / rounds} of 64 bits`);
});

test('what is beyond the bound is told apart by its length alone', () => {
  const hash = new KeyHash(7);
  const base = 'x'.repeat(maxHashed);
  assert.equal(hashed(hash, 1, `${base}a`), hashed(hash, 1, `${base}b`));
  assert.notEqual(hashed(hash, 1, `${base}a`), hashed(hash, 1, `${base}aa`));
});

function bits(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}
