// The audit log behind a gate with the real Core Rule Set: a record in each format, by settings and by directives.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { crsRules } from '../crs-patterns.ts';
import { answering, ok, stand } from './world.ts';

const attack = '/?q=1%27%20OR%201%3D1--%20-';

/** A gate with the Core Rule Set and these rules, in which LOG is the audit log. */
async function gated(t: TestContext, waf: Record<string, string>, rules = '') {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-audit-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const log = join(directory, 'audit.log');
  const own = join(directory, 'own.conf');
  await writeFile(own, rules.replaceAll('LOG', log));
  const { port } = await answering(t, () => ok('fine', 'Set-Cookie: id=secret\r\n'));
  const named = 'audit_log' in waf ? { audit_log: log } : {};
  const { get, gate, ask } = await stand(t, port, {
    waf: { crs: dirname(crsRules()), files: [own], ...waf, ...named },
  });
  const read = async (): Promise<string> => {
    await gate.stop();
    return readFile(log, 'utf8');
  };
  return { get, read, ask, gate, log };
}

const browser = 'User-Agent: test\r\nAccept: */*\r\nCookie: session=secret\r\n';

test('a refused request is a record in JSON, an ordinary one is none', async (t) => {
  const { get, read } = await gated(t, { audit_log: 'LOG' });
  assert.equal((await get('/ordinary', browser)).status, 200);
  const refused = await get(attack, browser);
  assert.equal(refused.status, 403);
  const text = await read();
  assert.ok(!text.includes('secret'));
  const lines = text.trimEnd().split('\n');
  assert.equal(lines.length, 1);
  const { transaction } = JSON.parse(lines[0]!);
  assert.equal(transaction.unique_id, refused.headers.get('x-request-id'));
  assert.equal(transaction.client_ip, '127.0.0.1');
  assert.deepEqual([transaction.request.uri, transaction.response.http_code], [attack, 403]);
  assert.equal(transaction.request.headers.Cookie, '[redacted]');
  assert.match(transaction.producer.components[0], /^OWASP_CRS\//);
  const found = transaction.messages.find(
    ({ details }: { details: { ruleId: string } }) => details.ruleId === '942100',
  );
  assert.match(found.details.file, /REQUEST-942-APPLICATION-ATTACK-SQLI\.conf$/);
  assert.match(found.details.lineNumber, /^[0-9]+$/);
  assert.equal(found.details.severity, '2');
  assert.ok(found.details.tags.includes('attack-sqli'));
  assert.match(found.details.match, /^Matched "Operator `DetectSQLi' with parameter `' against variable `ARGS:q' /);
});

test('directives of a rule file alone: sections, all exchanges, the parts that are named, and ctl for one', async (t) => {
  const rules = [
    'SecAuditEngine On',
    'SecAuditLog LOG',
    'SecAuditLogType Serial',
    'SecAuditLogParts ABFHZ',
    'SecRule REQUEST_FILENAME "@streq /quiet" "id:1,phase:1,pass,nolog,ctl:auditEngine=Off"',
  ].join('\n');
  const { get, read } = await gated(t, {}, rules);
  assert.equal((await get('/quiet', browser)).status, 200);
  assert.equal((await get('/ordinary', browser)).status, 200);
  assert.equal((await get(attack, browser)).status, 403);
  const text = await read();
  assert.ok(!text.includes('secret') && !text.includes('/quiet'));
  const letters = [...text.matchAll(/^--[0-9a-f]{8}-([A-Z])--$/gm)].map(([, letter]) => letter).join('');
  assert.equal(letters, 'ABFHZABFHZ');
  assert.match(text, /^GET \/ordinary HTTP\/1\.1$/m);
  assert.match(text, /^Set-Cookie: \[redacted\]$/m);
  assert.match(text, /^ModSecurity: Access denied with code 403 \(phase 2\)\. Matched .*\[id "942100"\]/m);
});

test('the log goes on in a new file after the old one was moved away, and status counts records', async (t) => {
  const { get, read, gate, log, ask } = await gated(t, { audit_log: 'LOG', audit: 'all' });
  await get('/one', browser);
  assert.equal(await gate.reopen(), null);
  await rename(log, `${log}.1`);
  assert.equal(await gate.reopen(), null);
  await get('/two', browser);
  assert.match(await readFile(`${log}.1`, 'utf8'), /"uri":"\/one"/);
  const { audit } = (await ask({ ask: 'status' })) as { audit: { written: number; dropped: number } };
  assert.equal(audit.dropped, 0);
  assert.match(await read(), /^\{"transaction":.*"uri":"\/two".*\}\n$/);
});

test('a log that cannot be written stops the start, with the place and what is needed', async (t) => {
  const start = stand(t, 1, { waf: { audit_log: '/nowhere/audit.log' } });
  await assert.rejects(start, /observe\/audit-log-not-writable: the audit log cannot be written: ENOENT/);
});
