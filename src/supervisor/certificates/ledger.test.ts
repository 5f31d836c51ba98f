import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemFiles } from '../../tls/tls.ts';
import { Ledger } from './ledger.ts';
import { CertificateStore } from './store.ts';

const ca = 'https://ca.example/directory';
const minute = 60_000;

async function ledgerOf(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'ledger-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const store = new CertificateStore(directory, systemFiles, () => {});
  await store.open();
  return { store, ledger: new Ledger(store), path: join(store.directory, 'ledger.json') };
}

test('five failed proofs of a name, and it waits until the first of them is an hour old; others go on', async (context) => {
  const { store, ledger } = await ledgerOf(context);
  for (let at = 0; at < 5; at++)
    await ledger.note({ at: at * minute, authority: ca, kind: 'failure', names: ['a.example.com'] });
  const now = 10 * minute;
  assert.equal(ledger.mayAskAt(ca, ['a.example.com'], now), 60 * minute);
  assert.equal(ledger.mayAskAt(ca, ['b.example.com'], now), now);
  assert.equal(ledger.mayAskAt('https://other.example/', ['a.example.com'], now), now);
  assert.equal(ledger.mayAskAt(ca, ['a.example.com'], 61 * minute), 61 * minute);
  const again = new Ledger(store);
  await again.open();
  assert.equal(again.mayAskAt(ca, ['a.example.com'], now), 60 * minute, 'it outlives a restart');
});

test('certificates are counted for the same names, orders for the account', async (context) => {
  const { ledger } = await ledgerOf(context);
  const names = ['a.example.com', 'b.example.com'];
  for (let at = 0; at < 3; at++) await ledger.note({ at, authority: ca, kind: 'certificate', names });
  await ledger.note({ at: 4, authority: ca, kind: 'order', names: ['z.example.com'] });
  const left = (of: readonly string[]) => ledger.budgets(ca, of, minute).map((budget) => budget.left);
  assert.deepEqual(left(names), [5, 2, 47, 299]);
  assert.deepEqual(left([...names].reverse()), [5, 2, 47, 299]);
  assert.deepEqual(left(['a.example.com']), [5, 5, 47, 299]);
  assert.deepEqual(left(['a.other.com']), [5, 5, 50, 299]);
});

test('new names under a domain are counted by its labels, renewals are not; and that is no reason not to ask', async (context) => {
  const { ledger } = await ledgerOf(context);
  for (let at = 0; at < 60; at++)
    await ledger.note({ at, authority: ca, kind: 'certificate', names: [`h${at}.example.co.uk`], isNew: at < 50 });
  const budget = () => ledger.budgets(ca, ['new.example.co.uk'], minute)[2]!;
  assert.deepEqual(budget(), {
    says: 'certificates for new names under example.co.uk in a week',
    left: 0,
    most: 50,
    moreAt: 7 * 24 * 60 * minute,
    isGuess: true,
  });
  assert.equal(ledger.budgets(ca, ['www.another.co.uk'], minute)[2]!.left, 50);
  assert.equal(ledger.mayAskAt(ca, ['new.example.co.uk'], minute), minute);
});

test('what is no ledger is begun anew, and what in it is no entry is left out', async (context) => {
  const { store, path } = await ledgerOf(context);
  for (const text of ['', '{}', '[1,{"at":"x"}]', '[{"at":1,"authority":"x","kind":"spell","names":[]}]']) {
    writeFileSync(path, text);
    const ledger = new Ledger(store);
    await ledger.open();
    assert.equal(ledger.mayAskAt(ca, ['a.example.com'], 5), 5);
  }
});
