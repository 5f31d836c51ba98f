// Upstreams that fail in every way we know: each has its status, its name, an id on the page and a journey; no answer is ever mixed up.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, closedPort, eventually, ok, scripted, stand, type Wire } from './world.ts';

const head = 'HTTP/1.1 200 OK\r\n';

interface Trouble {
  readonly says: string;
  /** What the upstream does after it read a request head. */
  readonly does: (wire: Wire) => unknown;
  readonly status: number;
  readonly why: string;
}

const troubles: readonly Trouble[] = [
  { says: 'closes before it answers', does: (wire) => wire.socket.end(), status: 502, why: 'proxy/reset' },
  { says: 'resets before it answers', does: (wire) => wire.socket.resetAndDestroy(), status: 502, why: 'proxy/reset' },
  {
    says: 'closes within the status line',
    does: (wire) => wire.socket.end('HTTP/1.1 20'),
    status: 502,
    why: 'proxy/reset',
  },
  {
    says: 'closes within the head',
    does: (wire) => wire.socket.end(`${head}Content-Le`),
    status: 502,
    why: 'proxy/reset',
  },
  { says: 'says garbage', does: (wire) => wire.send('SSH-2.0-OpenSSH_9.9\r\n'), status: 502, why: 'proxy/bad-answer' },
  { says: 'says zeros', does: (wire) => wire.send(Buffer.alloc(100)), status: 502, why: 'proxy/bad-answer' },
  {
    says: 'speaks HTTP/2',
    does: (wire) => wire.send(Buffer.from('000012040000000000000300000064000400100000000600002000', 'hex')),
    status: 502,
    why: 'proxy/bad-answer',
  },
  {
    says: 'speaks HTTP/3.0',
    does: (wire) => wire.send('HTTP/3.0 200 OK\r\n\r\n'),
    status: 502,
    why: 'proxy/bad-answer',
  },
  { says: 'has status 99', does: (wire) => wire.send('HTTP/1.1 099 No\r\n\r\n'), status: 502, why: 'proxy/bad-answer' },
  {
    says: 'has status 600',
    does: (wire) => wire.send('HTTP/1.1 600 No\r\n\r\n'),
    status: 502,
    why: 'proxy/bad-answer',
  },
  {
    says: 'sends too many fields',
    does: (wire) => wire.send(`${head}${'X-A: 1\r\n'.repeat(101)}\r\n`),
    status: 502,
    why: 'proxy/bad-answer',
  },
  {
    says: 'sends too long fields',
    does: (wire) => wire.send(`${head}X-A: ${'a'.repeat(40_000)}\r\n\r\n`),
    status: 502,
    why: 'proxy/bad-answer',
  },
  {
    says: 'sends fields without end',
    does: (wire) => wire.send(`${head}X-A: ${'a'.repeat(40_000)}`),
    status: 502,
    why: 'proxy/bad-answer',
  },
  {
    says: 'sends both framings',
    does: (wire) => wire.send(`${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
    status: 502,
    why: 'proxy/bad-answer',
  },
  {
    says: 'sends two lengths',
    does: (wire) => wire.send(`${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`),
    status: 502,
    why: 'proxy/bad-answer',
  },
  {
    says: 'sends a negative length',
    does: (wire) => wire.send(`${head}Content-Length: -5\r\n\r\nhello`),
    status: 502,
    why: 'proxy/bad-answer',
  },
  {
    says: 'sends a coding we do not speak',
    does: (wire) => wire.send(`${head}Transfer-Encoding: gzip\r\n\r\n`),
    status: 502,
    why: 'proxy/bad-answer',
  },
  {
    says: 'folds a field',
    does: (wire) => wire.send(`${head}X-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n`),
    status: 502,
    why: 'proxy/bad-answer',
  },
  {
    says: 'ends lines in LF',
    does: (wire) => wire.send('HTTP/1.1 200 OK\nContent-Length: 0\n\n'),
    status: 502,
    why: 'proxy/bad-answer',
  },
  {
    says: 'switches protocols unasked',
    does: (wire) => wire.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
    status: 502,
    why: 'proxy/bad-answer',
  },
  { says: 'never answers', does: () => {}, status: 504, why: 'proxy/answer-timeout' },
  {
    says: 'never ends its head',
    does: (wire) => wire.send(`${head}X-A: 1\r\n`),
    status: 504,
    why: 'proxy/answer-timeout',
  },
];

test('each trouble has its status, its name, an id and a journey, and the client may go on', async (t) => {
  let current = troubles[0]!;
  const upstream = await scripted(t, async (wire) => {
    await wire.take('\r\n\r\n');
    await current.does(wire);
  });
  const world = await stand(t, upstream.port, { proxy: { answer_timeout: '300ms' } });
  for (current of troubles) {
    const { says, status, why } = current;
    const client = await world.client();
    client.send('GET /trouble HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n');
    const answer = await client.message();
    assert.equal(answer.status, status, says);
    const id = answer.headers.get('x-request-id')!;
    const page = JSON.parse(answer.body.toString()) as { id: string; status: number };
    assert.equal(page.id, id, says);
    assert.equal(page.status, status, says);
    const journey = await world.journey(id);
    assert.equal(journey.verdict.why, why, says);
    assert.equal(journey.verdict.station, 'proxy', says);
    assert.notEqual(journey.verdict.says, '', says);
    assert.equal(journey.response?.status, status, says);
    assert.equal(journey.upstream?.to, `127.0.0.1:${upstream.port}`, says);
    assert.match(journey.upstream?.from ?? '', /^127\.0\.0\.1:\d+$/, says);
    assert.equal(answer.headers.get('connection'), undefined, says);
    client.send('GET /trouble HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.equal((await client.message()).status, status, `${says}: the connection goes on`);
    client.socket.destroy();
  }
  const { upstreams } = (await world.ask({ ask: 'status' })) as {
    upstreams: { idle: number; busy: number; failures: number }[];
  };
  assert.equal(upstreams[0]!.idle + upstreams[0]!.busy, 0);
  assert.equal(upstreams[0]!.failures, troubles.length * 2);
});

test('nobody listens: 502, and a name that does not resolve is 502 and keeps nobody from starting', async (t) => {
  const world = await stand(t, 1, {
    sites: [
      { host: 'refused.test', to: [`127.0.0.1:${await closedPort()}`] },
      { host: 'unresolved.test', to: ['no-such-name.invalid:80'] },
    ],
  });
  for (const [host, why] of [
    ['refused.test', 'proxy/refused'],
    ['unresolved.test', 'proxy/unresolved'],
  ]) {
    const client = await world.client();
    client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const answer = await client.message();
    assert.equal(answer.status, 502, why);
    const journey = await world.journey(answer.headers.get('x-request-id')!);
    assert.equal(journey.verdict.why, why);
    assert.equal(journey.upstream?.from, '', why);
  }
});

const cuts: readonly (readonly [string, string, ((wire: Wire) => unknown)?])[] = [
  ['a length', `${head}Content-Length: 10\r\n\r\nhello`],
  ['chunks', `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`],
  ['a chunk', `${head}Transfer-Encoding: chunked\r\n\r\nff\r\nhello`],
  ['the last chunk', `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n`],
  ['a chunk that is none', `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX`],
  ['the trailers', `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-A: 1\r\n`],
  ['until the close, by a reset', `${head}\r\nhello`, (wire) => wire.socket.resetAndDestroy()],
];

for (const version of ['1.1', '1.0'])
  for (const secure of [false, true])
    test(`an answer cut short is never whole for HTTP/${version}${secure ? ' over TLS' : ''}`, async (t) => {
      let current = cuts[0]!;
      let cut: () => void = () => {};
      const upstream = await scripted(t, async (wire) => {
        await wire.take('\r\n\r\n');
        const [, text, end = (one: Wire) => one.socket.end()] = current;
        cut = () => end(wire);
        wire.send(text);
      });
      const world = await stand(t, upstream.port, { listen: [{ address: '127.0.0.1', port: 0, tls: secure }] });
      for (current of cuts) {
        const [says] = current;
        const client = secure ? await world.secureClient() : await world.client(world.port);
        client.send(`GET / HTTP/${version}\r\nHost: localhost\r\n\r\n`);
        // The client has its part of the answer before the cut comes.
        const headText = await client.take('\r\n\r\n');
        await client.until(() => (client.text.includes('hello') || client.end !== null ? true : null));
        cut();
        const end = await client.ended();
        const isMarked = /Content-Length: 10/i.test(headText) || /chunked/i.test(headText);
        if (isMarked) assert.ok(!client.text.endsWith('0\r\n\r\n') && client.text.length < 20, says);
        // A body that lasts until the close is only told from a whole one by a reset, or by TLS that ends without a word.
        else assert.equal(end, 'reset', says);
        const id = /X-Request-Id: (\S+)/i.exec(headText)![1]!;
        const journey = await world.journey(id);
        assert.equal(journey.verdict.why, 'proxy/cut-short', says);
        assert.equal(journey.response?.status, 200, says);
      }
    });

test('bytes behind an answer never answer the next request', async (t) => {
  const extra = ok('POISON');
  for (const first of [
    ok('first') + extra,
    `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n${extra}`,
    `HTTP/1.1 204 No Content\r\n\r\n${extra}`,
    `HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\nPOISON${extra}`,
  ]) {
    const upstream = await scripted(t, async (wire, number) => {
      await wire.take('\r\n\r\n');
      wire.send(number === 1 ? first : ok('second'));
    });
    const world = await stand(t, upstream.port);
    const client = await world.client();
    client.send('GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /2 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await client.message();
    assert.equal((await client.message()).body.toString(), 'second');
    assert.equal(upstream.wires.length, 2);
  }
});

test('bytes that come while a connection is idle end it', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port);
  assert.equal((await world.get('/')).body.toString(), 'fine');
  upstream.wires[0]!.send(ok('POISON'));
  await upstream.wires[0]!.ended();
  assert.equal((await world.get('/')).body.toString(), 'fine');
  assert.equal(upstream.wires.length, 2);
});

for (const method of ['GET', 'POST'])
  test(`bytes that came before a ${method} was sent do not answer it, though they are read behind it`, async (t) => {
    const upstream = await answering(t, ({ first }) => ok(first.split(' ')[0]!));
    const world = await stand(t, upstream.port);
    const client = await world.client();
    const ask = `${method} / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`;
    client.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.equal((await client.message()).body.toString(), 'GET');
    for (let round = 0; round < 20; round++) {
      // Both are there when the gate looks next, the request first: it goes out on a connection that has bytes waiting.
      client.send(ask);
      upstream.wires.at(-1)!.send(ok('POISON'));
      const answer = await client.message();
      assert.notEqual(answer.body.toString(), 'POISON', `round ${round}`);
      // Sent again where that is safe, as long as the budget of retries lasts.
      assert.equal(answer.status, method === 'GET' && round === 0 ? 200 : answer.status === 200 ? 200 : 502);
      // A fresh connection stands in the pool for the next round.
      assert.equal((await world.get('/')).status, 200);
    }
  });

test('an early answer to an upload that is not done reaches the client, and neither connection is used again', async (t) => {
  const upstream = await scripted(t, async (wire) => {
    await wire.take('\r\n\r\n');
    wire.send(`HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope`);
  });
  const world = await stand(t, upstream.port, { waf: { mode: 'off' } });
  const client = await world.client();
  client.send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nbegin');
  const answer = await client.message();
  assert.equal(answer.status, 403);
  assert.equal(answer.body.toString(), 'nope');
  assert.equal(answer.headers.get('connection'), 'close');
  client.send('GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n');
  assert.equal(await client.ended(), 'fin');
  assert.equal(client.text, '');
  assert.equal(await upstream.wires[0]!.ended(), 'fin');
  assert.ok(!upstream.wires[0]!.text.includes('smuggled'));
});

test('an upstream that answers before it has taken the body: the client goes on', async (t) => {
  const upstream = await scripted(t, async (wire) => {
    wire.socket.pause();
    wire.send(ok('early'));
  });
  const world = await stand(t, upstream.port, { waf: { mode: 'off' } });
  const client = await world.client();
  // More than the kernel takes on both sides of the upstream's socket, so that the last of it waits in the gate.
  const body = Buffer.alloc(9 * 1024 * 1024, 0x61);
  client.send(`POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n`);
  client.send(body);
  const answer = await client.message();
  assert.equal(answer.body.toString(), 'early');
});

test('slow uploads are not the fault of an upstream that waits for them', async (t) => {
  const upstream = await scripted(t, async (wire) => {
    await wire.take('last');
    wire.send(ok('taken'));
  });
  const world = await stand(t, upstream.port, { proxy: { answer_timeout: '100ms' }, waf: { mode: 'off' } });
  const client = await world.client();
  client.send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nfirst');
  await eventually(() => upstream.wires[0]?.text.includes('first') ?? false, 'the first part has come');
  // Longer than the deadline and the clock of deadlines (500 ms) together: the deadline passes meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 1300));
  client.send('last');
  assert.equal((await client.message()).body.toString(), 'taken');
});

test('a download that takes longer than the answer may take to begin is let through', async (t) => {
  const upstream = await scripted(t, async (wire) => {
    await wire.take('\r\n\r\n');
    wire.send(`${head}Content-Length: 12\r\n\r\n`);
    for (let index = 0; index < 12; index++) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      wire.send('x');
    }
  });
  const world = await stand(t, upstream.port, { proxy: { answer_timeout: '600ms' } });
  const answer = await world.get('/');
  assert.ok(answer.isWhole);
  assert.equal(answer.body.length, 12);
});

for (const [method, body, isRetried] of [
  ['GET', '', true],
  ['HEAD', '', true],
  ['PUT', 'x', true],
  ['DELETE', '', true],
  ['POST', 'x', false],
  ['PATCH', 'x', false],
] as const)
  test(`a connection that dies at the moment of its reuse: ${method} is ${isRetried ? '' : 'not '}sent again`, async (t) => {
    let asked = 0;
    const upstream = await scripted(t, async (wire, number) => {
      await wire.take('\r\n\r\n');
      asked++;
      wire.send(ok('first'));
      if (number > 1) return;
      await wire.take('\r\n\r\n');
      asked++;
      // Dies under a request that it has read: only the method tells whether it may be sent again.
      wire.socket.resetAndDestroy();
    });
    const world = await stand(t, upstream.port);
    assert.equal((await world.get('/')).status, 200);
    const client = await world.client();
    client.send(
      `${method} / HTTP/1.1\r\nHost: localhost\r\n${body === '' ? '' : `Content-Length: ${body.length}\r\n`}\r\n${body}`,
    );
    const answer = await client.message(method === 'HEAD');
    assert.equal(answer.status, isRetried ? 200 : 502);
    assert.equal(asked, isRetried ? 3 : 2);
  });

test('a request is sent again once only, and never when one byte was answered', async (t) => {
  for (const dying of ['', 'HTTP/1.1 2']) {
    let asked = 0;
    const upstream = await scripted(t, async (wire, number) => {
      await wire.take('\r\n\r\n');
      asked++;
      if (number === 1) {
        wire.send(ok('first'));
        await wire.take('\r\n\r\n');
        asked++;
      }
      wire.socket.end(dying);
    });
    const world = await stand(t, upstream.port);
    assert.equal((await world.get('/')).status, 200);
    assert.equal((await world.get('/')).status, 502);
    assert.equal(asked, dying === '' ? 3 : 2);
  }
});

test('where one of two upstreams is down every request reaches the other, bodies that stream among them', async (t) => {
  const upstream = await scripted(t, async (wire) => {
    for (;;) {
      const request = await wire.message();
      wire.send(ok(`${request.first.split(' ')[0]} ${request.body.length}`));
    }
  });
  const world = await stand(t, [await closedPort(), upstream.port], { waf: { mode: 'off' } });
  for (let index = 0; index < 4; index++) assert.equal((await world.get('/')).status, 200);
  for (let index = 0; index < 4; index++) {
    const client = await world.client();
    client.send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\n\r\n');
    client.send(Buffer.alloc(300_000, 0x61));
    assert.equal((await client.message()).body.toString(), 'POST 300000');
  }
  for (let index = 0; index < 4; index++) {
    const client = await world.client();
    client.send('POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    client.send('0\r\n\r\n');
    assert.equal((await client.message()).body.toString(), 'POST 3');
  }
  const { upstreams } = (await world.ask({ ask: 'status' })) as { upstreams: { failures: number; opened: number }[] };
  assert.equal(upstreams[0]!.failures, 5, 'after five in a row it is out for a while');
});

test('a body in 20,000 chunks of one byte arrives whole', async (t) => {
  const upstream = await scripted(t, async (wire) => {
    const request = await wire.message();
    wire.send(ok(request.body.toString()));
  });
  for (const mode of ['block', 'off'] as const) {
    const world = await stand(t, upstream.port, { waf: { mode } });
    const client = await world.client();
    client.send(
      `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(20_000)}0\r\n\r\n`,
    );
    assert.equal((await client.message()).body.toString(), 'a'.repeat(20_000));
  }
});
