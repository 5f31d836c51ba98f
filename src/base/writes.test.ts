// Direct writes over real sockets: every byte arrives in order, whatever mixture of ways it took, and failures are told.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { unsentBytes, Writes } from './writes.ts';

/** Both ends of one connection. */
async function pair(t: TestContext): Promise<readonly [near: Socket, far: Socket]> {
  const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[Socket], unknown];
  t.after(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return [near, far];
}

test('text, copies and the stream itself in any mixture arrive in order, held back and let go', async (t) => {
  const writes = new Writes();
  const [near, far] = await pair(t);
  const hash = createHash('sha256');
  const expected = createHash('sha256');
  let bytes = 0;
  far.pause();
  let waits = 0;
  const source = Buffer.alloc(65_536);
  const ended = once(far, 'end');
  far.on('data', (piece: Buffer) => hash.update(piece));
  far.pause();
  for (let index = 0; index < 900; index++) {
    const length = [10, 5000, 65_536, 300][index % 4]!;
    source.fill(index % 251);
    expected.update(source.subarray(0, length));
    bytes += length;
    const flows =
      index % 4 === 0
        ? writes.text(near, source.toString('latin1', 0, length))
        : index % 5 === 0
          ? near.write(Buffer.from(source.subarray(0, length)))
          : writes.lent(near, source, 0, length);
    if (!flows) {
      waits++;
      assert.ok(unsentBytes(near) > 0);
      far.resume();
      await once(near, 'drain');
      far.pause();
    }
  }
  far.resume();
  near.end();
  await ended;
  assert.ok(waits > 0, `${waits} times it had to wait`);
  assert.equal(hash.digest('hex'), expected.digest('hex'), `${bytes} bytes`);
  assert.equal(unsentBytes(near), 0);
});

test('more than the kernel takes waits, and an end behind it comes behind it', async (t) => {
  const writes = new Writes();
  const [near, far] = await pair(t);
  assert.equal(writes.text(near, 'first'), true);
  far.pause();
  const large = 'x'.repeat(16 << 20);
  assert.equal(writes.text(near, large), false);
  near.end('last');
  let text = '';
  far.setEncoding('latin1').on('data', (piece: string) => {
    text += piece;
  });
  far.resume();
  await once(far, 'end');
  assert.ok(text === `first${large}last`);
});

test('a far side that is gone is told as an error, and a socket that is destroyed takes nothing', async (t) => {
  const writes = new Writes();
  const [near, far] = await pair(t);
  writes.text(near, 'a');
  await once(far, 'readable');
  far.resetAndDestroy();
  await once(far, 'close');
  const failed = once(near, 'error') as Promise<[NodeJS.ErrnoException]>;
  // The reset may be there already, or be the answer to the first of these.
  for (let index = 0; index < 1000 && !near.destroyed; index++) {
    writes.text(near, 'b');
    await new Promise(setImmediate);
  }
  const [{ code }] = await failed;
  assert.match(code ?? '', /^(EPIPE|ECONNRESET)$/);
  writes.text(near, 'c');
  writes.lent(near, Buffer.alloc(10_000), 0, 10_000);
});

test('a connection that is destroyed while its bytes wait gives its slabs back', async (t) => {
  const writes = new Writes();
  const [near, far] = await pair(t);
  far.pause();
  writes.text(near, 'a');
  const source = Buffer.alloc(65_536, 7);
  while (writes.lent(near, source, 0, source.length));
  near.destroy();
  await once(near, 'close');
  assert.equal(unsentBytes(near), 0);
});

test('a Node that wants a request object for each write is never asked without one', async (t) => {
  const writes = new Writes();
  const [near, far] = await pair(t);
  const inside = near as unknown as { _handle: { writeLatin1String(request: unknown, text: string): unknown } };
  const real = inside._handle.writeLatin1String;
  const requests: unknown[] = [];
  // An older Node: its own stream hands in an object. Ours would abort the process with null.
  const older = near.write.bind(near);
  near.write = ((text: string) => {
    inside._handle.writeLatin1String({}, text);
    return true;
  }) as never;
  const spy = (request: unknown, text: string): unknown => {
    requests.push(request);
    return real.call(inside._handle, null, text);
  };
  inside._handle.writeLatin1String = spy;
  writes.text(near, 'one');
  writes.text(near, 'two');
  near.write = older;
  far.setEncoding('latin1');
  let text = '';
  while (text.length < 6) {
    const piece = far.read() as string | null;
    if (piece === null) await once(far, 'readable');
    else text += piece;
  }
  assert.equal(text, 'onetwo');
  assert.deepEqual(requests, [{}, {}]);
});
