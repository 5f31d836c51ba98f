import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { clientAuthority } from '../../test/client-authority.ts';
import { crlDates, judgeCrl } from './crl-dates.ts';
import { pemBlocks } from './identity.ts';

const directory = mkdtempSync(join(tmpdir(), 'crl-'));
test.after(() => rmSync(directory, { recursive: true, force: true }));
clientAuthority(directory, 'Lists');

/** A list with these dates (YYYYMMDDHHMMSSZ), as openssl writes it. */
function list(from: string, until: string): string {
  execFileSync(
    'openssl',
    ['ca', '-config', 'ca.cnf', '-gencrl', '-crl_lastupdate', from, '-crl_nextupdate', until, '-out', 'made.pem'],
    { cwd: directory, stdio: 'pipe' },
  );
  return readFileSync(join(directory, 'made.pem'), 'utf8');
}

const written = (time: number) => new Date(time).toISOString().replaceAll(/[-:T]|\.\d+/g, '');

test('dates are read in both forms', () => {
  assert.deepEqual(crlDates(list('20261101000000Z', '20261201123456Z')), {
    from: Date.UTC(2026, 10, 1),
    until: Date.UTC(2026, 11, 1, 12, 34, 56),
  });
  assert.equal(crlDates(list('20261101000000Z', '20600101000000Z'))?.until, Date.UTC(2060, 0, 1));
});

test('whatever is no list is none', () => {
  assert.equal(crlDates(''), null);
  const bytes = Buffer.from(
    pemBlocks(list('20261101000000Z', '20261201000000Z'))[0]!.text.split('\n').slice(1, -2).join(''),
    'base64',
  );
  for (let end = 0; end < bytes.length; end++) assert.equal(crlDates(bytes.subarray(0, end).toString('base64')), null);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      crlDates(Buffer.from(noise).toString('base64'));
    }),
  );
});

const day = 86_400_000;
const from = Date.UTC(2026, 10, 1);
for (const [what, life, now, code] of [
  ['one that is fresh', 30 * day, from + day, null],
  ['one with three days left', 30 * day, from + 27 * day, null],
  ['one with less', 30 * day, from + 27 * day + 1, 'tls/crl-overdue-soon'],
  ['one of a day, at noon', day, from + day / 2, null],
  ['one of a day, in the evening', day, from + 0.8 * day, 'tls/crl-overdue-soon'],
  ['one that is over', 30 * day, from + 30 * day + 1, 'tls/crl-overdue'],
  ['one of tomorrow', 30 * day, from - day, 'tls/crl-early'],
] as const)
  test(`${what}: ${code ?? 'nothing'}`, () => {
    const judged = judgeCrl(list(written(from), written(from + life)), 'ca.crl', ['tls'], now);
    assert.equal(judged?.problem.code ?? null, code);
    assert.equal(
      judged?.weight ?? null,
      code === null ? null : code === 'tls/crl-overdue-soon' ? 'warning' : 'problem',
    );
  });

test('an overdue list is said with its date and its cure', () => {
  const { problem } = judgeCrl(
    list('20261101000000Z', '20261102000000Z'),
    '/etc/ca.crl',
    ['tls'],
    Date.UTC(2026, 10, 3),
  )!;
  assert.equal(
    `${problem.says}; ${problem.instead}`,
    '/etc/ca.crl holds a revocation list that was good until 2026-11-02T00:00Z: every client is refused as unchecked; fetch the newest list of the CA and reload',
  );
});
