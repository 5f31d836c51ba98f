// Trailer fields behind a chunked body: an attack in one is refused, and nothing of its request reaches the application.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, ok, stand } from './world.ts';

const cases: readonly (readonly [string, number])[] = [
  ['X-Sum: 1', 200],
  ["X-Note: 1' or '1'='1' union select password from users--", 403],
  ['X-Note: <script>alert(document.cookie)</script>', 403],
];

for (const mode of ['block', 'detect'] as const)
  test(`trailers where the WAF is in mode ${mode}`, async (t) => {
    const seen: string[] = [];
    const upstream = await answering(t, (request) => {
      seen.push(request.trailers ?? '');
      return ok('done');
    });
    const gate = await stand(t, upstream.port, { waf: { mode } });
    for (const [field, status] of cases) {
      const wire = await gate.client();
      const body = `Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n${field}\r\n\r\n`;
      wire.send(`POST / HTTP/1.1\r\nHost: localhost\r\n${body}`);
      const answer = await wire.message();
      assert.equal(answer.status, mode === 'detect' ? 200 : status, field);
      const { waf } = await gate.journey(answer.headers.get('x-request-id')!);
      assert.equal(waf?.action, status === 200 ? 'pass' : mode, field);
    }
    assert.equal(seen.length, mode === 'detect' ? 3 : 1);
  });
