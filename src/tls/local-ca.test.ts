// The local CA: made once, kept, repaired with a word, and refused with a cure where it cannot be kept.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ManualClock } from '../base/clock.ts';
import { newKey, writeAuthority } from './certificate-writer.ts';
import { type Files, maxFileBytes, systemFiles } from './files.ts';
import { issueLocally, type LocalIdentity, type LocalTools } from './local-ca.ts';

const dayMs = 86_400_000;
const roots: string[] = [];
after(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

interface Scene {
  readonly root: string;
  readonly clock: ManualClock;
  readonly tools: LocalTools;
  path(name: string): string;
  text(name: string): string;
  /** Issues without a problem; gives the identity and the codes of warnings. */
  issue(names?: string[]): Promise<{ identity: LocalIdentity; warned: string[]; says: string }>;
}

function scene(hostname = 'web1', files: Files = systemFiles): Scene {
  const root = mkdtempSync(join(tmpdir(), 'portcullis-ca-'));
  roots.push(root);
  const clock = new ManualClock();
  const tools = { dataDirectory: join(root, 'data'), hostname, clock, files };
  const path = (name: string) => join(root, 'data', 'ca', name);
  return {
    root,
    clock,
    tools,
    path,
    text: (name) => readFileSync(path(name), 'latin1'),
    issue: async (names = ['app.localhost', '127.0.0.1']) => {
      const issued = await issueLocally(names, tools);
      assert.ok(issued.ok, JSON.stringify(issued));
      const warned = issued.warnings.map((warning) => warning.code);
      return { identity: issued.value, warned, says: issued.warnings.map((warning) => warning.says).join('; ') };
    },
  };
}

test('the first run makes a CA and a leaf, in files that only their owner reads', async () => {
  const { tools, clock, path, text, issue, root } = scene();
  const { identity, warned } = await issue();
  assert.deepEqual(warned, []);
  assert.deepEqual(readdirSync(join(tools.dataDirectory, 'ca')).sort(), ['ca.crt', 'ca.key', 'local.crt', 'local.key']);
  assert.deepEqual(
    ['', 'ca.key', 'local.key'].map((name) => statSync(join(root, 'data', 'ca', name)).mode & 0o777),
    [0o700, 0o600, 0o600],
  );
  assert.equal(identity.caCertificatePath, path('ca.crt'));
  assert.equal(identity.chainPem, text('local.crt'));
  assert.deepEqual(identity.description.names, ['app.localhost', '127.0.0.1']);
  assert.equal(identity.description.notAfter, clock.now() + 90 * dayMs);

  const authority = new X509Certificate(text('ca.crt'));
  const leaf = new X509Certificate(text('local.crt'));
  assert.equal(authority.ca, true);
  assert.equal(leaf.ca, false);
  assert.equal(authority.validToDate.getTime(), clock.now() + 3650 * dayMs);
  assert.ok(leaf.checkIssued(authority) && leaf.verify(authority.publicKey));
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  assert.equal(identity.description.issuer, authority.subject.replace('\n', ', '));
});

test('a second run changes nothing', async () => {
  const { issue, text } = scene();
  const first = (await issue()).identity;
  const authority = text('ca.crt');
  const second = await issue(['127.0.0.1', 'app.localhost']);
  assert.deepEqual(second.warned, []);
  assert.deepEqual([second.identity.chainPem, second.identity.keyPem], [first.chainPem, first.keyPem]);
  assert.equal(text('ca.crt'), authority);
});

const hostnames: readonly (readonly [string, string])[] = [
  ['web1', 'web1'],
  ['ört "1"\nCN=evil', '-rt--1--CN-evil'],
  ['', 'unnamed'],
  ['h'.repeat(300), 'h'.repeat(35)],
];

for (const [hostname, shown] of hostnames)
  test(`a CA of the machine ${JSON.stringify(hostname.slice(0, 20))} has a subject that fits, and is found again`, async () => {
    const { issue, text } = scene(hostname);
    await issue();
    const subject = new X509Certificate(text('ca.crt')).subject;
    assert.match(subject, /^O=Portcullis\nCN=Portcullis local CA \S+ [0-9a-f]{8}$/);
    assert.equal(subject.split(' ')[3], shown);
    assert.deepEqual((await issue()).warned, []);
  });

test('two CAs of one machine differ in their subject', async () => {
  const [one, two] = [scene(), scene()];
  await one.issue();
  await two.issue();
  assert.notEqual(new X509Certificate(one.text('ca.crt')).subject, new X509Certificate(two.text('ca.crt')).subject);
});

test('the leaf is made anew with 30 days left, not before, and by the same CA', async () => {
  const { issue, clock, text } = scene();
  const first = (await issue()).identity;
  const authority = text('ca.crt');
  clock.advance(60 * dayMs);
  assert.equal((await issue()).identity.chainPem, first.chainPem);
  clock.advance(1000);
  const renewed = await issue();
  assert.deepEqual(renewed.warned, []);
  assert.equal(renewed.identity.description.notAfter, clock.now() + 90 * dayMs);
  assert.equal(text('ca.crt'), authority);
});

test('the leaf is made anew for other names', async () => {
  const { issue } = scene();
  await issue(['a.test', 'b.test']);
  for (const names of [['a.test'], ['a.test', 'c.test'], ['*.test.localhost', '::1']]) {
    const { identity, warned } = await issue(names);
    assert.deepEqual([identity.description.names, warned], [names, []]);
  }
});

const damages: readonly (readonly [string, (scene: Scene) => void, string])[] = [
  [
    'ca.crt is cut off',
    (s) => writeFileSync(s.path('ca.crt'), s.text('ca.crt').slice(0, 200)),
    'ca.crt is not a certificate',
  ],
  ['ca.crt is empty', (s) => writeFileSync(s.path('ca.crt'), ''), 'ca.crt is not a certificate'],
  [
    'ca.crt is endless',
    (s) => writeFileSync(s.path('ca.crt'), 'x'.repeat(maxFileBytes + 1)),
    'ca.crt is not a certificate',
  ],
  ['ca.key is noise', (s) => writeFileSync(s.path('ca.key'), '\u0000\u0001\u0002'), 'ca.key is not a private key'],
  ['ca.key is gone', (s) => rmSync(s.path('ca.key')), 'ca.key is missing'],
  ['ca.crt is gone', (s) => rmSync(s.path('ca.crt')), 'ca.crt is missing'],
  [
    "ca.key is the leaf's",
    (s) => writeFileSync(s.path('ca.key'), s.text('local.key')),
    'ca.key is not the key of ca.crt',
  ],
  ['the CA is a leaf', useLeafAsAuthority, 'ca.crt is not a CA certificate that Portcullis made'],
  ['the CA is somebody else’s', useForeignAuthority, 'ca.crt is not a CA certificate that Portcullis made'],
  ['the CA is at its end', (s) => s.clock.advance(3600 * dayMs), 'ca.crt is at its end'],
];

for (const [name, damage, fault] of damages)
  test(`${name}: said, made anew, the old files kept`, async () => {
    const it = scene();
    const before = (await it.issue()).identity;
    damage(it);
    const kept = existsSync(it.path('ca.crt')) ? it.text('ca.crt') : null;
    const { identity, warned, says } = await it.issue();
    assert.deepEqual(warned, ['tls/local-ca-remade']);
    assert.match(says, new RegExp(`\\(${fault}\\) and is made anew$`));
    assert.notEqual(identity.chainPem, before.chainPem);
    const authority = new X509Certificate(it.text('ca.crt'));
    assert.ok(new X509Certificate(identity.chainPem).verify(authority.publicKey));
    if (kept !== null) assert.equal(it.text('ca.crt.replaced'), kept);
    assert.deepEqual((await it.issue()).warned, []);
  });

function useLeafAsAuthority(it: Scene): void {
  writeFileSync(it.path('ca.crt'), it.text('local.crt'));
  writeFileSync(it.path('ca.key'), it.text('local.key'));
}

function useForeignAuthority(it: Scene): void {
  const key = newKey();
  const statement = { commonName: 'Somebody', notBefore: it.clock.now(), notAfter: it.clock.now() + 3650 * dayMs };
  writeFileSync(it.path('ca.crt'), writeAuthority(statement, key));
  writeFileSync(it.path('ca.key'), key.export({ type: 'pkcs8', format: 'pem' }));
}

test('a damaged leaf is said and made anew, and the CA stays', async () => {
  const { issue, path, text } = scene();
  await issue();
  const authority = text('ca.crt');
  writeFileSync(path('local.key'), text('ca.key'));
  const { warned, says } = await issue();
  assert.deepEqual(warned, ['tls/local-ca-remade']);
  assert.match(says, /local\.key is not the key of local\.crt/);
  assert.equal(text('ca.crt'), authority);
});

test('a CA key that others can read is a warning', async () => {
  const { issue, path } = scene();
  await issue();
  chmodSync(path('ca.key'), 0o644);
  assert.deepEqual((await issue()).warned, ['tls/key-exposed']);
});

test('a data directory below a file is a problem with directory, user and cure', async () => {
  const { root, tools } = scene();
  writeFileSync(join(root, 'data'), 'a file');
  const user = systemFiles.user();
  const directory = join(root, 'data', 'ca');
  assert.deepEqual(await issueLocally(['a.test'], tools), {
    ok: false,
    problems: [
      {
        path: ['localNames'],
        code: 'tls/data-directory-unusable',
        says: `the local CA cannot be kept in ${directory} as user ${user} (something above it is a file, not a directory)`,
        instead: `make the directory writable for ${user}, name another data directory, or give certificate files for every name`,
      },
    ],
  });
});

for (const code of ['EACCES', 'EROFS', 'ENOSPC'])
  test(`${code} on writing is a problem, and what is good already needs no writing`, async () => {
    const refuse = () => Promise.reject(Object.assign(new Error(code), { code }));
    const files: Files = { ...systemFiles, user: () => 'gate', replace: refuse, keepDirectory: refuse };
    const it = scene();
    const refused = await issueLocally(['a.test'], { ...it.tools, files });
    assert.ok(!refused.ok);
    assert.match(refused.problems[0]!.says, new RegExp(`as user gate \\(${code}\\)$`));
    await it.issue(['a.test']);
    assert.ok((await issueLocally(['a.test'], { ...it.tools, files })).ok);
  });

test('a write that fails leaves the old file whole and nothing beside it', async () => {
  const { root } = scene();
  const path = join(root, 'kept');
  await systemFiles.replace(path, 'old', 0o600);
  await systemFiles.replace(path, 'new', 0o600);
  await assert.rejects(systemFiles.replace(join(path, 'below'), 'text', 0o600), { code: 'ENOTDIR' });
  assert.deepEqual([readFileSync(path, 'utf8'), readdirSync(root)], ['new', ['kept']]);
});

test('openssl agrees, strictly', { skip: !existsSync('/usr/bin/openssl') && 'no openssl here' }, async () => {
  const { issue, path, clock } = scene();
  await issue(['app.localhost', '*.app.localhost', '127.0.0.1', '::1']);
  const verify = (...options: string[]) =>
    execFileSync(
      '/usr/bin/openssl',
      ['verify', '-x509_strict', '-attime', String(clock.now() / 1000), '-purpose', 'sslserver', ...options].concat(
        '-CAfile',
        path('ca.crt'),
        path('local.crt'),
      ),
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
  assert.match(verify('-verify_hostname', 'x.app.localhost'), /: OK\n$/);
  assert.match(verify('-verify_ip', '::1'), /: OK\n$/);
  assert.throws(() => verify('-verify_hostname', 'other.localhost'));
});
