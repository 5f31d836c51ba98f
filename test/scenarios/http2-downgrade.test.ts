// The law of the downgrade: whatever stands in an HTTP/2 request, an upstream that speaks HTTP/1.1 sees one request for one stream,
// or none. A recording upstream keeps every byte, and each request that it can make out must be one that the gate sent.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ask, data, Http2Wire, headers, hello, type Pairs } from '../http2-wire.ts';
import { answering, ok, stand } from './world.ts';

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n';

/** Texts that could end a line, a head or a body, or begin another request, put wherever there is room for text. */
const evil: readonly string[] = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  ':',
  '\t',
  `\r\n\r\n${smuggled}`,
  `\n\n${smuggled}`,
  'x\r\nTransfer-Encoding: chunked',
  'x\r\nContent-Length: 0',
  'x\nContent-Length: 0\n\nGET /smuggled HTTP/1.1',
  ' HTTP/1.1\r\nHost: evil\r\n\r\nGET /smuggled',
  '/ HTTP/1.1',
  '\x85',
  '\u00a0',
  '\x0b',
  '\x0c',
  '\x1c',
  '\x7f',
  'chunked',
  '0',
  '0\r\n\r\n',
  'http://evil/',
  '//evil/',
  'evil@localhost',
  'localhost:80:80',
  '#',
  '%0d%0a',
];

const names: readonly string[] = [
  ':method',
  ':path',
  ':authority',
  ':scheme',
  ':protocol',
  'host',
  'content-length',
  'content_length',
  'transfer-encoding',
  'transfer_encoding',
  'transfer-encoding ',
  'te',
  'connection',
  'upgrade',
  'expect',
  'trailer',
  'cookie',
  'x',
  'x\r\nevil',
  'x: y\r\nevil',
  'content-length:',
  'Content-Length',
];

interface Attempt {
  readonly fields: Pairs;
  readonly body: string;
  readonly isEnd: boolean;
  readonly trailers: Pairs | null;
}

const text = fc.oneof(
  fc.constantFrom(...evil),
  fc
    .tuple(
      fc.constantFrom('', 'a', '/', '5', 'GET', 'localhost'),
      fc.constantFrom(...evil),
      fc.constantFrom('', 'b', '1'),
    )
    .map((parts) => parts.join('')),
  fc.constantFrom('chunked', 'trailers', '5', '0', '100-continue', 'close', 'websocket'),
);
const field = fc.tuple(fc.constantFrom(...names), text);
const attempt: fc.Arbitrary<Attempt> = fc.record({
  fields: fc.oneof(
    fc
      .array(field, { maxLength: 3 })
      .map(
        (more): Pairs => [
          ...more.filter(([name]) => name.startsWith(':')),
          ...ask('/own', 'POST').filter(([name]) => !more.some(([other]) => other === name)),
          ...more.filter(([name]) => !name.startsWith(':')),
        ],
      ),
    fc.array(field, { maxLength: 3 }).map((more): Pairs => [...ask('/own', 'POST'), ...more]),
  ),
  body: fc.constantFrom(
    '',
    'hello',
    '0\r\n\r\n',
    smuggled,
    `0\r\n\r\n${smuggled}`,
    `5\r\nhello\r\n0\r\n\r\n${smuggled}`,
  ),
  isEnd: fc.boolean(),
  trailers: fc.option(fc.array(field, { maxLength: 2 }), { freq: 3 }),
});

test('law: an upstream never sees a request that is not one stream’s', async (t) => {
  const seen: { first: string; id: string; body: string; host: string }[] = [];
  const upstream = await answering(t, ({ first, headers: fields, body }) => {
    seen.push({
      first,
      id: fields.get('x-request-id') ?? '',
      body: body.toString('latin1'),
      host: fields.get('host') ?? '',
    });
    return ok('fine');
  });
  const gate = await stand(t, upstream.port, {
    waf: { mode: 'off' },
    limits: { max_stream_resets_per_second: 100_000, max_requests_per_connection: 1_000_000 },
  });
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 4 }), async (attempts) => {
      seen.length = 0;
      const wire = new Http2Wire(await gate.client());
      wire.send(hello);
      let id = 1;
      for (const { fields, body, isEnd, trailers } of attempts) {
        wire.send(headers(id, fields, isEnd));
        if (!isEnd) {
          wire.send(data(id, body, trailers === null));
          if (trailers !== null) wire.send(headers(id, trailers));
        }
        id += 2;
      }
      wire.send(headers(id, ask('/sentinel')));
      const last = await wire.answer(id);
      assert.equal(last.status, 200);
      let passed = 0;
      for (let stream = 1; stream < id; stream += 2) if ((await wire.answer(stream)).status === 200) passed++;
      answered += passed;
      wire.wire.socket.destroy();
      const own = seen.filter(({ first }) => first !== 'GET /sentinel HTTP/1.1');
      assert.equal(seen.length - own.length, 1, 'the sentinel came as it was sent');
      assert.ok(own.length <= attempts.length && own.length >= passed);
      assert.equal(new Set(seen.map(({ id: request }) => request)).size, seen.length, 'each with an id of its own');
      for (const { first, id: request, body, host } of seen) {
        assert.match(first, /^[A-Z-]{1,20} (\/[!-~]*|\*) HTTP\/1\.1$/);
        assert.doesNotMatch(first, /smuggled/);
        assert.match(request, /^[0-9A-Z]{26}$/);
        assert.ok(body === '' || attempts.some((one) => one.body === body), JSON.stringify(body));
        assert.notEqual(host, 'evil');
      }
    }),
    { numRuns: 150 },
  );
  assert.ok(answered > 30, `${answered} attempts passed: the law was hardly put to the test`);
});
