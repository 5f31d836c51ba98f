// gRPC from end to end with the WAF on: a client and a server of @grpc/grpc-js, and the gate between them; all four kinds of call,
// trailers, deadlines and cancellation; over TLS and in the clear.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import grpc, { type ServiceDefinition } from '@grpc/grpc-js';
import type { Configuration } from '../../src/config/config.ts';
import { ask, data, Http2Wire, headers, hello, type Pairs } from '../http2-wire.ts';
import { eventually, type Standing, stand } from './world.ts';

const plain = { requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs };

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

/** A service without a compiler: messages are bytes. */
const service = {
  One: { path: '/echo.Echo/One', requestStream: false, responseStream: false, ...plain },
  Many: { path: '/echo.Echo/Many', requestStream: false, responseStream: true, ...plain },
  Sum: { path: '/echo.Echo/Sum', requestStream: true, responseStream: false, ...plain },
  Talk: { path: '/echo.Echo/Talk', requestStream: true, responseStream: true, ...plain },
  Wait: { path: '/echo.Echo/Wait', requestStream: false, responseStream: false, ...plain },
  Fail: { path: '/echo.Echo/Fail', requestStream: false, responseStream: false, ...plain },
} satisfies ServiceDefinition;

/** What the server saw of calls that ended before their time. */
const cancelled: string[] = [];

const methods: grpc.UntypedServiceImplementation = {
  One(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
    const trailers = new grpc.Metadata();
    trailers.set('x-seen', String(call.metadata.get('x-sent')[0] ?? ''));
    done(null, call.request, trailers);
  },
  Many(call: grpc.ServerWritableStream<Buffer, Buffer>) {
    for (let count = 0; count < 100; count++) call.write(Buffer.from(`${call.request} ${count}`));
    call.end();
  },
  Sum(call: grpc.ServerReadableStream<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
    let bytes = 0;
    call.on('data', (piece: Buffer) => {
      bytes += piece.length;
    });
    call.on('end', () => done(null, Buffer.from(String(bytes))));
  },
  Talk(call: grpc.ServerDuplexStream<Buffer, Buffer>) {
    call.write(Buffer.from('who is there?'));
    call.on('data', (piece: Buffer) => call.write(Buffer.from(`${piece}!`)));
    call.on('end', () => call.end());
    call.on('cancelled', () => cancelled.push('Talk'));
  },
  Wait(call: grpc.ServerUnaryCall<Buffer, Buffer>) {
    call.on('cancelled', () => cancelled.push(`Wait ${call.request}`));
  },
  Fail(_call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
    done({ code: grpc.status.NOT_FOUND, details: 'nothing by that näme' });
  },
};

/** A gate before a gRPC server, and how to call it. */
async function world(
  t: TestContext,
  words: Parameters<typeof stand>[2] = {},
  limits: Partial<NonNullable<Configuration['sites']>[number]> = {},
) {
  const server = new grpc.Server();
  server.addService(service, methods);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  t.after(() => server.forceShutdown());
  const gate = await stand(t, port, {
    listen: [
      { address: '127.0.0.1', port: 0 },
      { address: '127.0.0.1', port: 0, tls: true },
    ],
    sites: [{ host: '*', to: [`h2c://127.0.0.1:${port}`], ...limits }],
    ...words,
  });
  return { gate, server };
}

type Client = grpc.Client & {
  One(
    request: Buffer,
    metadata: grpc.Metadata,
    done: (error: grpc.ServiceError | null, answer: Buffer) => void,
  ): grpc.ClientUnaryCall;
  Many(request: Buffer): grpc.ClientReadableStream<Buffer>;
  Sum(done: (error: grpc.ServiceError | null, answer: Buffer) => void): grpc.ClientWritableStream<Buffer>;
  Talk(): grpc.ClientDuplexStream<Buffer, Buffer>;
  Wait(
    request: Buffer,
    options: grpc.CallOptions,
    done: (error: grpc.ServiceError | null) => void,
  ): grpc.ClientUnaryCall;
  Fail(request: Buffer, done: (error: grpc.ServiceError | null) => void): grpc.ClientUnaryCall;
};

function callerOf(t: TestContext, gate: Standing, secure: boolean): Client {
  const Caller = grpc.makeGenericClientConstructor(service, 'Echo');
  const client = secure
    ? new Caller(`localhost:${gate.tlsPort}`, grpc.credentials.createSsl(readFileSync(gate.gate.caCertificatePath!)))
    : new Caller(`127.0.0.1:${gate.port}`, grpc.credentials.createInsecure());
  t.after(() => client.close());
  return client as unknown as Client;
}

for (const secure of [true, false])
  test(`all four kinds of call ${secure ? 'over TLS' : 'in the clear'}`, async (t) => {
    const { gate } = await world(t);
    const client = callerOf(t, gate, secure);

    const metadata = new grpc.Metadata();
    metadata.set('x-sent', 'by me');
    const sent = Buffer.alloc(1_000_000, 'gRPC');
    const one = await new Promise<{ answer: Buffer; seen: unknown }>((resolve, reject) => {
      let answer: Buffer;
      const call = client.One(sent, metadata, (error, bytes) => {
        if (error === null) answer = bytes;
        else reject(error);
      });
      call.on('status', (status) => resolve({ answer, seen: status.metadata.get('x-seen')[0] }));
    });
    assert.ok(one.answer.equals(sent));
    assert.equal(one.seen, 'by me', 'metadata goes there, trailers come back');

    const many: string[] = [];
    for await (const piece of client.Many(Buffer.from('no'))) many.push(String(piece));
    assert.deepEqual([many.length, many[0], many[99]], [100, 'no 0', 'no 99']);

    const sum = await new Promise<string>((resolve, reject) => {
      const call = client.Sum((error, answer) => (error === null ? resolve(String(answer)) : reject(error)));
      for (let count = 0; count < 50; count++) call.write(Buffer.alloc(10_000));
      call.end();
    });
    assert.equal(sum, '500000');

    const talk = client.Talk();
    const said = talk[Symbol.asyncIterator]();
    const next = async (): Promise<string> => String((await said.next()).value);
    assert.equal(await next(), 'who is there?', 'the server may speak first');
    for (const word of ['a', 'bb', 'ccc']) {
      talk.write(Buffer.from(word));
      assert.equal(await next(), `${word}!`, 'each message waits for the answer to the last');
    }
    talk.end();
    assert.equal((await said.next()).done, true);
  });

test('a status other than OK comes with its words, and a method that is not there is UNIMPLEMENTED', async (t) => {
  const { gate } = await world(t);
  const client = callerOf(t, gate, true);
  const failed = await new Promise<grpc.ServiceError | null>((resolve) => client.Fail(Buffer.from('x'), resolve));
  assert.deepEqual([failed?.code, failed?.details], [grpc.status.NOT_FOUND, 'nothing by that näme']);
  const missing = await new Promise<grpc.ServiceError | null>((resolve) =>
    client.makeUnaryRequest('/echo.Echo/None', asIs, asIs, Buffer.from('x'), resolve),
  );
  assert.equal(missing?.code, grpc.status.UNIMPLEMENTED);
});

test('deadlines and cancellation reach the server', async (t) => {
  cancelled.length = 0;
  const { gate } = await world(t);
  const client = callerOf(t, gate, true);
  const late = await new Promise<grpc.ServiceError | null>((resolve) =>
    client.Wait(Buffer.from('late'), { deadline: Date.now() + 300 }, resolve),
  );
  assert.equal(late?.code, grpc.status.DEADLINE_EXCEEDED);
  await eventually(() => cancelled.includes('Wait late'), 'the server hears that the deadline has passed');
  const talk = client.Talk();
  const ended = once(talk, 'error');
  await once(talk, 'data');
  talk.cancel();
  assert.equal((await ended)[0].code, grpc.status.CANCELLED);
  await eventually(() => cancelled.includes('Talk'), 'the server hears of the cancellation');
});

test('the WAF judges metadata; a server that is gone is UNAVAILABLE', async (t) => {
  const { gate, server } = await world(t);
  const client = callerOf(t, gate, true);
  const metadata = new grpc.Metadata();
  metadata.set('x-name', "1' OR 1=1;DROP TABLE users;--");
  const attack = await new Promise<grpc.ServiceError | null>((resolve) =>
    client.One(Buffer.from('x'), metadata, resolve),
  );
  assert.equal(attack?.code, grpc.status.PERMISSION_DENIED);
  server.forceShutdown();
  const gone = await new Promise<grpc.ServiceError | null>((resolve) =>
    client.One(Buffer.from('x'), new grpc.Metadata(), resolve),
  );
  assert.equal(gone?.code, grpc.status.UNAVAILABLE);
});

/** What a client is told: the status, the words without their id, and the pushback. */
function toldOf(error: grpc.ServiceError | null): unknown[] {
  const pushback = error?.metadata.get('grpc-retry-pushback-ms')[0];
  return [error?.code, error?.details.replace(/ \(\w+\)$/, ''), ...(pushback === undefined ? [] : [pushback])];
}

test('whoever refuses, the client of a call hears it in the words of gRPC', async (t) => {
  const { gate, server } = await world(
    t,
    {
      waf: { mode: 'block' },
      // biome-ignore lint/suspicious/noThenProperty: the file's word; no setting is ever awaited.
      rates: [{ path: '/echo.Echo/Fail', limit: '1 per 1m', by: 'client', then: 429 }],
    },
    { host: 'localhost' },
  );
  const client = callerOf(t, gate, true);
  const ask = (words: string) =>
    new Promise<grpc.ServiceError | null>((resolve) => {
      const metadata = new grpc.Metadata();
      metadata.set('x-name', words);
      client.One(Buffer.from('x'), metadata, resolve);
    });
  const fail = () => new Promise<grpc.ServiceError | null>((resolve) => client.Fail(Buffer.from('x'), resolve));
  const { PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAVAILABLE, UNIMPLEMENTED } = grpc.status;

  assert.deepEqual(toldOf(await ask("1' OR 1=1;DROP TABLE users;--")), [
    PERMISSION_DENIED,
    'This request looked like an attack and was stopped before it reached the site.',
  ]);
  await fail();
  const [code, words, pushback] = toldOf(await fail());
  assert.deepEqual([code, words], [RESOURCE_EXHAUSTED, 'Too many requests in a short time. Please wait a moment.']);
  assert.ok(Number(pushback) > 0 && Number(pushback) <= 61_000, `a time to wait: ${pushback}`);
  const elsewhere = callerOf(t, gate, false);
  const lost = await new Promise<grpc.ServiceError | null>((resolve) =>
    elsewhere.One(Buffer.from('x'), new grpc.Metadata(), resolve),
  );
  assert.deepEqual(toldOf(lost), [UNIMPLEMENTED, 'There is no site here by that name.']);

  // What has begun is ended by trailers, whoever breaks it off.
  const talk = client.Talk();
  const broken = once(talk, 'error');
  await once(talk, 'data');
  server.forceShutdown();
  assert.equal((await broken)[0].code, UNAVAILABLE);
  assert.match((await broken)[0].details, /^The application behind this gate gave no usable answer\. \(/);
  assert.deepEqual(toldOf(await ask('x')).slice(0, 2), [
    UNAVAILABLE,
    'The application behind this gate gave no usable answer.',
  ]);

  // What only looks like it, on another version of HTTP, is answered as HTTP.
  const http1 = await gate.client();
  http1.send('POST /echo.Echo/One HTTP/1.1\r\nHost: x\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n');
  assert.equal((await http1.message()).status, 404);
});

test('what an application answers is bounded, too: the messages before the one that is too much arrive', async (t) => {
  const paths = [
    { path: '/echo.Echo/Many', max_grpc_answer_messages: 40 },
    { path: '/echo.Echo/Talk', max_grpc_answer_message: '20B' },
  ];
  const { gate } = await world(t, { limits: { max_grpc_answer_message: '4KiB' } }, { paths });
  const client = callerOf(t, gate, true);
  const one = (length: number) =>
    new Promise<grpc.ServiceError | number>((resolve) =>
      client.One(Buffer.alloc(length), new grpc.Metadata(), (error, answer) => resolve(error ?? answer.length)),
    );
  assert.equal(await one(4096), 4096);
  const { code, details } = (await one(4097)) as grpc.ServiceError;
  assert.deepEqual(
    [code, details],
    [grpc.status.RESOURCE_EXHAUSTED, 'a message of 4097 bytes, where 4096 are allowed'],
  );

  const many = client.Many(Buffer.from('no'));
  const heard: string[] = [];
  many.on('data', (piece: Buffer) => heard.push(String(piece)));
  const [tooMany] = await once(many, 'error');
  assert.deepEqual([heard.length, heard.at(-1), tooMany.code], [40, 'no 39', grpc.status.RESOURCE_EXHAUSTED]);

  cancelled.length = 0;
  const talk = client.Talk();
  const tooLong = once(talk, 'error');
  await once(talk, 'data');
  talk.write(Buffer.alloc(20));
  assert.equal((await tooLong)[0].code, grpc.status.RESOURCE_EXHAUSTED);
  await eventually(() => cancelled.includes('Talk'), 'the server hears that the call is over');
  client.close();
  const told = (await gate.stopAndReadJournal()).map(({ verdict }) => verdict.why);
  assert.deepEqual(told.filter((why) => why !== '').sort(), [
    'http/grpc-answer-too-long',
    'http/grpc-answer-too-long',
    'http/too-many-grpc-answers',
  ]);
});

test('a hundred calls at once share one connection to the server', async (t) => {
  const { gate } = await world(t);
  const client = callerOf(t, gate, true);
  const answers = await Promise.all(
    Array.from(
      { length: 90 },
      (_, index) =>
        new Promise<string>((resolve, reject) =>
          client.One(Buffer.from(String(index)), new grpc.Metadata(), (error, answer) =>
            error === null ? resolve(String(answer)) : reject(error),
          ),
        ),
    ),
  );
  assert.deepEqual(answers.map(Number), [...answers.keys()]);
  const status = (await gate.ask({ ask: 'status' })) as { upstreams?: { opened: number }[] };
  if (status.upstreams !== undefined) assert.equal(status.upstreams[0]?.opened, 1);
});

test('a body that says it is gRPC and is not goes no further', async (t) => {
  const { gate } = await world(t);
  const wire = new Http2Wire(await gate.client());
  wire.send(hello);
  const fields: Pairs = [...ask('/echo.Echo/One', 'POST'), ['content-type', 'application/grpc'], ['te', 'trailers']];
  wire.send(headers(1, fields, false), data(1, 'id=1'), data(1, ' OR 1=1', true));
  assert.equal((await wire.answer(1)).status, 400);
  wire.send(headers(3, fields, false), data(3, '\0\0\0', true));
  assert.equal((await wire.answer(3)).status, 400);
  // Byte by byte is no reason to be held up.
  wire.send(headers(5, fields, false));
  for (const byte of '\0\0\0\0\x02hi') wire.send(data(5, byte));
  wire.send(data(5, '', true));
  const answer = await wire.answer(5);
  assert.deepEqual([answer.status, answer.body.slice(5), answer.trailers.get('grpc-status')], [200, 'hi', '0']);
  wire.wire.socket.destroy();
  const told = (await gate.stopAndReadJournal()).map(({ verdict }) => verdict.why);
  assert.equal(told.filter((why) => why === 'http/not-grpc').length, 2);
});

test('messages that are too long or too many end the call with RESOURCE_EXHAUSTED, and no byte of them reaches the server', async (t) => {
  const paths = [
    { path: '/echo.Echo/Sum', max_grpc_messages: 3, max_body: '10KiB' },
    { path: '/echo.Echo/Talk', max_grpc_message: '2B' },
  ];
  const { gate } = await world(t, { limits: { max_grpc_message: '4KiB' } }, { paths });
  const client = callerOf(t, gate, true);
  const one = (length: number) =>
    new Promise<grpc.ServiceError | number>((resolve) =>
      client.One(Buffer.alloc(length), new grpc.Metadata(), (error, answer) => resolve(error ?? answer.length)),
    );
  const sum = (...lengths: number[]) =>
    new Promise<grpc.ServiceError | string>((resolve) => {
      const call = client.Sum((error, answer) => resolve(error ?? String(answer)));
      for (const length of lengths) call.write(Buffer.alloc(length));
      call.end();
    });
  const detailsOf = (error: unknown): unknown => {
    const { code, details } = error as grpc.ServiceError;
    return [code, details];
  };
  const { RESOURCE_EXHAUSTED } = grpc.status;

  assert.equal(await one(4096), 4096);
  assert.deepEqual(detailsOf(await one(4097)), [RESOURCE_EXHAUSTED, 'a message of 4097 bytes, where 4096 are allowed']);
  // Much more than a window is on its way, and the client still hears why.
  assert.deepEqual(detailsOf(await one(2_000_000)), [
    RESOURCE_EXHAUSTED,
    'a message of 2000000 bytes, where 4096 are allowed',
  ]);
  assert.equal(await sum(1, 2, 3), '6');
  assert.deepEqual(detailsOf(await sum(1, 2, 3, 4)), [
    RESOURCE_EXHAUSTED,
    'more than the 3 messages that a call may have',
  ]);
  assert.deepEqual(detailsOf(await sum(4000, 4000, 4000)), [
    RESOURCE_EXHAUSTED,
    'the body is longer than the 10240 bytes that may be sent there',
  ]);

  // An answer that has begun is ended by trailers.
  cancelled.length = 0;
  const talk = client.Talk();
  const heard: string[] = [];
  talk.on('data', (piece: Buffer) => heard.push(String(piece)));
  const ended = once(talk, 'error');
  talk.write(Buffer.from('a'));
  await eventually(() => heard.length === 2, 'it is answered');
  talk.write(Buffer.from('ccc'));
  assert.deepEqual(detailsOf((await ended)[0]), [RESOURCE_EXHAUSTED, 'a message of 3 bytes, where 2 are allowed']);
  assert.deepEqual(heard, ['who is there?', 'a!']);
  await eventually(() => cancelled.includes('Talk'), 'the server hears that the call is over');

  client.close();
  const told = (await gate.stopAndReadJournal()).map(({ verdict }) => verdict.why);
  assert.deepEqual(told.filter((why) => why !== '').sort(), [
    'http/body-too-long',
    'http/grpc-message-too-long',
    'http/grpc-message-too-long',
    'http/grpc-message-too-long',
    'http/too-many-grpc-messages',
  ]);
});

test('a call may be silent for longer where its path says so', async (t) => {
  const limits = { idle_timeout: '200ms', max_grpc_silence: '100ms' };
  const { gate } = await world(t, { limits }, { paths: [{ path: '/echo.Echo/Talk', max_grpc_silence: '1h' }] });
  const [patient, other] = [callerOf(t, gate, true), callerOf(t, gate, false)];
  const talk = patient.Talk();
  talk.on('error', () => {});
  const said = talk[Symbol.asyncIterator]();
  assert.equal(String((await said.next()).value), 'who is there?');
  const late = await new Promise<grpc.ServiceError | null>((resolve) => other.Sum((error) => resolve(error)));
  assert.equal(late?.code, grpc.status.UNKNOWN, 'the call beside it, in which nobody says anything, is over');
  assert.match(late.details, /^The request took too long to arrive\. \(/);
  // One that has been answered in part hears it, too.
  const begun = other.Many(Buffer.from('a'));
  begun.on('data', () => {});
  begun.on('error', () => {});
  await once(begun, 'end');
  talk.write(Buffer.from('a'));
  assert.equal(String((await said.next()).value), 'a!');
  talk.end();
  assert.equal((await said.next()).done, true);
});
