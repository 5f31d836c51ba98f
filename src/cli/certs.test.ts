// Trusting the local CA, with the real programs, on a machine that is a directory.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newKey, writeAuthority } from '../tls/certificate-writer.ts';
import { certs } from './certs.ts';
import type { Arguments } from './command.ts';

const root = mkdtempSync(join(tmpdir(), 'portcullis-trust-'));
after(() => rmSync(root, { recursive: true, force: true }));

const dataDirectory = join(root, 'data');
const pem = writeAuthority(
  { commonName: 'Portcullis local CA here', notBefore: Date.now() - 1000, notAfter: Date.now() + 86_400_000 },
  newKey(),
);
mkdirSync(join(dataDirectory, 'ca'), { recursive: true });
writeFileSync(join(dataDirectory, 'ca/ca.crt'), pem);

/** Runs the command: exit code and what it printed. */
async function run(words: string[], options: Arguments['options'] = {}, env: Record<string, string> = {}) {
  let out = '';
  const stdout = {
    write(text: string) {
      out += text;
    },
  };
  const world = { stdout, stderr: stdout, env, cwd: root, stop: new AbortController().signal };
  const code = await certs.run({ words, options: { 'data-dir': dataDirectory, ...options } }, world);
  return { code, out };
}

test('an image of a machine trusts the CA, and then no more', async () => {
  const image = join(root, 'image');
  for (const path of ['usr/local/share/ca-certificates', 'usr/share/ca-certificates', 'etc/ssl/certs'])
    mkdirSync(join(image, path), { recursive: true });
  // A machine trusts others, too: with none left the bundle would stay as it is.
  const other = writeAuthority({ commonName: 'Other', notBefore: Date.now(), notAfter: Date.now() + 1e9 }, newKey());
  writeFileSync(join(image, 'usr/share/ca-certificates/other.crt'), other);
  writeFileSync(join(image, 'etc/ca-certificates.conf'), 'other.crt\n');
  const trusted = await run(['trust'], { root: image });
  assert.equal(trusted.code, 0, trusted.out);
  assert.match(trusted.out, /^Portcullis local CA here, until \d{4}-\d\d-\d\d\n {2}added {5}/);
  const bundle = join(image, 'etc/ssl/certs/ca-certificates.crt');
  assert.ok(readFileSync(bundle, 'utf8').includes(pem.trim()));
  assert.equal((await run(['untrust'], { root: image })).code, 0);
  assert.ok(!readFileSync(bundle, 'utf8').includes(pem.trim()));
  assert.ok(readFileSync(bundle, 'utf8').includes(other.trim()));
  assert.deepEqual(readdirSync(join(image, 'usr/local/share/ca-certificates')), []);
  assert.match((await run(['untrust'], { root: image })).out, / {2}not there /);
});

test('who may not write is told what to run as root', async () => {
  const { code, out } = await run(['trust'], { root: join(root, 'nowhere') });
  assert.equal(code, 1);
  assert.match(out, /failed .*\n +run as root: cp .*ca\.crt .* && update-ca-certificates;/);
});

test('a browser of the user trusts the CA, and then no more', async () => {
  const { browserStores } = await import('./trust-stores.ts');
  const home = join(root, 'home');
  const profile = join(home, '.mozilla/firefox/abc.default');
  for (const directory of [join(home, '.pki/nssdb'), profile]) {
    mkdirSync(directory, { recursive: true });
    execFileSync('certutil', ['-N', '--empty-password', '-d', `sql:${directory}`]);
  }
  const stores = await browserStores(home);
  assert.equal(stores.length, 2);
  const ca = { path: join(dataDirectory, 'ca/ca.crt'), name: 'portcullis-test' };
  const listed = () => execFileSync('certutil', ['-L', '-d', `sql:${profile}`], { encoding: 'utf8' });
  for (const store of stores) assert.equal((await store.add(ca)).outcome, 'added');
  assert.match(listed(), /^portcullis-test +C,,/m);
  for (const store of stores) assert.equal((await store.remove(ca)).outcome, 'removed');
  for (const store of stores) assert.equal((await store.remove(ca)).outcome, 'not there');
  assert.doesNotMatch(listed(), /portcullis-test/);
});

test('the certificate alone is printed, and nothing is changed', async () => {
  assert.deepEqual(await run(['trust'], { print: true }), { code: 0, out: pem });
});

test('what is wrong is said', async () => {
  await assert.rejects(run([]), /say `list`, `doctor`, `renew`, `revoke`, `rekey`, `trust` or `untrust`/);
  await assert.rejects(run(['trust', 'me']), /"me" is not expected behind "trust"/);
  await assert.rejects(
    run(['trust'], { 'data-dir': join(root, 'empty') }),
    /there is no local CA at .*makes it when it starts/s,
  );
  assert.equal(existsSync(join(root, 'empty')), false);
});
