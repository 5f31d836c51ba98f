import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDuration, parseRate, parseSize } from './units.ts';

test('a duration is a number and a unit', () => {
  for (const [text, ms] of [
    ['500ms', 500],
    ['30s', 30_000],
    ['10m', 600_000],
    ['1.5h', 5_400_000],
    ['180d', 15_552_000_000],
    ['2 minutes', 120_000],
    ['0s', 0],
    ['1.001s', 1001],
  ] as const)
    assert.deepEqual(parseDuration(text), { value: ms }, text);
});

test('a size is a number and a unit, in thousands or in 1024s as its prefix says', () => {
  for (const [text, bytes] of [
    ['512B', 512],
    ['8KiB', 8192],
    ['8 KB', 8000],
    ['10MiB', 10_485_760],
    ['1.1KB', 1100],
    ['1GiB', 1_073_741_824],
  ] as const)
    assert.deepEqual(parseSize(text), { value: bytes }, text);
});

test('a rate is a number of requests and a window', () => {
  for (const [text, limit, windowMs] of [
    ['500 per 10s', 500, 10_000],
    ['10 per minute', 10, 60_000],
    ['5/s', 5, 1000],
    ['1 / 100ms', 1, 100],
    ['20 per 1.5h', 20, 5_400_000],
  ] as const)
    assert.deepEqual(parseRate(text), { value: { limit, windowMs } }, text);
});

test('what is no quantity says what is wrong, and where it begins', () => {
  for (const [reading, says, offset] of [
    [parseDuration(''), 'expected a number first', 0],
    [parseDuration('soon'), 'expected a number first', 0],
    [parseDuration('-1s'), 'expected a number first', 0],
    [parseDuration('30'), '"30" has no unit', 0],
    [parseDuration('10 minuts'), 'no unit is called "minuts"; units are ms, s, m, h or d', 3],
    [parseDuration('1.s'), 'expected digits after the point', 1],
    [parseDuration('1.5ms'), 'is not a whole number of its smallest unit', 0],
    [parseSize('10mib'), 'no unit is called "mib"; units are B, KiB, MiB, GiB, KB, MB or GB', 2],
    [parseSize('9007199254740993GiB'), 'is not a whole number of its smallest unit', 0],
    [parseRate('many per 1s'), 'expected a number of requests first', 0],
    [parseRate('0 per 1s'), 'the number of requests is from 1 to 1,000,000,000', 0],
    [parseRate('5 every 1s'), 'expected "per" after the number of requests', 2],
    [parseRate('5 per 10x'), 'no unit is called "x"; units are ms, s, m, h or d', 8],
    [parseRate('5 per 1ms'), 'a window is from 100ms to 1d', 6],
  ] as const)
    assert.deepEqual(reading, { says, offset });
});

test('any text is a quantity or has a fault inside itself', () => {
  const texts = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{0,20} ?[a-zA-Z/ ]{0,8}[0-9]{0,4}[a-z]{0,3}$/));
  fc.assert(
    fc.property(texts, (text) => {
      for (const reading of [parseDuration(text), parseSize(text), parseRate(text)]) {
        if (!('value' in reading)) assert.ok(reading.offset >= 0 && reading.offset <= text.length);
        else if (typeof reading.value === 'number')
          assert.ok(Number.isSafeInteger(reading.value) && reading.value >= 0);
        else assert.ok(reading.value.limit >= 1 && reading.value.windowMs >= 100);
      }
    }),
  );
});
