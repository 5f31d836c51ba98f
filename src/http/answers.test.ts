// What the gate answers of its own accord: whole, parseable, and without anything a stranger could use.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf } from '../../test/http-reading.ts';
import { Headers } from '../traffic/headers.ts';
import { AnswerHead } from '../traffic/wire.ts';
import { ownAnswer, ownAnswerText, phraseOf, prefersJson, redirectAnswer } from './answers.ts';

const now = Date.UTC(2026, 10, 23);
const statuses = [400, 403, 404, 405, 408, 413, 414, 415, 417, 421, 429, 431, 500, 501, 502, 503, 504, 505, 599];

function parsed(text: string, toMethod = 'GET'): AnswerHead {
  const head = answerOf(text, toMethod);
  assert.ok(head instanceof AnswerHead, JSON.stringify(text.slice(0, 300)));
  return head;
}

test('every answer is one that our own reader takes, with a body of the length it says', () => {
  for (const status of statuses)
    for (const json of [false, true]) {
      const text = ownAnswerText(ownAnswer(status, '01ABC', json, false, 'Retry-After: 1\r\n', now), true);
      const head = parsed(text);
      assert.equal(head.status, status);
      assert.equal(text.length, head.bytes + head.contentLength);
      assert.equal(head.headers.get('x-request-id'), '01ABC');
      assert.equal(head.headers.get('retry-after'), '1');
      assert.equal(head.headers.get('date'), 'Mon, 23 Nov 2026 00:00:00 GMT');
      assert.equal(head.headers.get('cache-control'), 'no-store');
      assert.equal(head.keepAlive, true);
      const body = text.slice(head.bytes);
      if (json) assert.deepEqual(Object.keys(JSON.parse(body)), ['status', 'title', 'detail', 'id']);
      else assert.ok(body.includes('<code>01ABC</code>'), body);
    }
});

test('an answer to HEAD has the same head and no body', () => {
  const whole = ownAnswerText(ownAnswer(403, 'X', false, false, '', now), true);
  const headOnly = ownAnswerText(ownAnswer(403, 'X', false, true, '', now), true);
  assert.ok(headOnly.endsWith('\r\n\r\n') && whole.startsWith(headOnly));
});

test('it says close where the connection ends', () => {
  assert.equal(parsed(ownAnswerText(ownAnswer(400, '', false, false, '', now), false)).keepAlive, false);
  assert.equal(parsed(ownAnswerText(redirectAnswer('GET', 'https://a/', 'X', now), false)).keepAlive, false);
});

test('every status that we give has a sentence for visitors', () => {
  for (const status of statuses.slice(0, -1)) {
    if (status === 405 || status === 415 || status === 421 || status === 500) continue;
    const { title, detail } = JSON.parse(ownAnswer(status, '', true, false, '', now).body);
    assert.notEqual(title, 'Error', String(status));
    assert.ok(detail.length > 20, String(status));
  }
  assert.equal(phraseOf(599), 'Error');
});

test('a redirect keeps the method where it must (RFC 9110 15.4.9)', () => {
  for (const [method, status] of [
    ['GET', 301],
    ['HEAD', 301],
    ['POST', 308],
    ['PUT', 308],
    ['OPTIONS', 308],
  ] as const) {
    const answer = redirectAnswer(method, 'https://a/b', 'X', now);
    const head = parsed(ownAnswerText(answer, true), method);
    assert.deepEqual(
      [answer.status, head.status, head.headers.get('location'), head.contentLength],
      [status, status, 'https://a/b', 0],
    );
  }
});

test('a redirect may say why, though not to HEAD', () => {
  for (const [method, body] of [
    ['GET', 'because\n'],
    ['HEAD', ''],
  ] as const) {
    const answer = redirectAnswer(method, 'https://a/b', 'X', now, 'because');
    assert.equal(answer.body, body);
    const head = parsed(ownAnswerText(answer, true), method);
    assert.equal(head.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.match(answer.fields, /^Content-Length: 8\r$/m);
  }
});

test('JSON for those who speak it, HTML for browsers', () => {
  const rows: readonly (readonly [readonly (readonly [string, string])[], boolean])[] = [
    [[], false],
    [[['Accept', '*/*']], false],
    [[['Accept', 'application/json']], true],
    [[['Accept', 'application/problem+JSON']], true],
    [[['Accept', 'text/html,application/json;q=0.9']], false],
    [[['Content-Type', 'application/json']], true],
    [
      [
        ['Accept', 'text/html'],
        ['Content-Type', 'application/json'],
      ],
      false,
    ],
    [[['Content-Type', 'text/plain']], false],
  ];
  for (const [fields, expected] of rows)
    assert.equal(prefersJson(Headers.from(fields)), expected, JSON.stringify(fields));
});
