// What a disk may hold in the place of a store: everything is read as what it should be, or set aside.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { keyPem, newKey, writeAuthority, writeLeaf } from '../../tls/certificate-writer.ts';
import { systemFiles } from '../../tls/tls.ts';
import { answersOf, type Listed } from './desk.ts';
import type { CertificateKeeper } from './keeper.ts';
import { Managed } from './managed.ts';
import type { Revocations } from './revocation.ts';
import { CertificateStore } from './store.ts';

async function storeOf(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'store-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const warned: string[] = [];
  const store = new CertificateStore(directory, systemFiles, (says) => warned.push(says));
  await store.open();
  return { store, warned, path: join(store.directory, 'certificates', 'a.example.net.json') };
}

const key = newKey();
const authorityKey = newKey();
const dates = { notBefore: Date.now() - 86_400_000, notAfter: Date.now() + 86_400_000 };
const chainPem = `${writeLeaf({ commonName: 'a', ...dates }, ['a.example.net'], key, { commonName: 'CA', key: authorityKey })}${writeAuthority({ commonName: 'CA', ...dates }, authorityKey)}`;
const whole = {
  names: ['a.example.net'],
  certificate: { chainPem, keyPem: keyPem(key), authority: 'https://ca.example/dir', profile: '', gotAt: 1 },
  renewal: { at: 2, askAt: 3, window: { start: 1, end: 2, explanation: 'https://ca.example/why' } },
  order: {
    authority: 'https://ca.example/dir',
    note: { orderUrl: 'https://ca.example/1', keyPem: keyPem(key), names: ['a.example.net'] },
  },
  failure: { says: 'no', at: 4, count: 1, nextAt: 5, rests: [['https://ca.example/dir', 6]] },
  isRehearsed: true,
};

/** The same with something else at one place. */
function changed(value: unknown, path: readonly (string | number)[], to: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return to;
  const copy = structuredClone(value) as Record<string | number, unknown>;
  copy[first] = changed(copy[first], rest, to);
  return copy;
}

function placesIn(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  const inner =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, one]) => placesIn(one, [...path, name]))
      : [];
  return [path, ...inner];
}

test('a whole file is read as it was written', async (context) => {
  const { store, path, warned } = await storeOf(context);
  writeFileSync(path, JSON.stringify(whole), { mode: 0o600 });
  assert.deepEqual(await store.read('a.example.net'), whole);
  assert.deepEqual(warned, []);
});

test('whatever is put in one place of it, the certificate is used and listed, or the file is set aside', async (context) => {
  const { store, path } = await storeOf(context);
  const places = placesIn(whole);
  const wrong = fc.oneof(
    fc.constantFrom(null, true, 0, -1, 1e300, Number.MAX_SAFE_INTEGER, '', 'x', [], {}, [[]], [null], { a: 1 }),
    fc.jsonValue({ maxDepth: 2 }),
  );
  let used = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), wrong, async (place, value) => {
      writeFileSync(path, JSON.stringify(changed(whole, place, value)) ?? '', { mode: 0o600 });
      const kept = await store.read('a.example.net');
      if (kept === null) return;
      used++;
      const managed = new Managed(['a.example.net'], kept);
      assert.ok(Number.isFinite(managed.due().at));
      const keeper = { settings: {}, all: [managed] } as unknown as CertificateKeeper;
      const { rows } = answersOf(keeper, {} as Revocations, async () => []).certificates!({ ask: 'certificates' }) as {
        rows: Listed[];
      };
      for (const text of ['issuer', 'profile', 'authority', 'explanation', 'lastError'] as const)
        assert.equal(typeof rows[0]![text], 'string', text);
      assert.ok(rows[0]!.names.every((name) => typeof name === 'string'));
      assert.equal(typeof managed.isForOthers, 'boolean');
      for (const [directory, until] of managed.rests.list(0))
        assert.ok(URL.canParse(directory) || Number.isFinite(until));
    }),
    { numRuns: 600 },
  );
  assert.ok(used > 50, `${used} files were used`);
});

test('an account whose address is none is found again by its key', async (context) => {
  const { store } = await storeOf(context);
  const account = { authority: 'https://ca.example/dir', email: 'a@b.c', keyPem: keyPem(key), nextKeyPem: '' };
  for (const [url, read] of [
    ['https://ca.example/acct/1', 'https://ca.example/acct/1'],
    ['nowhere', ''],
    ['http://ca.example/acct/1', ''],
  ] as const) {
    await store.writeAccount({ ...account, url });
    assert.deepEqual(await store.readAccount(account.authority, account.email), { ...account, url: read });
  }
  await store.writeAccount({ ...account, url: '', nextKeyPem: 'no key' });
  assert.equal(await store.readAccount(account.authority, account.email), null);
});

test('bytes of any kind are no store', async (context) => {
  const { store, path, warned } = await storeOf(context);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      writeFileSync(path, bytes, { mode: 0o600 });
      assert.equal(await store.read('a.example.net'), null);
    }),
    { numRuns: 100 },
  );
  assert.ok(warned.every((says) => says.includes('was damaged; it is kept as')));
});
