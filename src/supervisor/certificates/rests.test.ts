import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CaProblem, CaUnreachable } from '../../acme/acme.ts';
import { systemFiles } from '../../tls/tls.ts';
import { BudgetSpent } from './budget-spent.ts';
import { Ledger } from './ledger.ts';
import { askedMs, Rests } from './rests.ts';
import { CertificateStore } from './store.ts';

const [one, other] = ['https://one.example/dir', 'https://other.example/dir'];

test('a CA rests as long as it said, and no other does', () => {
  const rests = new Rests([]);
  rests.note(one, new CaProblem('rateLimited', 'too many', 429, 5000, []), 100);
  rests.note(other, new CaProblem('serverInternal', 'sorry', 500, null, []), 100);
  assert.throws(() => rests.check(one, 5099), {
    message: 'one.example cannot be asked: it said when to come again, and that is not yet',
    retryAfterMs: 1,
  });
  rests.check(other, 100);
  assert.equal(rests.untilFirstMs([one, other], 100), null);
  assert.equal(rests.untilFirstMs([one], 100), 5000);
  assert.equal(rests.untilFirstMs([], 100), null);
  assert.deepEqual(rests.list(5099), [[one, 5100]]);
  assert.deepEqual(rests.list(5100), []);
  rests.check(one, 5100);
  const again = new Rests([[one, 9000]]);
  assert.throws(() => again.check(one, 8999), CaUnreachable);
  again.forgetAfter(9000);
  assert.throws(() => again.check(one, 8999), CaUnreachable);
  again.forgetAfter(8999);
  again.check(one, 8999);
  again.clear();
  again.check(one, 0);
});

test('a limit of ours is one, too; a failure of another kind says nothing', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'rests-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const store = new CertificateStore(directory, systemFiles, () => {});
  await store.open();
  const ledger = new Ledger(store);
  const names = ['a.example.com'];
  for (let at = 0; at < 5; at++) await ledger.note({ at, authority: one, kind: 'failure', names });
  const spent = new BudgetSpent(one, names, ledger, 1000);
  assert.equal(
    spent.message,
    'the budget at one.example is spent (5 failed proofs of one name in an hour); there is room again at 1970-01-01T01:00:00.000Z',
  );
  assert.equal(askedMs(spent), 3_599_000);
  assert.equal(askedMs(new CaUnreachable(one, 'busy', 7)), 7);
  assert.equal(askedMs(new Error('a proof failed')), null);
});
