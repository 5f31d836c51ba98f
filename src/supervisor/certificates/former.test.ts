import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { newKey, writeAuthority } from '../../tls/certificate-writer.ts';
import { systemFiles } from '../../tls/tls.ts';
import { type FormerCertificate, FormerCertificates } from './former.ts';
import { CertificateStore } from './store.ts';

const day = 86_400_000;
const pem = writeAuthority({ commonName: 'x', notBefore: 0, notAfter: day }, newKey());

async function formerOf(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'former-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const warned: string[] = [];
  const store = new CertificateStore(directory, systemFiles, (says) => warned.push(says));
  await store.open();
  const clock = { at: 0, now: () => clock.at, monotonicMs: () => clock.at };
  const former = new FormerCertificates(store, clock);
  await former.open();
  return { former, clock, store, warned, path: join(directory, 'acme', 'former.json') };
}

function one(serial: string, more: Partial<FormerCertificate> = {}): FormerCertificate {
  const authority = 'https://ca.example/dir';
  return { names: ['a.example'], serial, pem, authority, notAfter: day, replacedAt: 1, revocation: null, ...more };
}

test('certificates are found by their number until they are over', async (context) => {
  const { former, clock } = await formerOf(context);
  await former.put(one('0A0B'));
  await former.put(one('0C0D', { notAfter: 2 * day }));
  assert.equal(former.find('0a:0b')?.serial, '0A0B');
  clock.at = day;
  assert.deepEqual([former.find('0A0B'), former.all.length], [undefined, 1]);
  await former.drop('0C0D');
  assert.deepEqual(former.all, []);
});

test('of very many the oldest are forgotten, but none that is still to be revoked', async (context) => {
  const { former, path } = await formerOf(context);
  await former.put(one('FIRST', { revocation: { reason: 'superseded', isForced: false, doneAt: 0 } }));
  await former.put(one('SECOND', { revocation: { reason: 'superseded', isForced: false, doneAt: 1 } }));
  for (let index = 0; index < 500; index++) await former.put(one(String(index)));
  assert.equal(former.all.length, 501);
  assert.ok(former.find('FIRST'));
  assert.equal(former.find('SECOND'), undefined);
  // Nor does the file grow longer than what is read.
  for (let index = 0; index < 300; index++) await former.put(one(`LONG${index}`, { pem: pem.repeat(20) }));
  assert.ok(former.all.length < 300 && former.find('FIRST') && former.find('LONG299'), String(former.all.length));
  assert.ok(readFileSync(path).length < 1_000_000);
});

test('what is on disk is read again, and what is no certificate is left out', async (context) => {
  const { former, clock, store, warned, path } = await formerOf(context);
  const serial = new X509Certificate(pem).serialNumber;
  const good = one(serial, { revocation: { reason: 'keyCompromise', isForced: true, doneAt: 0 } });
  await former.put(good);
  const written = JSON.parse(readFileSync(path, 'utf8')) as unknown[];
  const strange = [null, 5, {}, { ...good, pem: 'x' }, { ...good, serial: '00' }, { ...good, notAfter: 'x' }];
  const stranger = [
    { ...good, revocation: {} },
    { ...good, authority: 'x' },
    { ...good, names: [1] },
  ];
  writeFileSync(path, JSON.stringify([...strange, ...stranger, ...written]));
  const again = new FormerCertificates(store, clock);
  await again.open();
  assert.deepEqual(again.all, [good]);
  writeFileSync(path, '{');
  await again.open();
  assert.deepEqual(again.all, []);
  assert.match(warned[0] ?? '', /former\.json was damaged/);
});
