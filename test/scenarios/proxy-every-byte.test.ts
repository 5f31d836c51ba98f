// An exchange that is broken off at every byte of it, by either side, with an end or a reset, on a fresh connection and on a used one:
// the client gets exactly one whole answer or a clean break, and whoever asks next gets its own answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  eventually,
  type Message,
  ok,
  type ScriptedUpstream,
  type Standing,
  scripted,
  stand,
  type Wire,
} from './world.ts';

const head = 'HTTP/1.1 200 OK\r\n';
const atOnce = 24;
/** A client that ends its side still wants its answer: so the tests know when they have all of it. */
const finishing = { proxy: { client_close: 'finish' } } as const;

/** A request, the answer to it, and where the answer is over for a client that keeps its connection. */
interface Exchange {
  readonly says: string;
  readonly method: string;
  readonly request: string;
  readonly answer: string;
  /** Body of the whole answer. */
  readonly body: string;
  /** Does the answer last as long as the connection? Then its end is its length. */
  readonly isUntilClose?: boolean;
}

const plainRequest = (method: string, rest = '\r\n') => `${method} /TARGET HTTP/1.1\r\nHost: localhost\r\n${rest}`;

const exchanges: readonly Exchange[] = [
  {
    says: 'a length',
    method: 'GET',
    request: plainRequest('GET'),
    answer: `${head}Content-Length: 5\r\n\r\nhello`,
    body: 'hello',
  },
  {
    says: 'chunks and trailers',
    method: 'GET',
    request: plainRequest('GET'),
    answer: `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n`,
    body: 'hello',
  },
  {
    says: 'until the close',
    method: 'GET',
    request: plainRequest('GET'),
    answer: `${head}X: y\r\n\r\nhello`,
    body: 'hello',
    isUntilClose: true,
  },
  {
    says: 'no body',
    method: 'GET',
    request: plainRequest('GET'),
    answer: 'HTTP/1.1 204 No Content\r\nX: y\r\n\r\n',
    body: '',
  },
  { says: 'HEAD', method: 'HEAD', request: plainRequest('HEAD'), answer: `${head}Content-Length: 5\r\n\r\n`, body: '' },
  {
    says: 'an interim answer before it',
    method: 'GET',
    request: plainRequest('GET'),
    answer: `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${head}Content-Length: 5\r\n\r\nhello`,
    body: 'hello',
  },
  {
    says: 'an upload with a length',
    method: 'POST',
    request: plainRequest('POST', 'Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody'),
    answer: `${head}Content-Length: 5\r\n\r\nhello`,
    body: 'hello',
  },
  {
    says: 'an upload in chunks',
    method: 'POST',
    request: plainRequest(
      'POST',
      'Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\nX-Sum: 1\r\n\r\n',
    ),
    answer: `${head}Content-Length: 5\r\n\r\nhello`,
    body: 'hello',
  },
];

type End = 'fin' | 'reset';

const breakOff = (wire: Wire, end: End): void => {
  if (end === 'fin') wire.socket.end();
  else wire.socket.resetAndDestroy();
};

/** Answers `/fine` as it should, and anything else as `break` says. Gives false where the connection is over. */
function upstreamOf(
  t: Parameters<typeof scripted>[0],
  onBroken: (wire: Wire, request: Message) => void,
): Promise<ScriptedUpstream> {
  return scripted(t, async (wire) => {
    for (;;) {
      const request = await wire.message();
      if (!request.first.includes(' /fine ')) {
        onBroken(wire, request);
        return;
      }
      wire.send(ok('fine'));
    }
  });
}

async function assertFine(world: Standing, about: string): Promise<void> {
  const answer = await world.get('/fine');
  assert.deepEqual([answer.status, answer.body.toString()], [200, 'fine'], about);
}

/** Every message that a connection brings until it ends, the last of them perhaps not whole. */
async function messagesOf(client: Wire, method: string): Promise<Message[]> {
  const messages: Message[] = [];
  await client.ended();
  while (client.bytes.length > 0) {
    const message = await client.message(method === 'HEAD').catch(() => null);
    if (message === null) break;
    if (message.status >= 200) messages.push(message);
    if (!message.isWhole) break;
  }
  return messages;
}

/** Runs jobs, a few at once. */
async function all(jobs: readonly (() => Promise<void>)[]): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < jobs.length) await jobs[next++]!();
  };
  await Promise.all(Array.from({ length: atOnce }, run));
}

for (const exchange of exchanges)
  test(`an answer broken off at every byte: ${exchange.says}`, async (t) => {
    const { method, answer, request, body } = exchange;
    const upstream = await upstreamOf(t, (wire, { first }) => {
      const [, at = '', end = ''] = first.split(' ')[1]!.slice(1).split('.');
      wire.send(answer.slice(0, Number(at)));
      breakOff(wire, end as End);
    });
    const world = await stand(t, upstream.port, finishing);
    const jobs: (() => Promise<void>)[] = [];
    for (let at = 0; at <= answer.length; at++)
      for (const end of ['fin', 'reset'] as const)
        for (const isUsed of [false, true])
          jobs.push(async () => {
            const about = `${exchange.says}: ${end} behind byte ${at}, ${isUsed ? 'used' : 'fresh'}`;
            if (isUsed) await assertFine(world, about);
            const client = await world.client();
            client.send(request.replace('TARGET', `broken.${at}.${end}`));
            // A client that ends tells when it has all that there is.
            client.socket.end();
            const messages = await messagesOf(client, method);
            const [only] = messages;
            assert.ok(messages.length <= 1, about);
            if (only?.isWhole && only.status < 300) {
              assert.equal(
                only.body.toString(),
                method === 'HEAD' ? '' : exchange.isUntilClose ? only.body.toString() : body,
                about,
              );
              const bodyFrom = answer.indexOf('hello');
              assert.ok(exchange.isUntilClose ? end === 'fin' && at >= bodyFrom : at === answer.length, about);
            } else if (only !== undefined && only.status >= 500) assert.ok(only.isWhole && only.status === 502, about);
            else assert.ok(at > answer.indexOf('\r\n\r\n') || at >= answer.length, `${about}: ${only?.first}`);
            await assertFine(world, about);
          });
    await all(jobs);
    assert.ok(jobs.length >= 4 * answer.length);
    const { upstreams } = (await world.ask({ ask: 'status' })) as { upstreams: { busy: number }[] };
    assert.equal(upstreams[0]!.busy, 0);
  });

for (const exchange of exchanges.filter(({ says }) => says === 'a length' || says.startsWith('an upload')))
  test(`an upstream that goes at every byte of a request: ${exchange.says}`, async (t) => {
    const { method, request } = exchange;
    // How many bytes the gate makes of it is seen at the first whole one.
    let sentBytes = 0;
    let at = Number.POSITIVE_INFINITY;
    let end: End = 'fin';
    const upstream = await scripted(t, async (wire) => {
      await wire.until(() => (wire.text.includes('\r\n\r\n') ? true : null));
      if (wire.text.startsWith('GET /fine ')) {
        await wire.message();
        wire.send(ok('fine'));
        await wire.until(() => (wire.bytes.length >= Math.min(at, 1) ? true : null));
        if (wire.text.startsWith('GET /fine ')) {
          await wire.message();
          wire.send(ok('fine'));
          wire.socket.end();
          return;
        }
      }
      await wire.until(() => (wire.bytes.length >= Math.min(at, sentBytes || 1) ? true : null));
      if (at === Number.POSITIVE_INFINITY) {
        await wire.until(() => (/body$|\r\n0\r\nX-Sum: 1\r\n\r\n$|^GET[\s\S]*\r\n\r\n$/.test(wire.text) ? true : null));
        sentBytes = wire.bytes.length;
        wire.send(ok('whole'));
        wire.socket.end();
        return;
      }
      breakOff(wire, end);
    });
    const world = await stand(t, upstream.port, finishing);
    const ask = async (): Promise<Message[]> => {
      const client = await world.client();
      client.send(request.replace('TARGET', 'x'));
      client.socket.end();
      return messagesOf(client, method);
    };
    assert.equal((await ask())[0]?.body.toString(), 'whole');
    assert.ok(sentBytes > 200, `${sentBytes} bytes`);
    for (at = 1; at <= sentBytes; at++)
      for (end of ['fin', 'reset'] as const) {
        const about = `${exchange.says}: ${end} behind byte ${at} of ${sentBytes}`;
        const [only, ...more] = await ask();
        assert.deepEqual([only?.status, only?.isWhole, more.length], [502, true, 0], about);
      }
    await assertFine(world, 'afterwards');
  });

for (const exchange of exchanges.filter(({ says }) => says !== 'HEAD'))
  test(`a client that goes at every byte of its request: ${exchange.says}`, async (t) => {
    const { request } = exchange;
    const seen: string[] = [];
    const upstream = await scripted(t, async (wire) => {
      for (;;) {
        const message = await wire.message();
        assert.ok(message.isWhole || message.framing !== 'none');
        if (!message.isWhole) return;
        seen.push(message.first);
        wire.send(message.first.includes(' /fine ') ? ok('fine') : exchange.answer);
        if (exchange.isUntilClose && !message.first.includes(' /fine ')) wire.socket.end();
      }
    });
    const world = await stand(t, upstream.port, finishing);
    const jobs: (() => Promise<void>)[] = [];
    for (let at = 0; at < request.length; at++)
      for (const end of ['fin', 'reset'] as const)
        jobs.push(async () => {
          const about = `${exchange.says}: ${end} behind byte ${at}`;
          const client = await world.client();
          client.socket.write(request.slice(0, at), 'latin1', () => breakOff(client, end));
          await client.ended();
          // Whoever ended in peace within its request is told, and whoever reset it hears nothing.
          assert.ok(
            end === 'reset' || client.text === '' || /^HTTP\/1\.1 4\d\d /.test(client.text),
            `${about}: ${client.text}`,
          );
          await assertFine(world, about);
        });
    await all(jobs);
    assert.ok(
      !seen.some((first) => first.includes('TARGET')),
      'no request that was broken off reached the upstream whole',
    );
    await eventually(async () => {
      const { upstreams } = (await world.ask({ ask: 'status' })) as { upstreams: { busy: number }[] };
      return upstreams[0]!.busy === 0;
    }, 'nothing is left of them');
  });

test('a client that goes at every byte of its answer leaves nothing behind', async (t) => {
  const body = 'x'.repeat(60);
  const upstream = await scripted(t, async (wire) => {
    for (;;) {
      const { first } = await wire.message();
      wire.send(first.includes(' /fine ') ? ok('fine') : ok(body));
    }
  });
  const world = await stand(t, upstream.port, finishing);
  const whole = await world.get('/whole');
  assert.equal(whole.body.toString(), body);
  const jobs: (() => Promise<void>)[] = [];
  for (let at = 1; at < 260; at++)
    for (const end of ['fin', 'reset'] as const)
      jobs.push(async () => {
        const client = await world.client();
        client.send('GET /part HTTP/1.1\r\nHost: localhost\r\n\r\n');
        await client.until(() => (client.bytes.length >= at || client.bytes.includes(body) ? true : null));
        breakOff(client, end);
        await assertFine(world, `${end} behind byte ${at}`);
      });
  await all(jobs);
  await eventually(async () => {
    const status = (await world.ask({ ask: 'status' })) as { upstreams: { busy: number }[]; connections: number };
    return status.upstreams[0]!.busy === 0;
  }, 'nothing is left of them');
});
