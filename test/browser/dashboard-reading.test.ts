// What the dashboard reads out of a journey, without a browser: where evidence stands, and a command that stays one command.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Journey } from '../../dashboard/src/shapes.ts';
import { curlOf, quoted } from '../../dashboard/src/views/curl.ts';
import { markedHeader, markedTarget, type Piece } from '../../dashboard/src/views/evidence.ts';
import { stepsOf } from '../../dashboard/src/views/journey-steps.ts';
import { helpAt, pathAt } from '../../dashboard/src/views/schema-help.ts';
import { differenceOf } from '../../dashboard/src/views/text-difference.ts';
import { jsonSchema } from '../../src/config/config.ts';
import { hostile } from './hostile.ts';

const shown = (pieces: readonly Piece[]) => pieces.map(({ text, isFound }) => (isFound ? `[${text}]` : text)).join('');

/** Target, variable, value, and the target with what is marked in brackets. */
const evidence: readonly (readonly [string, string, string, string])[] = [
  ['/u?id=1;DROP%20TABLE', 'ARGS:id', '1;DROP TABLE', '/u?id=[1;DROP%20TABLE]'],
  ['/u?a=1&id=x%27%20OR+1=1--', 'ARGS:id', "' OR 1=1", '/u?a=1&id=x[%27%20OR+1=1]--'],
  ['/u?i%64=%3Cb%3E', 'ARGS:id', '<b>', '/u?i%64=[%3Cb%3E]'],
  ['/u?q=%C3%A4%3C', 'ARGS:q', '<', '/u?q=%C3%A4[%3C]'],
  ['/u?q=%ff%3C', 'ARGS:q', '<', '/u?q=%ff[%3C]'],
  ['/u?q=%253Cb', 'ARGS:q', '<b', '/u?q=[%253Cb]'],
  ['/u?<x>=1&y', 'ARGS_NAMES:<x>', '<x>', '/u?[<x>]=1&y'],
  ['/a/..%2f..%2fetc/passwd?x', 'REQUEST_FILENAME', '../etc', '/a/..%2f[..%2fetc]/passwd?x'],
  ['/a?b=c', 'QUERY_STRING', 'b=c', '/a?[b=c]'],
  ['/a?b=c', 'ARGS:other', 'c', '/a?b=c'],
  ['/a', 'ARGS:b', 'c', '/a'],
  ['/a?b=c', 'JSON:b', 'c', '/a?b=c'],
  ['', '', '', ''],
];

test('evidence is marked where it stood, as it was written', () => {
  for (const [target, variable, value, marked] of evidence)
    assert.equal(shown(markedTarget(target, variable, value)), marked, `${target} ${variable}`);
  assert.equal(shown(markedHeader('user-agent', 'a sqlmap/1', 'REQUEST_HEADERS:User-Agent', 'sqlmap')), 'a [sqlmap]/1');
  assert.equal(shown(markedHeader('accept', 'sqlmap', 'REQUEST_HEADERS:User-Agent', 'sqlmap')), 'sqlmap');
});

test('whatever is marked, the target stays whole', () => {
  const text = fc.string({
    unit: fc.constantFrom('%', '2', '7', 'c', '3', '=', '&', '?', '+', 'a', '%C3', '%A4', '%F0%9F', 'ä'),
  });
  fc.assert(
    fc.property(
      text,
      fc.constantFrom('ARGS:a', 'ARGS:', 'REQUEST_FILENAME', 'QUERY_STRING', 'REQUEST_URI', 'ARGS_NAMES:a'),
      text,
      (target, variable, value) => {
        assert.equal(
          markedTarget(target, variable, value)
            .map((piece) => piece.text)
            .join(''),
          target,
        );
      },
    ),
  );
});

const journey: Journey = {
  id: 'A',
  time: '2026-11-25T00:00:00.000Z',
  connection: { id: 1, from: '192.0.2.7:52431', to: '192.0.2.1:443', listener: ':443 tls', reused: false },
  client: '192.0.2.7',
  firewall: { action: 'ALLOW', rule: 1, description: 'HTTPS', at: 'portcullis.yaml:7', us: 1 },
  tls: { version: 'TLSv1.3', cipher: 'c', alpn: 'h2', sni: 'shop.example', resumed: false, group: 'g', us: 900 },
  request: {
    method: 'GET',
    target: '/',
    version: '2.0',
    host: 'shop.example',
    site: 's',
    headers: { accept: '*/*', cookie: '[redacted]' },
    bytes: 60,
  },
  rates: null,
  waf: { action: 'pass', score: 0, threshold: 5, rules: [], us: 20 },
  upstream: { from: '127.0.0.1:40000', to: '127.0.0.1:3000', reused: true, ms: 2 },
  response: { status: 200, bytes: 10 },
  verdict: { action: 'pass', station: '', why: '', says: '', rule: '', at: '', place: '', value: '' },
  ms: 3,
};

test('a request becomes a command, without its secrets', () => {
  assert.equal(
    curlOf(journey),
    "curl -i --path-as-is -g -H 'accept: */*' https://shop.example:443/  # 1 field with secrets left out",
  );
  assert.equal(curlOf({ ...journey, request: null }), null);
});

test('nothing in a request ends the word that it is in a shell', () => {
  const texts = [...hostile, "'; touch /tmp/x #", '$(id)', '`id`', '\\', "\\'", '!!', '~', '-o', '\n'].filter(
    (text) => !text.includes('\u0000') && text.isWellFormed(),
  );
  const words = texts.map(quoted).join(' ');
  const told = execFileSync('bash', ['--norc', '-c', `printf '%s\\0' ${words}`], {
    encoding: 'utf8',
    env: { LC_ALL: 'C.UTF-8' },
  });
  assert.deepEqual(told.split('\u0000').slice(0, -1), texts);
});

const states = (made: Partial<Journey>, isImagined = false) =>
  stepsOf({ ...journey, ...made }, isImagined)
    .map(({ state }) => state[0])
    .join('');
const refused = (station: string, why: string): Journey['verdict'] => ({
  ...journey.verdict,
  action: 'answer',
  station,
  why,
});

test('a journey ends at the step that ended it', () => {
  assert.equal(states({}), 'ppppppp');
  assert.equal(
    states({
      firewall: { ...journey.firewall, action: 'DENY' },
      request: null,
      tls: null,
      waf: null,
      upstream: null,
      response: null,
      verdict: refused('firewall', 'firewall/denied'),
    }),
    'apeuuua',
  );
  assert.equal(
    states({
      request: null,
      waf: null,
      upstream: null,
      response: null,
      verdict: refused('tls', 'tls/no-common-version'),
    }),
    'pppeuua',
  );
  assert.equal(states({ upstream: null, verdict: refused('waf', 'waf/sql-injection') }), 'ppppeua');
  assert.equal(states({ upstream: null, verdict: refused('rates', 'rates/limit') }), 'ppppeua');
  assert.equal(states({ verdict: refused('proxy', 'proxy/down') }), 'pppppea');
  assert.equal(states({ waf: { ...journey.waf!, action: 'detect' } }), 'ppppwpp');
  assert.equal(states({ upstream: null, response: null }, true), 'pppppaa');
});

test('a difference is both texts, line by line', () => {
  const signs = { same: ' ', gone: '-', new: '+' } as const;
  const told = (before: string, after: string) =>
    differenceOf(before, after).map(({ kind, text }) => signs[kind] + text);
  assert.deepEqual(told('a\nb\nc', 'a\nx\nc'), [' a', '-b', '+x', ' c']);
  assert.deepEqual(told('a', 'a'), [' a']);
  assert.deepEqual(told('', 'a'), ['-', '+a']);
  const line = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 2 });
  const text = fc.array(line, { minLength: 1, maxLength: 12 }).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = differenceOf(before, after);
      const side = (kind: string) => lines.filter((one) => one.kind === 'same' || one.kind === kind);
      assert.deepEqual(
        side('gone')
          .map((one) => one.text)
          .join('\n'),
        before,
      );
      assert.deepEqual(
        side('new')
          .map((one) => one.text)
          .join('\n'),
        after,
      );
      assert.deepEqual(
        side('gone').map(({ old }) => old),
        before.split('\n').map((_, at) => at + 1),
      );
      assert.deepEqual(
        side('new').map(({ young }) => young),
        after.split('\n').map((_, at) => at + 1),
      );
    }),
  );
});

const sample = `# a comment: not a setting
listen:
  - { port: 443, tls: true }
firewall:
  default: deny
  rules:
    - action: deny
      port: 22
sites:
- host: a.example
  to: 3000
  waf:
    mode: detect
`;

/** What a line begins with, and the setting that it is about. */
const settings: readonly (readonly [string, string])[] = [
  ['listen:', 'listen'],
  ['  - { port', 'listen.port'],
  ['  default', 'firewall.default'],
  ['    - action', 'firewall.rules.action'],
  ['      port: 22', 'firewall.rules.port'],
  ['- host', 'sites.host'],
  ['  to: 3000', 'sites.to'],
  ['    mode', 'sites.waf.mode'],
];

test('the setting of a line is found by its indentation, and the schema has a sentence for it', () => {
  for (const [line, path] of settings) {
    const offset = sample.indexOf(`\n${line}`) + 2;
    assert.equal(pathAt(sample, offset).join('.'), path);
    const help = helpAt(sample, offset, jsonSchema());
    assert.deepEqual([help.path, help.says.length > 5], [path, true], path);
  }
  assert.equal(helpAt('nonsense: 1', 3, jsonSchema()).path, '');
});
