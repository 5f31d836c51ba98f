// What time and sudden ends do to a client's connection, with a clock and a socket that the test moves by hand.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { bytesOf, limits } from '../../test/http-reading.ts';
import { Writes } from '../base/writes.ts';
import { Connection } from '../traffic/connection.ts';
import type { Fault } from '../traffic/fault.ts';
import { SeenFields } from './fields.ts';
import { ClientSide } from './h1.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n';

/** A connection whose time passes only when the test says so. */
class Scene extends EventEmitter {
  writableLength = 0;
  flows = true;
  isReading = false;
  isEnded = false;
  nowMs = 0;
  deadlineMs = 0;
  faults: string[] = [];
  closedWhy: string | null = null;
  drains = 0;
  onBody = (): void => {};
  readonly side: ClientSide;

  constructor() {
    super();
    const timekeeper = {
      set: (_: unknown, ms: number) => {
        this.deadlineMs = this.nowMs + ms;
      },
      clear: () => {
        this.deadlineMs = 0;
      },
    };
    const connection = new Connection(1, '127.0.0.1', 1, '127.0.0.1', 2, ':2', false, 0);
    this.side = new ClientSide(connection, limits, timekeeper, () => this.nowMs, new SeenFields(), new Writes());
    const handler = {
      onRequest: () => {},
      onBody: () => this.onBody(),
      onBodyEnd: () => {},
      onFault: (fault: Fault) => this.faults.push(fault.why),
      onDrain: () => this.drains++,
      onClientEnd: () => {},
      onClose: (why: string) => {
        assert.equal(this.closedWhy, null, 'closed once');
        this.closedWhy = why;
      },
    };
    this.side.start(this as unknown as Socket, handler);
  }

  // ---- the socket's part
  write(): boolean {
    return this.flows;
  }
  setKeepAlive(): void {}
  cork(): void {}
  uncork(): void {}
  end(): void {
    this.isEnded = true;
  }
  pause(): void {
    this.isReading = false;
  }
  resume(): void {
    this.isReading = true;
  }
  isPaused(): boolean {
    return !this.isReading;
  }
  destroy(): void {
    this.emit('close');
  }
  destroySoon(): void {
    this.destroy();
  }

  // ---- the test's part
  says(text: string): void {
    this.side.read(bytesOf(text), text.length);
  }
  /** Time goes to the deadline that is set; gives how long that took. */
  expire(): number {
    const ms = this.deadlineMs - this.nowMs;
    assert.ok(this.deadlineMs > 0, 'there is a deadline');
    this.nowMs = this.deadlineMs;
    this.deadlineMs = 0;
    this.side.expire();
    return ms;
  }
}

test('silence before the first request ends the connection without a word', () => {
  const scene = new Scene();
  assert.equal(scene.expire(), limits.headerTimeoutMs);
  assert.ok(scene.isEnded);
  scene.expire();
  assert.deepEqual([scene.faults, scene.closedWhy], [[], 'http/no-request']);
});

test('silence behind a request is idleness', () => {
  const scene = new Scene();
  scene.says(get);
  scene.side.finish(true);
  assert.equal(scene.expire(), limits.idleTimeoutMs);
  scene.emit('end');
  assert.deepEqual([scene.faults, scene.closedWhy], [[], 'http/idle']);
});

test('a head has its time from its first byte, however it dribbles', () => {
  const scene = new Scene();
  scene.nowMs = 5000;
  scene.says('GET');
  scene.nowMs = 9000;
  scene.says(' /');
  scene.nowMs = 14_000;
  scene.says(' HTTP/1.1\r\n');
  assert.equal(scene.expire(), 1000);
  assert.deepEqual(scene.faults, ['http/header-timeout']);
});

test('a body is judged by its rate over each period, and not while we do not read it', () => {
  const scene = new Scene();
  scene.says(post);
  scene.says('x'.repeat(6000));
  assert.equal(scene.expire(), limits.minBodyGraceMs);
  assert.deepEqual(scene.faults, [], '600 bytes a second are enough');
  scene.side.pauseBody();
  assert.equal(scene.deadlineMs, 0);
  scene.nowMs += 1_000_000;
  scene.side.resumeBody();
  scene.says('x'.repeat(5000));
  scene.expire();
  assert.deepEqual(scene.faults, [], '500 a second, just enough');
  scene.says('x'.repeat(4999));
  scene.expire();
  assert.deepEqual(scene.faults, ['http/body-too-slow']);
});

test('a body may have a pace of its own, and the next one has that of the gate again', () => {
  const scene = new Scene();
  scene.says(post);
  scene.side.paceBody({ ...limits, minBodyBytesPerSecond: 10, minBodyGraceMs: 60_000 });
  scene.says('x'.repeat(600));
  assert.equal(scene.expire(), 60_000);
  assert.deepEqual(scene.faults, [], 'ten bytes a second are enough there');
  scene.says('x'.repeat(99_400));
  scene.side.finish(true);
  scene.says(post);
  scene.says('x'.repeat(600));
  assert.equal(scene.expire(), limits.minBodyGraceMs);
  assert.deepEqual(scene.faults, ['http/body-too-slow']);
});

test('a client that does not read its answer is given up after the idle time, one that waits for it is not', () => {
  const scene = new Scene();
  scene.says(get);
  scene.expire();
  scene.expire();
  assert.equal(scene.closedWhy, null, 'an upstream may take long');
  scene.flows = false;
  scene.side.write('x');
  assert.equal(scene.expire(), limits.idleTimeoutMs);
  assert.equal(scene.closedWhy, 'http/slow-reader');
});

test('an answer that was written whole is not cut off because its client reads slowly', () => {
  const scene = new Scene();
  scene.says('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  scene.writableLength = 60_000;
  scene.side.write('x');
  scene.side.finish(true);
  assert.ok(scene.isEnded);
  for (const left of [60_000, 40_000, 10]) {
    scene.writableLength = left;
    scene.expire();
    assert.equal(scene.closedWhy, null, `${left} bytes are still to be sent`);
  }
  assert.equal(scene.expire(), limits.idleTimeoutMs);
  assert.equal(scene.closedWhy, 'http/slow-reader', 'nothing was read for the idle time');
});

test('an answer that was sent is waited for no longer than its client lingers', () => {
  const scene = new Scene();
  scene.says('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  scene.side.finish(true);
  assert.equal(scene.expire(), 2000);
  assert.equal(scene.closedWhy, '');
});

test('a refused client that sends without end is cut off', () => {
  const scene = new Scene();
  scene.says('\x00');
  assert.deepEqual(scene.faults, ['http/bad-request-line']);
  for (let count = 0; count < 17 && scene.closedWhy === null; count++) scene.side.read(Buffer.alloc(65_536), 65_536);
  assert.equal(scene.closedWhy, 'http/bad-request-line');
});

test('reading goes on behind a body whose end came while it was paused', () => {
  const scene = new Scene();
  scene.says('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na');
  scene.side.pauseBody();
  scene.says('bc');
  assert.equal(scene.isReading, false);
  scene.side.finish(true);
  assert.equal(scene.isReading, true);
  scene.says('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na');
  scene.side.pauseBody();
  assert.equal(scene.isReading, false, 'the next body can be held back again');
});

test('pipelined bytes are kept up to a bound, then the socket waits', () => {
  const scene = new Scene();
  scene.says(get);
  for (let count = 0; count < 4; count++) {
    assert.equal(scene.isReading, true);
    scene.side.read(Buffer.alloc(16_384, 'x'), 16_384);
  }
  assert.equal(scene.isReading, false);
  const early = scene.side.becomeTunnel();
  assert.equal(early?.length, 65_536);
  assert.equal(scene.isReading, true, 'a tunnel reads on');
});

test('a drained connection ends at once where it is idle, and behind its answer where it is not', () => {
  const idle = new Scene();
  idle.side.drain(false);
  assert.ok(idle.isEnded);
  const busy = new Scene();
  busy.says(get + get);
  busy.side.drain(false);
  assert.deepEqual([busy.isEnded, busy.side.mayKeepAlive], [false, false]);
  busy.side.finish(true);
  assert.ok(busy.isEnded);
});

test('a connection that is drained gently still answers the request that was on its way, and then ends', () => {
  const idle = new Scene();
  idle.side.drain(true);
  assert.ok(!idle.isEnded);
  idle.says(get);
  assert.equal(idle.side.mayKeepAlive, false);
  idle.side.finish(true);
  assert.ok(idle.isEnded);
  const silent = new Scene();
  silent.side.drain(true);
  silent.side.drain(false);
  assert.ok(silent.isEnded, 'who is asked again and not gently ends at once');
});

test('a socket that closes while its answer is awaited', () => {
  const gone = new Scene();
  gone.says(get);
  gone.destroy();
  assert.equal(gone.closedWhy, 'http/client-gone');
  const reset = new Scene();
  reset.says(post);
  reset.emit('error', new Error('ECONNRESET'));
  reset.destroy();
  assert.equal(reset.closedWhy, 'http/client-reset');
  const answered = new Scene();
  answered.says(get);
  answered.side.finish(true);
  answered.destroy();
  assert.equal(answered.closedWhy, '');
});

test('an answer that is whole before its request ends the connection, whoever wanted to keep it', () => {
  const scene = new Scene();
  scene.says(post);
  scene.side.finish(true);
  scene.emit('end');
  assert.equal(scene.closedWhy, 'http/answered-early');
});

test("what stands behind the piece that had a request refused is nobody's fault any more", () => {
  const scene = new Scene();
  scene.onBody = () => scene.side.finish(false);
  scene.says('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nnonsense');
  assert.deepEqual([scene.faults, scene.isEnded], [[], true]);
});
