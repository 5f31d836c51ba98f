// The server's end of TLS without a stream of Node, against clients of Node.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect as connectPlain, createServer, type Server, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { type ConnectionOptions, connect, createSecureContext, type TLSSocket } from 'node:tls';
import { keyPem, newKey, writeLeaf } from './certificate-writer.ts';
import { Handles, nativeTls, nodesBinding, protocolBytes } from './native-tls.ts';
import { SecureStream, type StreamTools } from './secure-stream.ts';

const key = newKey();
const dayMs = 86_400_000;
const times = { notBefore: Date.now() - dayMs, notAfter: Date.now() + dayMs };
const statement = { commonName: 'Test', ...times };
const cert = writeLeaf(statement, ['stream.test'], key, { commonName: 'Test', key: newKey() });
const { context } = createSecureContext({ cert, key: keyPem(key) });
const tools: StreamTools = {
  native: nativeTls(nodesBinding)!,
  handles: new Handles(),
  buffer: Buffer.allocUnsafeSlow(16_384),
};
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

interface Pair {
  readonly stream: SecureStream;
  readonly client: TLSSocket;
  /** The socket beneath the client's TLS. */
  readonly beneath: Socket;
  /** What the stream read, as text. */
  read(): string;
  /** Names of the stream's events, in their order. */
  readonly events: string[];
}

/** Accepts one connection; `began` is called with its stream before anything is read. */
async function listen(began: (stream: SecureStream) => void, told: (outcome: Error | null) => void): Promise<number> {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const owner = { onDone: () => told(null), onError: told };
    began(new SecureStream(tools.handles.detach(socket)!, context, protocolBytes(['h2', 'http/1.1']), owner, tools));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A stream and its client, both through with the handshake. */
async function pair(options: ConnectionOptions = {}): Promise<Pair> {
  const ready = Promise.withResolvers<SecureStream>();
  const events: string[] = [];
  let text = '';
  let stream: SecureStream | null = null;
  const port = await listen(
    (began) => {
      stream = began;
      for (const event of ['end', 'drain', 'close'] as const) began.on(event, () => events.push(event));
      began.on('error', (error: NodeJS.ErrnoException) => events.push(`error ${error.code}`));
      began.readTo((bytes, count) => {
        text += bytes.toString('latin1', 0, count);
      });
    },
    (error) => (error === null ? ready.resolve(stream!) : ready.reject(error)),
  );
  const half = { allowHalfOpen: true };
  const beneath = connectPlain({ port, host: '127.0.0.1', ...half });
  const client = connect({ socket: beneath, rejectUnauthorized: false, ...half, ...options });
  for (const socket of [beneath, client]) socket.on('error', () => undefined);
  await once(client, 'secureConnect');
  return { stream: await ready.promise, client, beneath, events, read: () => text };
}

async function everything(socket: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  await once(socket, 'end');
  return Buffer.concat(pieces);
}

/** Not `once`, which takes an error for the end of its wait. */
const closing = (stream: SecureStream) => new Promise<void>((resolve) => stream.on('close', resolve));

for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
  test(`${version}: what was agreed, and a word each way`, async () => {
    const { stream, client, read } = await pair({ maxVersion: version, ALPNProtocols: ['http/1.1'] });
    const { cipher, ...agreed } = stream.agreed;
    assert.deepEqual(agreed, { version, alpn: 'http/1.1', resumed: false });
    assert.match(cipher, /^TLS_/);
    client.write('to the server');
    stream.write('to the client', 'latin1');
    const [got] = (await once(client, 'data')) as [Buffer];
    assert.equal(got.toString(), 'to the client');
    stream.end();
    client.end();
    await closing(stream);
    assert.equal(read(), 'to the server');
  });

test('text is latin1, and pieces arrive whole and in order however they were written', async () => {
  const { stream, client } = await pair();
  const received = everything(client);
  const done: number[] = [];
  const sent: Buffer[] = [];
  const take = (number: number, size: number): void => {
    const bytes = Buffer.alloc(size, number);
    sent.push(bytes);
    if (number % 2 === 0) stream.write(bytes.toString('latin1'), 'latin1');
    else stream.write(bytes, () => done.push(number));
  };
  for (let number = 0; number < 20; number++) take(number + 200, number * 997);
  stream.cork();
  for (let number = 20; number < 30; number++) take(number + 200, 10);
  stream.uncork();
  stream.end('the end');
  stream.write('nothing is written behind it', 'latin1');
  assert.deepEqual(await received, Buffer.concat([...sent, Buffer.from('the end')]));
  assert.deepEqual(
    done,
    Array.from({ length: 15 }, (_, index) => 201 + 2 * index),
  );
  assert.equal(stream.writableLength, 0);
  client.end();
  await closing(stream);
});

test('a corked stream sends nothing, and what was corked goes out together', async () => {
  const { stream, client } = await pair();
  stream.cork();
  stream.write('one ', 'latin1');
  stream.write(Buffer.from('two '));
  assert.equal(stream.writableLength, 8);
  stream.uncork();
  const [got] = (await once(client, 'data')) as [Buffer];
  assert.equal(got.toString(), 'one two ');
  client.destroy();
  stream.destroy();
  await closing(stream);
});

test('a client that does not read makes writes wait, and is told of by drain once it does', async () => {
  const { stream, client, events } = await pair();
  const piece = Buffer.alloc(60_000, 'x');
  let written = 0;
  for (let flows = true; flows && written < 2000 * piece.length; written += piece.length) flows = stream.write(piece);
  assert.ok(written < 2000 * piece.length, 'the kernel does not hold 120 MB');
  assert.ok(stream.writableLength > 65_536);
  const drained = once(stream, 'drain');
  const received = everything(client);
  await drained;
  assert.equal(stream.writableLength, 0);
  stream.end();
  assert.equal((await received).length, written);
  client.end();
  await closing(stream);
  assert.ok(events.includes('drain'));
});

test('one side may end before the other', async () => {
  const { stream, client, events, read } = await pair();
  const received = everything(client);
  client.end('my last word');
  await once(stream, 'end');
  assert.equal(read(), 'my last word');
  assert.equal(stream.destroyed, false);
  const closed = closing(stream);
  stream.end('and mine');
  assert.equal((await received).toString(), 'and mine');
  await closed;
  assert.deepEqual(events, ['end', 'close']);
});

test('a stream that is destroyed soon sends what was written first', async () => {
  const { stream, client, events } = await pair();
  const received = everything(client);
  stream.write(Buffer.alloc(300_000, 'y'));
  stream.write('!', 'latin1');
  const closed = closing(stream);
  stream.destroySoon();
  assert.equal((await received).length, 300_001);
  await closed;
  assert.deepEqual(events, ['close']);
});

test('bytes that were not sent are given back when it is destroyed, each once', async () => {
  const { stream, client } = await pair();
  client.pause();
  let given = 0;
  for (let number = 0; number < 400; number++) stream.write(Buffer.alloc(50_000), () => given++);
  stream.destroy();
  stream.write(Buffer.alloc(10), () => given++);
  await closing(stream);
  assert.equal(given, 401);
  assert.equal(stream.writableLength, 0);
  client.destroy();
});

test('a reset is heard as one', async () => {
  const { stream, client } = await pair();
  const failed = Promise.withResolvers<NodeJS.ErrnoException>();
  client.on('error', failed.resolve);
  stream.resetAndDestroy();
  stream.resetAndDestroy();
  await closing(stream);
  assert.equal((await failed.promise).code, 'ECONNRESET');
});

test('a client that goes with unread bytes, which is a reset, is an error with its code', async () => {
  const { stream, client, events } = await pair();
  client.pause();
  while (stream.write(Buffer.alloc(60_000)));
  client.destroy();
  await closing(stream);
  assert.match(events.join(), /^(end,)?error (ECONNRESET|EPIPE),close$/);
});

test('bytes that are no TLS after the handshake end it', async () => {
  const { stream, beneath, events } = await pair();
  const closed = closing(stream);
  // As an attacker in between would.
  beneath.write(Buffer.from([23, 3, 3, 0, 32, ...Buffer.alloc(32)]));
  await closed;
  assert.deepEqual(events, ['error ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'close']);
  assert.equal(stream.destroyed, true);
});

test('what is wrong with a handshake is told once, with the code of Node', async () => {
  const attempts: [string, (port: number) => void, RegExp][] = [
    ['another protocol', (port) => connectPlain(port, '127.0.0.1').end('SSH-2.0-x\r\n'), /^ERR_SSL_/],
    ['an end', (port) => connectPlain(port, '127.0.0.1').end(), /^ECONNRESET$/],
    [
      'no common protocol',
      (port) => connect({ port, host: '127.0.0.1', ALPNProtocols: ['x'] }).on('error', () => undefined),
      /^ERR_SSL_NO_APPLICATION_PROTOCOL$/,
    ],
  ];
  for (const [name, attempt, code] of attempts) {
    const outcomes: (NodeJS.ErrnoException | null)[] = [];
    let stream: SecureStream | null = null;
    const closed = Promise.withResolvers<void>();
    const port = await listen(
      (one) => {
        stream = one;
        one.on('close', closed.resolve);
      },
      (outcome) => outcomes.push(outcome),
    );
    attempt(port);
    await closed.promise;
    assert.equal(outcomes.length, 1, name);
    assert.match(outcomes[0]?.code ?? '', code, name);
    assert.equal(stream!.destroyed, true, name);
  }
});

test('a paused stream leaves the bytes of its client in the kernel', async () => {
  const { stream, client, read } = await pair();
  stream.pause();
  stream.pause();
  assert.equal(stream.isPaused(), true);
  client.write(Buffer.alloc(40_000_000));
  // The kernel does not hold so much, and whoever writes waits; a word the other way shows that time has passed.
  stream.write('here', 'latin1');
  await once(client, 'data');
  assert.ok(read().length < 10_000_000);
  stream.resume();
  await once(client, 'drain');
  client.end();
  await once(stream, 'end');
  assert.equal(read().length, 40_000_000);
  stream.end();
  await closing(stream);
});

test('after its end nothing that is asked of it does harm', async () => {
  const { stream, client, events } = await pair();
  stream.setKeepAlive(true, 60_000);
  stream.destroy();
  stream.destroy();
  for (const call of ['pause', 'resume', 'cork', 'uncork', 'end', 'destroySoon'] as const) stream[call]();
  stream.setKeepAlive(true, 60_000);
  await closing(stream);
  client.destroy();
  assert.deepEqual(events, ['close']);
});

test('a Node that is not as it is known has nothing', () => {
  assert.equal(
    nativeTls(() => {
      throw new Error('No such module');
    }),
    null,
  );
  assert.equal(
    nativeTls(() => ({})),
    null,
  );
  // Node 24 has all but this one, and aborts where a write has no request object.
  assert.equal(
    nativeTls((name) => ({ ...nodesBinding(name), kLastWriteErr: undefined })),
    null,
  );
});
