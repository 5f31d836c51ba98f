// What the local CA may certify, as it reads its own certificate and as OpenSSL does.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { newKey, writeAuthority, writeLeaf } from './certificate-writer.ts';
import { mayCertify, nameConstraints } from './name-constraints.ts';

const statement = { commonName: 'Local', notBefore: Date.now() - 1000, notAfter: Date.now() + 86_400_000 };

/** Names, and whether a CA made for shop.example and 192.0.2.7 may certify them. */
const cases: readonly (readonly [string, boolean])[] = [
  ['localhost', true],
  ['app.localhost', true],
  ['*.app.test', true],
  ['db.internal', true],
  ['127.0.0.1', true],
  ['192.168.7.9', true],
  ['::1', true],
  ['fd00::5', true],
  ['shop.example', true],
  ['www.shop.example', true],
  ['192.0.2.7', true],
  ['example', false],
  ['bank.example', false],
  ['notlocalhost', false],
  ['shop.example.com', false],
  ['*.example', false],
  ['192.0.2.8', false],
  ['172.32.0.1', false],
  ['2001:db8::1', false],
];

test('the CA and OpenSSL agree on each name', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-constraints-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const key = newKey();
  const pem = writeAuthority(statement, key, nameConstraints(['shop.example', '192.0.2.7', 'app.localhost']));
  const { raw } = new X509Certificate(pem);
  writeFileSync(join(directory, 'ca.crt'), pem);
  for (const [name, may] of cases) {
    assert.equal(mayCertify(raw, name), may, name);
    const leaf = writeLeaf({ ...statement, commonName: 'leaf' }, [name], newKey(), { commonName: 'Local', key });
    writeFileSync(join(directory, 'leaf.crt'), leaf);
    const verify = () =>
      execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', 'ca.crt', 'leaf.crt'], {
        cwd: directory,
        stdio: 'pipe',
      });
    if (may) verify();
    else assert.throws(verify, /permitted subtree violation/, name);
  }
});

test('a CA without constraints, as earlier versions made it, may certify all', () => {
  const { raw } = new X509Certificate(writeAuthority(statement, newKey()));
  assert.equal(mayCertify(raw, 'anything.example'), true);
});
