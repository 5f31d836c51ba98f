// Answers of every shape as they come through the gate: framing is re-made, bytes are not, and nobody holds more than he must.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, eventually, type Message, ok, scripted, stand } from './world.ts';

const head = 'HTTP/1.1 200 OK\r\n';

interface Case {
  readonly says: string;
  /** What the upstream sends; `CLOSE` at the end closes its connection. */
  readonly answer: string;
  readonly method?: string;
  readonly version?: '1.0' | '1.1';
  readonly request?: string;
  readonly status?: number;
  readonly framing: Message['framing'];
  readonly body?: string;
  readonly trailers?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Does the client's connection live on? */
  readonly livesOn: boolean;
}

const cases: readonly Case[] = [
  {
    says: 'a fixed length',
    answer: `${head}Content-Length: 5\r\n\r\nhello`,
    framing: 'length',
    body: 'hello',
    livesOn: true,
  },
  {
    says: 'a length of nothing',
    answer: `${head}Content-Length: 0\r\n\r\n`,
    framing: 'length',
    body: '',
    livesOn: true,
  },
  {
    says: 'chunks are made anew, extensions end here, trailers go on',
    answer: `${head}Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n002\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n`,
    framing: 'chunked',
    body: 'hello',
    trailers: 'X-Sum: 1\r\n',
    livesOn: true,
  },
  {
    says: 'no chunk at all',
    answer: `${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    framing: 'chunked',
    body: '',
    livesOn: true,
  },
  {
    says: 'until the upstream closes',
    answer: `${head}\r\nhelloCLOSE`,
    framing: 'chunked',
    body: 'hello',
    livesOn: true,
  },
  {
    says: 'an HTTP/1.0 answer until the close',
    answer: 'HTTP/1.0 200 OK\r\n\r\nhelloCLOSE',
    framing: 'chunked',
    body: 'hello',
    livesOn: true,
  },
  { says: 'nothing until the close', answer: `${head}\r\nCLOSE`, framing: 'chunked', body: '', livesOn: true },
  {
    says: 'until the close for HTTP/1.0',
    version: '1.0',
    answer: `${head}\r\nhelloCLOSE`,
    framing: 'close',
    body: 'hello',
    livesOn: false,
  },
  {
    says: 'chunks for HTTP/1.0 become a close',
    version: '1.0',
    request: 'Connection: keep-alive\r\n',
    answer: `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n`,
    framing: 'close',
    body: 'hello',
    livesOn: false,
  },
  {
    says: 'a length for HTTP/1.0 that asked to live on',
    version: '1.0',
    request: 'Connection: keep-alive\r\n',
    answer: `${head}Content-Length: 5\r\n\r\nhello`,
    framing: 'length',
    body: 'hello',
    headers: { connection: 'keep-alive' },
    livesOn: true,
  },
  {
    says: 'a length for HTTP/1.0',
    version: '1.0',
    answer: ok('hello'),
    framing: 'length',
    body: 'hello',
    headers: { connection: 'close' },
    livesOn: false,
  },
  {
    says: 'a client that closes',
    request: 'Connection: close\r\n',
    answer: ok('hello'),
    framing: 'length',
    body: 'hello',
    headers: { connection: 'close' },
    livesOn: false,
  },
  {
    says: 'HEAD keeps the length and has no body',
    method: 'HEAD',
    answer: `${head}Content-Length: 5\r\n\r\n`,
    framing: 'none',
    headers: { 'content-length': '5' },
    livesOn: true,
  },
  {
    says: 'HEAD of a chunked resource',
    method: 'HEAD',
    answer: `${head}Transfer-Encoding: chunked\r\n\r\n`,
    framing: 'none',
    livesOn: true,
  },
  {
    says: '204',
    answer: 'HTTP/1.1 204 No Content\r\n\r\n',
    status: 204,
    framing: 'none',
    headers: { 'content-length': undefined, 'transfer-encoding': undefined },
    livesOn: true,
  },
  {
    says: '204 with a length of 0',
    answer: 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
    status: 204,
    framing: 'none',
    headers: { 'content-length': undefined },
    livesOn: true,
  },
  {
    says: '304 keeps the length it tells of',
    answer: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "a"\r\n\r\n',
    status: 304,
    framing: 'none',
    headers: { 'content-length': '5', etag: '"a"' },
    livesOn: true,
  },
  {
    says: '304 without',
    answer: 'HTTP/1.1 304 Not Modified\r\n\r\n',
    status: 304,
    framing: 'none',
    headers: { 'content-length': undefined },
    livesOn: true,
  },
  {
    says: 'an answer without a reason',
    answer: 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhi',
    framing: 'length',
    body: 'hi',
    livesOn: true,
  },
  {
    says: '100 is swallowed',
    answer: `HTTP/1.1 100 Continue\r\n\r\n${ok('hello')}`,
    framing: 'length',
    body: 'hello',
    livesOn: true,
  },
  {
    says: 'an upstream that closes does not close the client',
    answer: `${head}Connection: close\r\nContent-Length: 5\r\n\r\nhelloCLOSE`,
    framing: 'length',
    body: 'hello',
    headers: { connection: undefined },
    livesOn: true,
  },
  {
    says: 'hop-by-hop fields end here, those that Connection names among them',
    answer: `${head}Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nX-Request-Id: theirs\r\nX-End: 1\r\nContent-Length: 2\r\n\r\nhi`,
    framing: 'length',
    body: 'hi',
    headers: { 'x-hop': undefined, 'keep-alive': undefined, upgrade: undefined, 'x-end': '1', connection: undefined },
    livesOn: true,
  },
  {
    says: 'two cookies stay two lines',
    answer: `${head}Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nhi`,
    framing: 'length',
    body: 'hi',
    headers: { 'set-cookie': 'a=1, b=2' },
    livesOn: true,
  },
];

for (const piecewise of [false, true])
  test(`every shape of answer${piecewise ? ', byte by byte' : ''}`, async (t) => {
    let current = cases[0]!;
    const upstream = await scripted(t, async (wire) => {
      for (;;) {
        await wire.take('\r\n\r\n');
        const closes = current.answer.endsWith('CLOSE');
        const bytes = closes ? current.answer.slice(0, -5) : current.answer;
        if (!piecewise) wire.send(bytes);
        else
          for (const byte of bytes) {
            wire.send(byte);
            await new Promise((resolve) => setImmediate(resolve));
          }
        if (closes) wire.socket.end();
      }
    });
    const world = await stand(t, upstream.port);
    for (current of cases) {
      const {
        says,
        method = 'GET',
        version = '1.1',
        request = '',
        status = 200,
        framing,
        body = '',
        trailers = '',
        headers = {},
        livesOn,
      } = current;
      const client = await world.client();
      client.send(`${method} / HTTP/${version}\r\nHost: localhost\r\n${request}\r\n`);
      const answer = await client.message(method === 'HEAD');
      assert.equal(answer.status, status, says);
      assert.equal(answer.framing, framing, says);
      assert.equal(answer.body.toString(), body, says);
      assert.equal(answer.trailers, trailers, says);
      assert.ok(answer.isWhole, says);
      assert.match(answer.headers.get('x-request-id') ?? '', /^[0-9A-Z]{26}$/i, says);
      for (const [name, value] of Object.entries(headers))
        assert.equal(answer.headers.get(name), value, `${says}: ${name}`);
      if (livesOn) {
        current = cases[0]!;
        client.send('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
        assert.equal((await client.message()).body.toString(), 'hello', `${says}: the next`);
      }
      assert.equal(await client.ended(), 'fin', says);
      assert.equal(client.text, '', says);
    }
  });

test('interim answers go on in order, 100 does not, and HTTP/1.0 gets none', async (t) => {
  const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n';
  const upstream = await answering(
    t,
    () => `${early}HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${ok('end')}`,
  );
  const world = await stand(t, upstream.port);
  const client = await world.client();
  client.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const hints = await client.message();
  assert.equal(hints.first, 'HTTP/1.1 103 Early Hints');
  assert.equal(hints.headers.get('link'), '</a.css>; rel=preload');
  assert.equal((await client.message()).status, 102);
  assert.equal((await client.message()).body.toString(), 'end');
  const old = await world.client();
  old.send('GET / HTTP/1.0\r\nHost: localhost\r\n\r\n');
  assert.equal((await old.message()).status, 200);
});

test('a storm of interim answers ends in 502', async (t) => {
  const upstream = await scripted(t, async (wire) => {
    await wire.take('\r\n\r\n');
    wire.send('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1000));
  });
  const world = await stand(t, upstream.port);
  const client = await world.client();
  client.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  let answer = await client.message();
  let interims = 0;
  for (; answer.status === 103; answer = await client.message()) interims++;
  assert.equal(answer.status, 502);
  assert.ok(interims <= 8);
  const journey = await world.journey(answer.headers.get('x-request-id')!);
  assert.equal(journey.verdict.why, 'proxy/interim-storm');
});

const pattern = Buffer.alloc(65_536);
for (let index = 0; index < pattern.length; index++) pattern[index] = (index * 31 + (index >> 8)) & 0xff;

/** The bytes from `at` of an endless text that repeats after 64 KiB. */
function patternFrom(at: number, count: number): Buffer {
  const from = at % pattern.length;
  return pattern.subarray(from, Math.min(pattern.length, from + count));
}

const bigBytes = 64 * 1024 * 1024;
/** What kernels on both sides of both sockets may hold (a loopback socket grows to about 6 MiB each way), and we a little. */
const maxHeldBytes = 24 * 1024 * 1024;

for (const framing of ['length', 'chunked', 'close'] as const)
  test(`64 MiB down, ${framing}: the upstream is held back while the client does not read, and every byte arrives`, async (t) => {
    let pushed = 0;
    let isStuck = false;
    const upstream = await scripted(t, async (wire) => {
      await wire.take('\r\n\r\n');
      wire.send(
        framing === 'length'
          ? `${head}Content-Length: ${bigBytes}\r\n\r\n`
          : framing === 'chunked'
            ? `${head}Transfer-Encoding: chunked\r\n\r\n`
            : `${head}\r\n`,
      );
      while (pushed < bigBytes) {
        const piece = patternFrom(pushed, Math.min(bigBytes - pushed, 50_000));
        pushed += piece.length;
        if (framing === 'chunked') wire.send(`${piece.length.toString(16)}\r\n`);
        const flows = wire.socket.write(piece);
        if (framing === 'chunked') wire.send('\r\n');
        if (!flows) {
          isStuck = true;
          await new Promise((resolve) => wire.socket.once('drain', resolve));
          isStuck = false;
        }
      }
      if (framing === 'chunked') wire.send('0\r\n\r\n');
      if (framing === 'close') wire.socket.end();
    });
    const world = await stand(t, upstream.port);
    const client = await world.client();
    client.socket.removeAllListeners('data');
    client.socket.pause();
    client.send('GET /big HTTP/1.0\r\nHost: localhost\r\n\r\n');
    // Stuck, and stuck at the same byte a while later: nothing in between takes more.
    let before = -1;
    await eventually(() => {
      const isSame = isStuck && pushed === before;
      before = pushed;
      return isSame;
    }, 'the upstream is held back');
    assert.ok(pushed < maxHeldBytes, `the upstream could push ${pushed} bytes before the client read one`);
    let seen = 0;
    let headText = '';
    for await (const piece of client.socket) {
      let body = piece as Buffer;
      if (!headText.endsWith('\r\n\r\n')) {
        const text = headText + body.toString('latin1');
        const end = text.indexOf('\r\n\r\n');
        body = body.subarray(end + 4 - headText.length);
        headText = text.slice(0, end + 4);
      }
      for (let at = 0; at < body.length; ) {
        const expected = patternFrom(seen, body.length - at);
        assert.ok(expected.equals(body.subarray(at, at + expected.length)), `bytes at ${seen}`);
        at += expected.length;
        seen += expected.length;
      }
    }
    assert.equal(seen, bigBytes);
    const id = /X-Request-Id: (\S+)/.exec(headText)![1]!;
    assert.equal((await world.journey(id)).response?.bytes, bigBytes);
  });

for (const framing of ['length', 'chunked'] as const)
  test(`64 MiB up, ${framing}: the client is held back while the upstream does not read, and every byte arrives`, async (t) => {
    let seen = 0;
    let resume: () => void = () => {};
    const reads = new Promise<void>((resolve) => {
      resume = resolve;
    });
    const upstream = await scripted(t, async (wire) => {
      wire.socket.removeAllListeners('data');
      wire.socket.pause();
      await reads;
      let headText = '';
      let rest = Buffer.alloc(0);
      for await (const piece of wire.socket) {
        let body = piece as Buffer;
        if (headText === '') {
          const end = body.indexOf('\r\n\r\n');
          headText = body.toString('latin1', 0, end + 4);
          body = body.subarray(end + 4);
        }
        if (framing === 'chunked') {
          rest = Buffer.concat([rest, body]);
          for (;;) {
            const line = rest.indexOf('\r\n');
            if (line < 0) break;
            const size = Number.parseInt(rest.toString('latin1', 0, line), 16);
            if (rest.length < line + 2 + size + 2) break;
            check(rest.subarray(line + 2, line + 2 + size));
            rest = rest.subarray(line + 2 + size + 2);
            if (size === 0) wire.send(ok(`seen ${seen}`));
          }
        } else {
          check(body);
          if (seen === bigBytes) wire.send(ok(`seen ${seen}`));
        }
      }
    });
    const check = (body: Buffer): void => {
      for (let at = 0; at < body.length; ) {
        const expected = patternFrom(seen, body.length - at);
        assert.ok(expected.equals(body.subarray(at, at + expected.length)), `bytes at ${seen}`);
        at += expected.length;
        seen += expected.length;
      }
    };
    const world = await stand(t, upstream.port, { limits: { max_body: '64MiB' }, waf: { mode: 'off' } });
    const client = await world.client();
    client.send(
      `POST /big HTTP/1.1\r\nHost: localhost\r\n${framing === 'length' ? `Content-Length: ${bigBytes}` : 'Transfer-Encoding: chunked'}\r\n\r\n`,
    );
    let pushed = 0;
    let isStuck = false;
    const pushing = (async () => {
      while (pushed < bigBytes) {
        const piece = patternFrom(pushed, Math.min(bigBytes - pushed, 50_000));
        pushed += piece.length;
        if (framing === 'chunked') client.send(`${piece.length.toString(16)}\r\n`);
        const flows = client.socket.write(piece);
        if (framing === 'chunked') client.send('\r\n');
        if (!flows) {
          isStuck = true;
          await new Promise((resolve) => client.socket.once('drain', resolve));
          isStuck = false;
        }
      }
      if (framing === 'chunked') client.send('0\r\n\r\n');
    })();
    let before = -1;
    await eventually(() => {
      const isSame = isStuck && pushed === before;
      before = pushed;
      return isSame;
    }, 'the client is held back');
    assert.ok(pushed < maxHeldBytes, `the client could push ${pushed} bytes before the upstream read one`);
    resume();
    await pushing;
    const answer = await client.message();
    assert.equal(answer.body.toString(), `seen ${bigBytes}`);
    assert.ok((await world.journey(answer.headers.get('x-request-id')!)).request!.bytes >= bigBytes);
  });

test('a client that pipelines and reads nothing makes the gate hold no more than a few answers', async (t) => {
  const body = 'x'.repeat(60_000);
  let asked = 0;
  const upstream = await answering(t, () => {
    asked++;
    return ok(body);
  });
  const world = await stand(t, upstream.port);
  const client = await world.client();
  client.socket.pause();
  client.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(900));
  let before = -1;
  await eventually(() => {
    const isSame = asked > 0 && asked === before;
    before = asked;
    return isSame;
  }, 'the gate stops asking');
  assert.ok(asked * body.length < maxHeldBytes, `${asked} answers were fetched for a client that reads none`);
  client.socket.resume();
  for (let count = 0; count < 900; count++) assert.equal((await client.message()).body.length, body.length);
  assert.equal(asked, 900);
});
