import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withSaneTimes } from './sane-times.ts';
import type { Kept } from './store.ts';

const now = Date.UTC(2026, 10, 26);
const day = 86_400_000;
const kept: Kept = {
  names: ['a.example.net'],
  certificate: { chainPem: '', keyPem: '', authority: 'https://ca.example/', profile: '', gotAt: now - day },
  renewal: { at: now + 60 * day, window: null, askAt: now + day },
  order: null,
  failure: { says: 'no', at: now, count: 3, nextAt: now + 10 * day, rests: [['https://ca.example/', now + 7 * day]] },
  isRehearsed: false,
};

test('what may be meant stays as it is', () => assert.equal(withSaneTimes(kept, now), kept));

test('what was written by a clock of another year is due now', () => {
  const later = withSaneTimes(kept, now - 5000 * day);
  assert.deepEqual(
    [later.failure!.nextAt, later.failure!.rests, later.renewal!.askAt, later.certificate!.gotAt],
    [now - 5000 * day, [], now - 5000 * day, now - 5000 * day],
  );
  assert.equal(later.renewal!.at, kept.renewal!.at, 'when to renew is a time of the certificate');
});
