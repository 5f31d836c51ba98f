// testssl.sh looks at a gate with the policy `intermediate`, and again with `modern`: nothing it finds is worse than a note.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { answering, ok, stand } from '../scenarios/world.ts';

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

/** Findings that are about this machine or testssl.sh itself, and not about the gate: what is found, and why that is no matter. */
const notOurs: Readonly<Record<string, readonly [finding: RegExp, because: string]>> = {
  engine_problem: [/GOST/, 'the openssl that testssl uses has no GOST'],
  DNS_CAArecord: [/^--$/, 'localhost has no zone'],
  sessionresumption_ticket: [
    /^check failed because of connect problem$/,
    'it ends its first client with the handshake, and in TLS 1.3 tickets come after that: where they were not there yet it has no session to come back with. test/tls-workers.test.ts shows that sessions are resumed',
  ],
};

const goodEnough: ReadonlySet<string> = new Set(['OK', 'INFO']);

/** What an application says of itself, which testssl looks at, too. */
const fields = [
  'Content-Type: text/html',
  'X-Frame-Options: DENY',
  'X-Content-Type-Options: nosniff',
  "Content-Security-Policy: default-src 'self'",
  'Referrer-Policy: no-referrer',
];

/** A certificate for localhost, issued by a root of its own, with a place where it could be revoked. */
function certify(directory: string): { ca: string; certificate: string; key: string } {
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: directory, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  writeFileSync(
    join(directory, 'leaf.ext'),
    `basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost
crlDistributionPoints = URI:http://127.0.0.1:1/ca.crl
`,
  );
  openssl('req', '-x509', ...newKey, '-days', '90', '-subj', '/O=Test/CN=Root', '-keyout', 'ca.key', '-out', 'ca.crt');
  openssl('req', '-new', ...newKey, '-subj', '/CN=localhost', '-keyout', 'leaf.key', '-out', 'leaf.csr');
  const issue = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '80', '-extfile', 'leaf.ext'];
  openssl('x509', '-req', '-in', 'leaf.csr', ...issue, '-out', 'leaf.crt');
  const [ca, certificate, key] = ['ca.crt', 'leaf.crt', 'leaf.key'].map((name) => join(directory, name));
  return { ca: ca!, certificate: certificate!, key: key! };
}

for (const policy of ['intermediate', 'modern'] as const)
  test(`testssl.sh finds nothing against ${policy}`, { timeout: 900_000 }, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'portcullis-testssl-'));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const { ca, ...pair } = certify(directory);
    const upstream = await answering(t, () => ok('hello', `${fields.join('\r\n')}\r\n`));
    const world = await stand(t, upstream.port, {
      listen: [{ address: '127.0.0.1', port: 0, tls: true }],
      tls: { certificates: [pair], policy },
      sites: [{ host: '*', to: `127.0.0.1:${upstream.port}`, hsts: '365d', hsts_for: 'preload' }],
      limits: { max_handshakes_per_client_per_second: 100_000 },
    });
    const report = join(directory, 'report.json');
    const words = ['--quiet', '--color', '0', '--warnings', 'off', '--ip', '127.0.0.1'];
    // It ends with the number of what it could not do; what it found is in the report.
    await promisify(execFile)(
      'testssl',
      [...words, '--add-ca', ca, '--jsonfile', report, `localhost:${world.tlsPort}`],
      { maxBuffer: 1 << 26 },
    ).catch(() => {});
    const findings = JSON.parse(readFileSync(report, 'utf8')) as Finding[];
    assert.ok(findings.length > 100, `testssl.sh came to its end: ${findings.length} findings`);
    const isOurs = ({ id, finding }: Finding) => notOurs[id]?.[0].test(finding) !== true;
    const bad = findings.filter((found) => !goodEnough.has(found.severity) && isOurs(found));
    assert.deepEqual(bad, []);
    // Versions from 3.1 on give a grade.
    const grade = findings.find(({ id }) => id === 'overall_grade');
    if (grade !== undefined) assert.equal(grade.finding, 'A+');
  });
