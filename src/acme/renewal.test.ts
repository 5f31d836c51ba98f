import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { askAgainMs, momentIn, ownMoment, readWindow } from './renewal.ts';

const day = 86_400_000;

test('a window is read, and what is none is not', () => {
  const suggestedWindow = { start: '2026-12-01T00:00:00Z', end: '2026-12-03T00:00:00Z' };
  const start = Date.UTC(2026, 11, 1);
  assert.deepEqual(readWindow({ suggestedWindow, explanationURL: 'https://ca.example/why' }), {
    start,
    end: start + 2 * day,
    explanation: 'https://ca.example/why',
  });
  for (const wrong of [null, 1, {}, { suggestedWindow: null }, { suggestedWindow: { ...suggestedWindow, end: 'x' } }])
    assert.equal(readWindow(wrong), null);
  const empty = { start: suggestedWindow.end, end: suggestedWindow.start };
  assert.equal(readWindow({ suggestedWindow: empty }), null, 'a window that ends before it begins (RFC 9773 4.2)');
});

test('the moment is in the window', () => {
  fc.assert(
    fc.property(
      fc.nat(1e12),
      fc.integer({ min: 1, max: 1e9 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (start, length, by) => {
        const moment = momentIn({ start, end: start + length, explanation: '' }, by);
        assert.ok(moment >= start && moment <= start + length);
      },
    ),
  );
});

for (const [life, left] of [
  [90, 30],
  [45, 15],
  [6, 3],
] as const)
  test(`of ${life} days, ${left} are left at the renewal`, () =>
    assert.equal(ownMoment(0, life * day), (life - left) * day));

test('the CA is asked every six hours, or as it says, within a minute and a day', () => {
  assert.deepEqual([null, 0, 3_600_000, 30 * day].map(askAgainMs), [6 * 3_600_000, 60_000, 3_600_000, day]);
});
