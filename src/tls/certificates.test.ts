// Certificate files: what is loaded, what is refused, what is warned of, each in words that say the file and the cure.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../base/clock.ts';
import { keyPem, newKey, type Signer, writeAuthority, writeLeaf } from './certificate-writer.ts';
import { type Loaded, loadCertificates } from './certificates.ts';
import { maxFileBytes, systemFiles } from './files.ts';
import { pemBlocks } from './identity.ts';

const dayMs = 86_400_000;
const clock = new ManualClock();
const now = clock.now();
const root = mkdtempSync(join(tmpdir(), 'portcullis-certificates-'));
after(() => rmSync(root, { recursive: true, force: true }));

const authority: Signer = { commonName: 'Test CA', key: newKey() };
const authorityPem = writeAuthority(
  { commonName: 'Test CA', notBefore: now - dayMs, notAfter: now + 900 * dayMs },
  authority.key,
);
const otherKey = newKey();
const otherPem = writeAuthority(
  { commonName: 'Other CA', notBefore: now - dayMs, notAfter: now + 900 * dayMs },
  otherKey,
);
const key = newKey();
const leafPem = leaf();
const chainPem = leafPem + authorityPem;

function leaf({
  from = -1,
  until = 90,
  names = ['a.test'],
  of = key,
}: {
  from?: number;
  until?: number;
  names?: string[];
  of?: KeyObject;
} = {}) {
  const statement = { commonName: 'a.test', notBefore: now + from * dayMs, notAfter: now + until * dayMs };
  return writeLeaf(statement, names, of, authority);
}

let files = 0;
function file(content: string | Buffer, mode = 0o600): string {
  const path = join(root, `${++files}.pem`);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

const load = (certificate: string, keyPath: string): Promise<Loaded> =>
  loadCertificates([{ certificate, key: keyPath }], { files: systemFiles, clock });

test('a good chain is loaded and described', async () => {
  const loaded = await load(file(`# a comment\n${chainPem}`), file(keyPem(key)));
  assert.deepEqual([loaded.problems, loaded.warnings], [[], []]);
  assert.deepEqual(loaded.identities[0]!.description, {
    name: 'a.test',
    names: ['a.test'],
    issuer: 'O=Portcullis, CN=Test CA',
    notAfter: now + 90 * dayMs,
    from: 'file',
  });
  assert.equal(loaded.identities[0]!.chainPem, chainPem);
});

test('certificate and key may be in one file, in either order, with CRLF', async () => {
  for (const text of [
    keyPem(key) + chainPem,
    chainPem + keyPem(key),
    (chainPem + keyPem(key)).replaceAll('\n', '\r\n'),
  ]) {
    const path = file(text);
    const loaded = await load(path, path);
    assert.deepEqual([loaded.problems, loaded.identities.length], [[], 1]);
  }
});

test('keys of the old forms are read', async () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const cases: [string, KeyObject][] = [
    [String(key.export({ type: 'sec1', format: 'pem' })), key],
    [String(rsa.export({ type: 'pkcs1', format: 'pem' })), rsa],
  ];
  for (const [pem, of] of cases)
    assert.deepEqual((await load(file(leaf({ of }) + authorityPem), file(pem))).problems, []);
});

const goodKey = file(keyPem(key));
const goodChain = file(chainPem);
const dsa = generateKeyPairSync('ec', { namedCurve: 'secp224r1' }).privateKey;
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
const encryptedPem = String(key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }));
const oldEncryptedPem = String(key.export({ type: 'sec1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }));
const cutPem = leafPem.replace(/\n[^\n]+\n-----END/, '\n-----END');
const der = new X509Certificate(leafPem).raw;

/** What is in the files, the part that is at fault, the code, and what the message must say. */
const faults: readonly (readonly [string, string, string, 'certificate' | 'key', string, RegExp])[] = [
  [
    'a missing certificate',
    join(root, 'none'),
    goodKey,
    'certificate',
    'file-unreadable',
    /none cannot be read: there is no such file/,
  ],
  [
    'a missing key',
    goodChain,
    join(root, 'none'),
    'key',
    'file-unreadable',
    /none cannot be read: there is no such file/,
  ],
  ['a directory', root, goodKey, 'certificate', 'file-unreadable', /it is a directory/],
  ['a device', '/dev/zero', goodKey, 'certificate', 'file-unreadable', /not a regular file/],
  ['a path below a file', join(goodKey, 'x'), goodKey, 'certificate', 'file-unreadable', /on the way to it/],
  ['a file without end', file('x'.repeat(maxFileBytes + 1)), goodKey, 'certificate', 'file-unreadable', /longer than/],
  [
    'swapped files: certificate',
    goodKey,
    goodKey,
    'certificate',
    'files-swapped',
    /should hold a certificate and holds a private key/,
  ],
  [
    'swapped files: key',
    goodChain,
    goodChain,
    'key',
    'files-swapped',
    /should hold a private key and holds a certificate/,
  ],
  ['text', file('hello'), goodKey, 'certificate', 'not-pem', /is not PEM: it has no "-----BEGIN CERTIFICATE-----"/],
  ['an empty file', file(''), goodKey, 'certificate', 'not-pem', /is not PEM/],
  ['DER', file(der), goodKey, 'certificate', 'not-pem', /it looks like DER/],
  ['a DER key', goodChain, file(key.export({ type: 'pkcs8', format: 'der' })), 'key', 'not-pem', /it looks like DER/],
  [
    'a cut certificate',
    file(cutPem),
    goodKey,
    'certificate',
    'certificate-damaged',
    /certificate 1 in it cannot be decoded/,
  ],
  ['a cut issuer', file(leafPem + cutPem), goodKey, 'certificate', 'certificate-damaged', /certificate 2 in it/],
  [
    'a damaged key',
    goodChain,
    file(keyPem(key).replace('MIG', 'AAA')),
    'key',
    'key-damaged',
    /the key in it cannot be decoded/,
  ],
  ['a key with a passphrase', goodChain, file(encryptedPem), 'key', 'key-encrypted', /protected by a passphrase/],
  [
    'an old key with a passphrase',
    goodChain,
    file(oldEncryptedPem),
    'key',
    'key-encrypted',
    /protected by a passphrase/,
  ],
  [
    'the key of another',
    goodChain,
    file(keyPem(otherKey)),
    'key',
    'key-mismatch',
    /is not the key of the certificate in/,
  ],
  ['the issuer first', file(authorityPem + leafPem), goodKey, 'certificate', 'chain-order', /in place 2/],
  [
    'a stranger in the chain',
    file(leafPem + otherPem),
    goodKey,
    'certificate',
    'chain-broken',
    /certificate 2 \(O=Portcullis, CN=Other CA\) did not issue certificate 1/,
  ],
  ['the leaf twice', file(leafPem + leafPem), goodKey, 'certificate', 'chain-broken', /did not issue/],
  [
    'a file that was copied in part',
    file(leafPem.slice(0, 200)),
    goodKey,
    'certificate',
    'certificate-damaged',
    /is cut off: "-----BEGIN CERTIFICATE-----" has no end/,
  ],
  [
    'a chain that was copied in part',
    file(leafPem + authorityPem.slice(0, 200)),
    goodKey,
    'certificate',
    'certificate-damaged',
    /is cut off/,
  ],
  ['a key that was copied in part', goodChain, file(keyPem(key).slice(0, 60)), 'key', 'key-damaged', /is cut off/],
  ['an expired one', file(leaf({ from: -9, until: -1 })), goodKey, 'certificate', 'expired', /expired on 2027-01-14/],
  [
    'one of the future',
    file(leaf({ from: 2 })),
    goodKey,
    'certificate',
    'not-yet-valid',
    /not valid before 2027-01-17/,
  ],
  [
    'a short RSA key',
    file(leaf({ of: weak })),
    file(keyPem(weak)),
    'certificate',
    'weak-key',
    /an RSA key of 1024 bits/,
  ],
  ['a small curve', file(leaf({ of: dsa })), file(keyPem(dsa)), 'certificate', 'weak-key', /a key on secp224r1/],
];

for (const [name, certificate, keyPath, part, code, says] of faults)
  test(`${name} is a problem`, async () => {
    const loaded = await load(certificate, keyPath);
    const problem = loaded.problems.find((candidate) => candidate.code === `tls/${code}`);
    assert.ok(problem, JSON.stringify(loaded.problems));
    assert.deepEqual(problem.path, ['certificates', 0, part]);
    assert.match(problem.says, says);
    assert.ok(problem.says.includes(part === 'key' ? keyPath : certificate));
    assert.ok(problem.instead!.length > 0);
    assert.equal(loaded.identities.length, 0);
  });

const publicKeyFile = file(keyPem(key), 0o644);

const warnings: readonly (readonly [string, string, string, string, RegExp])[] = [
  [
    'a leaf without its unknown issuer',
    file(leafPem),
    goodKey,
    'missing-intermediates',
    /its issuer \(O=Portcullis, CN=Test CA\) is no known root/,
  ],
  [
    'an issuer that is over',
    file(
      leafPem +
        writeAuthority({ commonName: 'Test CA', notBefore: now - 9 * dayMs, notAfter: now - dayMs }, authority.key),
    ),
    goodKey,
    'chain-expired',
    /certificate 2 \(O=Portcullis, CN=Test CA\) expired on 2027-01-14, and most clients refuse it/,
  ],
  ['one that expires soon', file(leaf({ until: 5 }) + authorityPem), goodKey, 'expires-soon', /expires in 5 days/],
  [
    'one without names',
    file(leaf({ names: [] }) + authorityPem),
    goodKey,
    'no-names',
    /names no host in subjectAltName/,
  ],
  ['a key for everybody to read', goodChain, publicKeyFile, 'key-exposed', /can be read by every user/],
];

for (const [name, certificate, keyPath, code, says] of warnings)
  test(`${name} is a warning`, async () => {
    const loaded = await load(certificate, keyPath);
    assert.deepEqual(loaded.problems, []);
    assert.deepEqual(
      loaded.warnings.map((warning) => warning.code),
      [`tls/${code}`],
    );
    assert.match(loaded.warnings[0]!.says, says);
    assert.equal(loaded.identities.length, 1);
  });

test('every problem of every certificate is told at once, each at its place', async () => {
  const settings = [
    { certificate: goodChain, key: goodKey },
    { certificate: goodKey, key: goodChain },
    { certificate: join(root, 'none'), key: goodKey },
  ];
  const { problems, identities } = await loadCertificates(settings, { files: systemFiles, clock });
  assert.deepEqual(
    problems.map((problem) => [problem.path.join('.'), problem.code]),
    [
      ['certificates.1.certificate', 'tls/files-swapped'],
      ['certificates.1.key', 'tls/files-swapped'],
      ['certificates.2.certificate', 'tls/file-unreadable'],
    ],
  );
  assert.equal(identities.length, 1);
});

test('permission denied names the user', async () => {
  const refused = {
    ...systemFiles,
    user: () => 'gate',
    read: () => Promise.reject(Object.assign(new Error(), { code: 'EACCES' })),
  };
  const { problems } = await loadCertificates([{ certificate: '/a', key: '/b' }], { files: refused, clock });
  assert.deepEqual(
    problems.map((problem) => problem.says),
    ['/a cannot be read: permission denied', '/b cannot be read: permission denied'],
  );
  assert.equal(problems[0]!.instead, 'let user gate read it and enter the directories above it');
});

test('a FIFO is refused without waiting for its writer', {
  skip: !existsSync('/usr/bin/mkfifo') && 'no mkfifo here',
}, async () => {
  const path = join(root, 'fifo');
  execFileSync('/usr/bin/mkfifo', [path]);
  assert.match((await load(path, goodKey)).problems[0]!.says, /not a regular file/);
});

test('chains and signatures that only openssl makes', {
  skip: !existsSync('/usr/bin/openssl') && 'no openssl here',
}, async () => {
  const directory = join(root, 'openssl');
  mkdirSync(directory);
  const run = (line: string) => execFileSync('/usr/bin/openssl', line.split(' '), { cwd: directory, stdio: 'ignore' });
  const ca = '-addext basicConstraints=critical,CA:TRUE';
  const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 900';
  run(`${request} -keyout root.key -out root.pem -subj /CN=root`);
  run(`${request} -keyout middle.key -out middle.pem -subj /CN=middle -CA root.pem -CAkey root.key ${ca}`);
  run(
    `${request} -keyout leaf.key -out leaf.pem -subj /CN=leaf -CA middle.pem -CAkey middle.key -addext subjectAltName=DNS:c.test`,
  );
  run('req -x509 -key leaf.key -sha1 -days 900 -out sha1.pem -subj /CN=c.test -addext subjectAltName=DNS:c.test');
  const read = async (...names: string[]) => {
    const texts = await Promise.all(names.map((name) => systemFiles.read(join(directory, name))));
    const path = file(texts.map(({ text }) => text).join(''));
    const today = { files: systemFiles, clock: new ManualClock(Date.now()) };
    const { problems, warnings: warned } = await loadCertificates(
      [{ certificate: path, key: join(directory, 'leaf.key') }],
      today,
    );
    return [...problems, ...warned].map((problem) => problem.code);
  };
  assert.deepEqual(await read('leaf.pem', 'middle.pem'), []);
  assert.deepEqual(await read('leaf.pem', 'middle.pem', 'root.pem'), []);
  assert.deepEqual(await read('leaf.pem', 'root.pem', 'middle.pem'), ['tls/chain-order']);
  assert.deepEqual(await read('leaf.pem', 'root.pem'), ['tls/chain-broken']);
  assert.deepEqual(await read('leaf.pem'), ['tls/missing-intermediates']);
  assert.deepEqual(await read('sha1.pem'), ['tls/weak-signature']);
});

test('property: PEM blocks are found among anything, and nothing makes the search fail', () => {
  const noise = fc.string({
    unit: fc.constantFrom('-', 'a', '\n', '-----BEGIN ', '-----', '-----END CERTIFICATE-----'),
  });
  fc.assert(
    fc.property(noise, (text) => {
      for (const block of pemBlocks(text)) assert.ok(block.text.startsWith(`-----BEGIN ${block.label}-----`));
    }),
  );
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', ' ', '\n', '-') }),
      fc.integer({ min: 0, max: 4 }),
      (text, count) => {
        assert.equal(pemBlocks(`${text}\n${leafPem}`.repeat(count)).length, count);
      },
    ),
  );
});
