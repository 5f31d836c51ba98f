// The audit log: what gets a record, both formats letter by letter, and what a client cannot do to them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Auditing, AuditMode } from '../traffic/auditing.ts';
import { Connection } from '../traffic/connection.ts';
import { Exchange } from '../traffic/exchange.ts';
import type { Finding } from '../traffic/finding.ts';
import { Headers } from '../traffic/headers.ts';
import { answer } from '../traffic/verdict.ts';
import { isWanted, recordText } from './audit.ts';

const crs: Finding = {
  id: 942_100,
  detector: 'sql-injection',
  phase: 2,
  severity: 'CRITICAL',
  score: 5,
  says: 'SQL Injection Attack Detected via libinjection',
  place: 'ARGS:q',
  value: `1' or "1"`,
  decoded: [],
  at: '/crs/rules/REQUEST-942.conf:46',
  data: 'Matched Data: s&sos',
  rule: {
    tags: ['attack-sqli', 'OWASP_CRS'],
    version: 'OWASP_CRS/4.28.0',
    revision: '',
    operator: 'detectSQLi',
    argument: '',
    isAudited: true,
  },
};

const at = Date.UTC(2026, 10, 25, 21, 43, 23);

function exchange(target = '/?q=1', fields: [string, string][] = [], findings: Finding[] | null = [crs]): Exchange {
  const connection = new Connection(1, '203.0.113.7', 52431, '192.0.2.1', 443, ':443 tls', true, at);
  const headers = Headers.from([['Host', 'a.example'], ...fields]);
  const made = new Exchange('01JDX3M8RN', connection, 1, at, 'GET', target, '/', '', '1.1', 'a.example', headers, 0);
  made.client = '203.0.113.7';
  made.status = 403;
  made.wafAction = 'block';
  made.findings = findings;
  return made;
}

function refused(one = exchange()): Exchange {
  one.refusedBy = 'waf';
  one.refusal = answer(403, 'waf/anomaly-score', 'sum', { id: '942100', description: 'x', at: 'y' });
  return one;
}

function auditing(more: Partial<Auditing> = {}): Auditing {
  return {
    mode: 'relevant',
    changed: null,
    parts: 'ABFHZ',
    relevantStatus: null,
    answer: { names: [], values: [] },
    engine: 'Enabled',
    components: ['OWASP_CRS/4.28.0'],
    ...more,
  };
}

test('the JSON of ModSecurity v3', () => {
  const one = refused(exchange('/?q=1', [['Cookie', 'session=secret']]));
  one.auditing = auditing({ answer: { names: ['Server', 'Set-Cookie'], values: ['app', 'id=secret'] } });
  const text = recordText(one, 'json');
  assert.ok(!text.includes('\n'));
  assert.deepEqual(JSON.parse(text), {
    transaction: {
      client_ip: '203.0.113.7',
      time_stamp: 'Wed Nov 25 21:43:23 2026',
      server_id: 'portcullis',
      client_port: 52431,
      host_ip: '192.0.2.1',
      host_port: 443,
      unique_id: '01JDX3M8RN',
      request: {
        method: 'GET',
        http_version: 1.1,
        hostname: 'a.example',
        uri: '/?q=1',
        headers: { Host: 'a.example', Cookie: '[redacted]' },
      },
      response: { http_code: 403, headers: { Server: 'app', 'Set-Cookie': '[redacted]' } },
      producer: {
        modsecurity: 'Portcullis',
        connector: 'Portcullis',
        secrules_engine: 'Enabled',
        components: ['OWASP_CRS/4.28.0'],
      },
      messages: [
        {
          message: 'SQL Injection Attack Detected via libinjection',
          details: {
            match: `Matched "Operator \`DetectSQLi' with parameter \`' against variable \`ARGS:q' (Value: \`1' or "1"' )`,
            reference: '',
            ruleId: '942100',
            file: '/crs/rules/REQUEST-942.conf',
            lineNumber: '46',
            data: 'Matched Data: s&sos',
            severity: '2',
            ver: 'OWASP_CRS/4.28.0',
            rev: '',
            tags: ['attack-sqli', 'OWASP_CRS'],
            maturity: '0',
            accuracy: '0',
          },
        },
      ],
    },
  });
});

test('the sections of ModSecurity', () => {
  const message = (fate: string) =>
    `ModSecurity: ${fate} Matched \\"`.replace('\\"', '"') +
    `Operator \`DetectSQLi' with parameter \`' against variable \`ARGS:q' (Value: \`1' or "1"' ) ` +
    '[file "/crs/rules/REQUEST-942.conf"] [line "46"] [id "942100"] [rev ""] [msg "SQL Injection Attack Detected via libinjection"] ' +
    '[data "Matched Data: s&sos"] [severity "2"] [ver "OWASP_CRS/4.28.0"] [maturity "0"] [accuracy "0"] [tag "attack-sqli"] ' +
    '[tag "OWASP_CRS"] [hostname "192.0.2.1"] [uri "/?q=1"] [unique_id "01JDX3M8RN"] [ref ""]';
  const text = recordText(refused(exchange('/?q=1', [['Authorization', 'Basic c2VjcmV0']])), 'native');
  const boundary = text.slice(2, 10);
  assert.match(boundary, /^[0-9a-f]{8}$/);
  assert.deepEqual(text.replaceAll(boundary, 'ID').split('\n'), [
    '--ID-A--',
    '[25/Nov/2026:21:43:23 +0000] 01JDX3M8RN 203.0.113.7 52431 192.0.2.1 443',
    '--ID-B--',
    'GET /?q=1 HTTP/1.1',
    'Host: a.example',
    'Authorization: [redacted]',
    '',
    '--ID-F--',
    'HTTP/1.1 403',
    '',
    '--ID-H--',
    message('Access denied with code 403 (phase 2).'),
    '',
    '--ID-K--',
    '[id "942100"] [phase "2"] [file "/crs/rules/REQUEST-942.conf"] [line "46"]',
    '',
    '--ID-Z--',
    '',
  ]);
});

test('nothing that a client sends begins a line or a section', () => {
  const forged = { ...crs, value: 'a\r\n--00000000-Z--\n\n--00000001-A--', says: 'x"] [id "1\u2028' };
  const one = exchange('/', [['--00000000-Z--', 'b\n--00000000-Z--']], [forged]);
  one.method = '--00000000-Z--';
  const text = recordText(one, 'native');
  const boundary = text.slice(2, 10);
  const sections = text.split('\n').filter((line) => line.startsWith('-'));
  assert.deepEqual(
    sections,
    ['A', 'B', 'F', 'H', 'K', 'Z'].map((letter) => `--${boundary}-${letter}--`),
  );
  assert.ok(text.includes('[msg "x\\"] [id \\"1\\u{2028}"]'));
  assert.ok(!text.includes('\r'));
  assert.ok(!recordText(one, 'json').includes('\n'));
});

test('a record is bounded, and says when it was cut', () => {
  const fields = Array.from({ length: 100 }, (_, index): [string, string] => [`x${index}`, '\x01'.repeat(5000)]);
  const findings = Array.from({ length: 128 }, () => ({ ...crs, data: '\x01'.repeat(1024) }));
  for (const format of ['json', 'native'] as const) {
    const text = recordText(exchange('/?'.padEnd(8000, '\x01'), fields, findings), format);
    assert.ok(text.length <= 128 * 1024);
    assert.ok(text.includes(format === 'json' ? '"truncated":true' : 'Truncated: 1'));
  }
});

test('the findings of the built-in rules are messages too', () => {
  const { at: _at, data: _data, rule: _rule, ...own } = crs;
  const { transaction } = JSON.parse(recordText(exchange('/', [], [own]), 'json'));
  const [{ details }] = transaction.messages;
  assert.equal(details.match, `Matched "Detector \`sql-injection' against variable \`ARGS:q' (Value: \`1' or "1"' )`);
  assert.deepEqual([details.ruleId, details.file, details.tags], ['942100', '', ['attack-sql-injection']]);
});

test('who gets a record', () => {
  const silent = { ...crs, rule: { ...crs.rule!, isAudited: false } };
  const of = (findings: Finding[] | null, more: Partial<Auditing> | null = null) => {
    const one = exchange('/', [], findings);
    one.auditing = more === null ? null : auditing(more);
    return one;
  };
  const rows: [string, Exchange, AuditMode | null, boolean][] = [
    ['a finding', of([crs]), null, true],
    ['no finding', of(null), null, false],
    ['a finding of a rule with noauditlog', of([silent]), null, false],
    ['a refusal without a finding', refused(of(null)), null, true],
    [
      'a status that SecAuditLogRelevantStatus names',
      of(null, { relevantStatus: { test: (text) => text === '403' } }),
      null,
      true,
    ],
    ['SecAuditEngine On', of(null, { mode: 'all' }), null, true],
    ['SecAuditEngine Off', of([crs], { mode: 'off' }), null, false],
    ['audit: all over SecAuditEngine Off', of(null, { mode: 'off' }), 'all', true],
    ['audit: off', of([crs]), 'off', false],
    ['ctl:auditEngine=Off over audit: all', of([crs], { changed: 'off' }), 'all', false],
    ['ctl:auditEngine=On', of(null, { changed: 'all' }), null, true],
  ];
  for (const [says, one, setting, wanted] of rows) assert.equal(isWanted(one, setting), wanted, says);
});
