import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClientLedger } from './ledger.ts';

const delta = (client: string, open: number) => new Map([[client, { open, entered: Math.max(0, open) }]]);

test('a new worker learns what all hold, and the others what a dead one held', () => {
  const ledger = new ClientLedger();
  assert.equal(ledger.all(), null);
  ledger.note(1, delta('192.0.2.1', 3));
  ledger.note(2, delta('192.0.2.1', 2));
  ledger.note(2, delta('192.0.2.9', 1));
  ledger.note(2, delta('192.0.2.9', -1));
  ledger.note(2, 'nonsense');
  assert.deepEqual(ledger.all(), new Map([['192.0.2.1', { open: 5, entered: 0 }]]));
  assert.deepEqual(ledger.forget(1), new Map([['192.0.2.1', { open: -3, entered: 0 }]]));
  assert.equal(ledger.forget(1), null);
  assert.deepEqual(ledger.all(), new Map([['192.0.2.1', { open: 2, entered: 0 }]]));
});
