import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { credentialProblems } from './log-credentials.ts';

let folder: string;
const at = (name: string) => join(folder, name);

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-credentials-'));
  for (const name of ['one', 'two'])
    execFileSync(
      'openssl',
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name} -keyout ${at(`${name}.key`)} -out ${at(`${name}.crt`)}`.split(
        ' ',
      ),
      { stdio: 'ignore' },
    );
});
after(() => rmSync(folder, { recursive: true }));

const damaged = '-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n';

/** Files by name, or null; where the problem is, and what it says. */
const cases: readonly (readonly [string | null, string | null, string | null, string, RegExp | null])[] = [
  [null, null, null, '', null],
  ['one.crt', null, null, '', null],
  ['one.crt', 'two.crt', 'two.key', '', null],
  ['none.crt', null, null, 'logs.1.ca', /none\.crt cannot be read \(ENOENT\)/],
  ['one.crt', 'none.crt', 'none.key', 'logs.1.certificate', /none\.crt cannot be read \(ENOENT\)/],
  ['one.key', null, null, 'logs.1.ca', /one\.key holds no certificate/],
  ['text', null, null, 'logs.1.ca', /text holds no certificate/],
  ['damaged', null, null, 'logs.1.ca', /damaged holds no certificate/],
  ['one.crt', 'one.crt', 'two.key', 'logs.1.certificate', /one\.crt cannot be used: .*mismatch/],
  ['one.crt', 'text', 'one.key', 'logs.1.certificate', /text cannot be used: /],
];

test('what cannot prove anybody is told before the first line is to be sent', async () => {
  const read = async (path: string) => {
    if (path === at('text')) return 'no PEM at all';
    return path === at('damaged') ? damaged : readFile(path, 'utf8');
  };
  for (const [ca, certificate, key, where, says] of cases) {
    const file = (name: string | null) => (name === null ? null : at(name));
    const files = { ca: file(ca), certificate: file(certificate), key: file(key) };
    const to = { kind: 'syslog', transport: 'tls', host: 'logs.example', port: 6514, ...files } as const;
    const words = { format: 'json', onlyTroubles: false, facility: 16 } as const;
    const problems = await credentialProblems(
      [
        { to: { kind: 'journald' }, ...words },
        { to, ...words },
      ],
      read,
    );
    const [first] = problems;
    assert.equal(first?.path.join('.') ?? '', where, `${ca} ${certificate} ${key}`);
    if (says !== null) assert.match(first!.says, says);
  }
});
