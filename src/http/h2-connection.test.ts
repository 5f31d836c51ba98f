// Frames that break RFC 9113, floods, and flow control, against a connection in memory: which reason, which code, and what is kept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ask, data, frame, headers, hello, literals } from '../../test/http2-wire.ts';
import { type ConnectionOwner, Http2Connection, type Http2Limits } from './h2-connection.ts';
import * as h2 from './h2-frames.ts';
import { Http2Tools, type Stream } from './h2-stream.ts';

const limits: Http2Limits = {
  maxHeaderBytes: 32_768,
  maxConcurrentStreams: 5,
  maxStreamResetsPerSecond: 20,
  maxControlFramesPerSecond: 50,
  streamWindowBytes: 131_072,
  connectionWindowBytes: 1_048_576,
};

/** A server's end that takes everything and answers nothing unless told to. */
class Scene implements ConnectionOwner {
  nowMs = 1000;
  out = '';
  flows = true;
  why = '';
  emptied = 0;
  readonly opened: Stream[] = [];
  readonly heard: string[] = [];
  readonly core: Http2Connection;

  constructor(role: 'server' | 'client' = 'server', bounds: Http2Limits = limits) {
    this.core = new Http2Connection(role, this, bounds, new Http2Tools(() => this.nowMs));
    this.core.start();
  }

  write(piece: string | Buffer): boolean {
    this.out += piece.toString('latin1');
    return this.flows;
  }
  onStream(stream: Stream): void {
    this.opened.push(stream);
    this.listenTo(stream);
  }
  listenTo(stream: Stream): void {
    stream.listener = {
      onBlock: (_, isEnd) => this.heard.push(`${stream.id} block${isEnd ? ' end' : ''}`),
      onData: (_, from, to) => this.heard.push(`${stream.id} data ${to - from}`),
      onEnd: () => this.heard.push(`${stream.id} end`),
      onReset: (why, isUnprocessed) =>
        this.heard.push(`${stream.id} reset ${why}${isUnprocessed ? 'unprocessed' : ''}`),
      onDrain: () => this.heard.push(`${stream.id} drain`),
    };
  }
  onEmpty(): void {
    this.emptied++;
  }
  onReady(): void {
    this.heard.push('ready');
  }
  onGoaway(): void {
    this.heard.push('goaway');
  }
  onPong(): void {
    this.heard.push('pong');
  }
  onFault(why: string): void {
    assert.equal(this.why, '', 'told once');
    this.why = why;
  }

  /** Hands in bytes as one read, or byte by byte. */
  read(text: string, isDripping = false): this {
    const bytes = Buffer.from(text, 'latin1');
    if (!isDripping) this.core.read(bytes, bytes.length);
    else for (let at = 0; at < bytes.length; at++) this.core.read(bytes.subarray(at, at + 1), 1);
    return this;
  }

  /** What was written, and forgets it. */
  said(): Buffer {
    this.core.sender.flush();
    const bytes = Buffer.from(this.out, 'latin1');
    this.out = '';
    return bytes;
  }

  /** Code and debug data of the GOAWAY at the end of what was written. */
  goaway(): string {
    const bytes = this.said();
    for (let at = 0; at < bytes.length; at += 9 + bytes.readUIntBE(at, 3))
      if (bytes[at + 3] === h2.GOAWAY)
        return `${bytes.readUInt32BE(at + 13)} ${bytes.toString('latin1', at + 17, at + 9 + bytes.readUIntBE(at, 3))}`;
    return '';
  }
}

const get = headers(1, ask());
const post = headers(1, ask('/', 'POST'), false);
const settings = (name: number, value: number): string => h2.settingsFrame([[name, value]]);

const breaches: readonly (readonly [string, string, number, string])[] = [
  ['HTTP/1.1', 'GET / HTTP/1.1\r\n', h2.PROTOCOL_ERROR, 'http/h2-preface'],
  ['no SETTINGS at first', h2.preface + get, h2.PROTOCOL_ERROR, 'http/h2-preface'],
  ['an ACK at first', h2.preface + frame(h2.SETTINGS, h2.ACK, 0), h2.PROTOCOL_ERROR, 'http/h2-preface'],
  [
    'a frame longer than 16 KiB',
    `${hello}\x00\x40\x01\x00\x00\x00\x00\x00\x01`,
    h2.FRAME_SIZE_ERROR,
    'http/h2-frame-size',
  ],
  ['DATA of no stream', hello + data(0, 'a'), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  ['DATA on a stream never opened', hello + data(1, 'a'), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  ['DATA behind the end', hello + get + data(1, 'a'), h2.STREAM_CLOSED, 'http/h2-protocol'],
  [
    'DATA with more padding than frame',
    hello + post + frame(h2.DATA, h2.PADDED, 1, '\x02a'),
    h2.PROTOCOL_ERROR,
    'http/h2-protocol',
  ],
  [
    'DATA that says it is padded and is empty',
    hello + post + frame(h2.DATA, h2.PADDED, 1),
    h2.FRAME_SIZE_ERROR,
    'http/h2-frame-size',
  ],
  ['HEADERS of no stream', hello + headers(0, ask()), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  ['an even stream', hello + headers(2, ask()), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  ['HEADERS behind the end', hello + get + get, h2.STREAM_CLOSED, 'http/h2-protocol'],
  [
    'a stream below one that was opened',
    hello + headers(5, ask()) + headers(3, ask()),
    h2.STREAM_CLOSED,
    'http/h2-protocol',
  ],
  [
    'a stream that depends on itself',
    hello + frame(h2.HEADERS, h2.END_HEADERS | h2.PRIORITY_FLAG, 1, `\0\0\0\x01\x10${literals(ask())}`),
    h2.PROTOCOL_ERROR,
    'http/h2-protocol',
  ],
  [
    'HEADERS with more padding than frame',
    hello + frame(h2.HEADERS, h2.END_HEADERS | h2.PADDED, 1, '\x09abc'),
    h2.PROTOCOL_ERROR,
    'http/h2-protocol',
  ],
  ['no HPACK', hello + frame(h2.HEADERS, h2.END_HEADERS, 1, '\x80'), h2.COMPRESSION_ERROR, 'http/h2-compression'],
  [
    'a frame within a header block',
    hello + frame(h2.HEADERS, 0, 1, literals(ask())) + frame(h2.PING, 0, 0, '12345678'),
    h2.PROTOCOL_ERROR,
    'http/h2-protocol',
  ],
  [
    'CONTINUATION of another stream',
    hello + frame(h2.HEADERS, 0, 1, literals(ask())) + frame(h2.CONTINUATION, h2.END_HEADERS, 3),
    h2.PROTOCOL_ERROR,
    'http/h2-protocol',
  ],
  ['CONTINUATION of nothing', hello + frame(h2.CONTINUATION, h2.END_HEADERS, 1), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  [
    'CONTINUATION without end',
    hello + frame(h2.HEADERS, 0, 1) + frame(h2.CONTINUATION, 0, 1).repeat(9),
    h2.ENHANCE_YOUR_CALM,
    'http/h2-continuation-flood',
  ],
  [
    'CONTINUATION of many bytes',
    hello + frame(h2.HEADERS, 0, 1) + frame(h2.CONTINUATION, 0, 1, 'a'.repeat(16_384)).repeat(4),
    h2.ENHANCE_YOUR_CALM,
    'http/h2-continuation-flood',
  ],
  ['PRIORITY of 4 bytes', hello + frame(h2.PRIORITY, 0, 1, 'abcd'), h2.FRAME_SIZE_ERROR, 'http/h2-frame-size'],
  ['PRIORITY of the connection', hello + frame(h2.PRIORITY, 0, 0, 'abcde'), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  ['RST_STREAM of 3 bytes', hello + get + frame(h2.RST_STREAM, 0, 1, 'abc'), h2.FRAME_SIZE_ERROR, 'http/h2-frame-size'],
  ['RST_STREAM of a stream never opened', hello + h2.resetFrame(1, 8), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  ['RST_STREAM of the connection', hello + h2.resetFrame(0, 8), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  ['SETTINGS of a stream', h2.preface + frame(h2.SETTINGS, 0, 1), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  ['SETTINGS of 5 bytes', h2.preface + frame(h2.SETTINGS, 0, 0, 'abcde'), h2.FRAME_SIZE_ERROR, 'http/h2-frame-size'],
  ['an ACK with settings', hello + frame(h2.SETTINGS, h2.ACK, 0, 'abcdef'), h2.FRAME_SIZE_ERROR, 'http/h2-frame-size'],
  ['ENABLE_PUSH 2', h2.preface + settings(h2.ENABLE_PUSH, 2), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  [
    'a window of 2^31',
    h2.preface + settings(h2.INITIAL_WINDOW_SIZE, 2 ** 31),
    h2.FLOW_CONTROL_ERROR,
    'http/h2-flow-control',
  ],
  [
    'frames of 16383 bytes at most',
    h2.preface + settings(h2.MAX_FRAME_SIZE, 16_383),
    h2.PROTOCOL_ERROR,
    'http/h2-protocol',
  ],
  ['frames of 16 MiB', h2.preface + settings(h2.MAX_FRAME_SIZE, 2 ** 24), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  ['extended CONNECT 2', h2.preface + settings(h2.ENABLE_CONNECT_PROTOCOL, 2), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  [
    '33 settings',
    h2.preface + h2.settingsFrame(Array(33).fill([9, 9])),
    h2.ENHANCE_YOUR_CALM,
    'http/h2-settings-flood',
  ],
  ['PUSH_PROMISE', hello + frame(h2.PUSH_PROMISE, h2.END_HEADERS, 1, 'abcd'), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  ['PING of 7 bytes', hello + frame(h2.PING, 0, 0, '1234567'), h2.FRAME_SIZE_ERROR, 'http/h2-frame-size'],
  ['PING of a stream', hello + frame(h2.PING, 0, 1, '12345678'), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  ['GOAWAY of 7 bytes', hello + frame(h2.GOAWAY, 0, 0, '1234567'), h2.FRAME_SIZE_ERROR, 'http/h2-frame-size'],
  ['GOAWAY of a stream', hello + frame(h2.GOAWAY, 0, 1, '12345678'), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  ['WINDOW_UPDATE of 3 bytes', hello + frame(h2.WINDOW_UPDATE, 0, 0, 'abc'), h2.FRAME_SIZE_ERROR, 'http/h2-frame-size'],
  ['WINDOW_UPDATE of nothing', hello + h2.windowFrame(0, 0), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
  [
    'WINDOW_UPDATE beyond 2^31 - 1',
    hello + h2.windowFrame(0, 2 ** 31 - 1),
    h2.FLOW_CONTROL_ERROR,
    'http/h2-flow-control',
  ],
  ['WINDOW_UPDATE of a stream never opened', hello + h2.windowFrame(1, 1), h2.PROTOCOL_ERROR, 'http/h2-protocol'],
];

test('every breach has its reason and its code, as one read and byte by byte', () => {
  for (const [says, bytes, code, why] of breaches)
    for (const isDripping of [false, true]) {
      const scene = new Scene().read(bytes, isDripping);
      assert.equal(scene.why, why, says);
      assert.equal(scene.goaway(), `${code} ${why}`, says);
      assert.ok(scene.core.isGone);
    }
});

const floods: readonly (readonly [string, string, string])[] = [
  ['PING', frame(h2.PING, 0, 0, '12345678'), 'http/h2-ping-flood'],
  ['SETTINGS', h2.settingsFrame([]), 'http/h2-settings-flood'],
  ['SETTINGS ACK', frame(h2.SETTINGS, h2.ACK, 0), 'http/h2-settings-flood'],
  ['PRIORITY', frame(h2.PRIORITY, 0, 1, '\0\0\0\x03\x10'), 'http/h2-priority-flood'],
  ['WINDOW_UPDATE', h2.windowFrame(0, 1), 'http/h2-window-flood'],
  ['WINDOW_UPDATE of a stream', h2.windowFrame(1, 1), 'http/h2-window-flood'],
  ['empty DATA', data(1, ''), 'http/h2-empty-frame-flood'],
  ['unknown frames', frame(99, 0, 0), 'http/h2-unknown-flood'],
];

test('floods of frames that carry nothing end at the limit, and not before', () => {
  for (const [says, one, why] of floods) {
    const scene = new Scene().read(hello + post).read(one.repeat(49));
    assert.equal(scene.why, '', says);
    scene.nowMs += 1000;
    scene.read(one.repeat(50));
    assert.equal(scene.why, '', `${says}: another second, another allowance`);
    scene.read(one);
    assert.equal(scene.why, why, says);
  }
});

test('what data brings with it is no flood', () => {
  const scene = new Scene().read(hello + post);
  for (let piece = 0; piece < 500; piece++) scene.read(data(1, 'abc') + h2.windowFrame(0, 3) + h2.windowFrame(1, 3));
  assert.equal(scene.why, '');
});

test('rapid reset: streams that are opened and reset', () => {
  const scene = new Scene().read(hello);
  for (let id = 1; id <= 39; id += 2) scene.read(headers(id, ask()) + h2.resetFrame(id, h2.CANCEL));
  assert.equal(scene.why, '');
  scene.read(headers(41, ask()) + h2.resetFrame(41, h2.CANCEL));
  assert.equal(scene.why, 'http/h2-rapid-reset');
});

test('more streams than allowed are refused one by one, and a flood of them ends the connection', () => {
  const scene = new Scene().read(hello);
  for (let id = 1; id <= 13; id += 2) scene.read(headers(id, ask()));
  assert.equal(scene.core.streams.size, 5);
  const said = scene.said();
  assert.ok(said.includes(Buffer.from(h2.resetFrame(11, h2.REFUSED_STREAM), 'latin1')));
  assert.ok(said.includes(Buffer.from(h2.resetFrame(13, h2.REFUSED_STREAM), 'latin1')));
  // What is still on its way on a refused stream is nobody's fault.
  scene.read(data(11, 'abc', true));
  assert.equal(scene.why, '');
  for (let id = 15; id < 60; id += 2) scene.read(headers(id, ask()));
  assert.equal(scene.why, 'http/h2-rapid-reset');
});

test('an HPACK bomb is a bomb; a block that is too long is its stream’s affair', () => {
  const value = 'v'.repeat(3900);
  const keep = `\x40\x01x${String.fromCharCode(127, ((3900 - 127) & 127) | 128, (3900 - 127) >> 7)}${value}`;
  const long = new Scene().read(hello + frame(h2.HEADERS, 5, 1, keep + '\xbe'.repeat(20)));
  assert.deepEqual([long.why, long.opened.length], ['', 1]);
  const bomb = new Scene().read(hello + frame(h2.HEADERS, 5, 1, keep + '\xbe'.repeat(12_000)));
  assert.equal(bomb.why, 'http/h2-hpack-bomb');
});

test('flow control: nothing beyond the window goes out, and the rest follows as it opens', () => {
  const scene = new Scene().read(h2.preface + settings(h2.INITIAL_WINDOW_SIZE, 10) + get);
  const stream = scene.opened[0]!;
  scene.core.sender.sendBlock(stream, scene.core.encoder.status(200), false);
  scene.said();
  assert.equal(scene.core.sender.sendData(stream, '0123456789abc', null), false);
  assert.equal(scene.said().toString('latin1'), data(1, '0123456789'));
  scene.read(h2.windowFrame(1, 2));
  assert.equal(scene.said().toString('latin1'), data(1, 'ab'));
  scene.read(settings(h2.INITIAL_WINDOW_SIZE, 5));
  assert.equal(stream.sendWindow, -5);
  scene.read(h2.windowFrame(1, 6));
  assert.match(scene.said().toString('latin1'), /\0\0\x01\0\0\0\0\0\x01c$/);
  assert.deepEqual(scene.heard.slice(-1), ['1 drain']);
});

test('a connection’s window is shared in turns', () => {
  const scene = new Scene().read(hello + headers(1, ask()) + headers(3, ask()));
  const [one, two] = scene.opened;
  scene.core.sender.sendData(one!, Buffer.alloc(60_000), null);
  scene.core.sender.sendData(two!, Buffer.alloc(60_000), null);
  assert.equal(one!.sentBytes + two!.sentBytes, 65_535);
  scene.core.sender.sendData(one!, Buffer.alloc(5000), null);
  scene.read(h2.windowFrame(0, 20_000) + h2.windowFrame(1, 20_000));
  assert.deepEqual([one!.sentBytes, two!.sentBytes], [63_616, 21_919], 'a frame each, in turn');
});

test('a body that nobody takes is not given back to the window, and nothing beyond it is taken', () => {
  const scene = new Scene().read(hello + post);
  const stream = scene.opened[0]!;
  scene.core.pause(stream);
  scene.said();
  const piece = 'x'.repeat(16_384);
  for (let count = 0; count < 8; count++) scene.read(data(1, piece));
  assert.equal(scene.said().length, 0, 'no WINDOW_UPDATE');
  scene.core.resume(stream);
  assert.equal(scene.said().toString('latin1'), h2.windowFrame(1, 131_072));
  scene.core.pause(stream);
  for (let count = 0; count < 8; count++) scene.read(data(1, piece));
  assert.equal(scene.why, '');
  scene.read(data(1, 'x'));
  assert.equal(scene.why, 'http/h2-flow-control');
});

test('a peer that does not read is not written for without end', () => {
  const scene = new Scene().read(hello + get);
  scene.flows = false;
  const stream = scene.opened[0]!;
  scene.core.sender.sendBlock(stream, scene.core.encoder.status(200), false);
  scene.core.sender.flush();
  assert.equal(scene.core.sender.sendData(stream, 'abc', null), false, 'the socket is full');
  assert.equal(stream.queuedBytes, 3);
  for (let second = 0; scene.why === '' && second < 5000; second++) {
    scene.nowMs += 1000;
    scene.read(frame(h2.PING, 0, 0, '12345678').repeat(40));
  }
  assert.equal(scene.why, 'http/slow-reader');
});

test('an early answer is whole; a client that goes on sending is told to stop a little later, once', () => {
  const scene = new Scene().read(hello + post);
  scene.core.sender.sendBlock(scene.opened[0]!, scene.core.encoder.status(413), true);
  assert.equal(scene.core.streams.size, 0);
  assert.ok(!scene.said().includes(Buffer.from(h2.resetFrame(1, h2.NO_ERROR), 'latin1')), 'not in one breath');
  scene.read(data(1, 'x'.repeat(16_384)));
  assert.equal(scene.said().length, 0);
  scene.read(data(1, 'x'.repeat(16_384)));
  assert.equal(scene.said().toString('latin1'), h2.resetFrame(1, h2.NO_ERROR));
  scene.read(data(1, 'x'.repeat(16_384)) + data(1, '', true));
  assert.deepEqual([scene.said().length, scene.why], [0, '']);
});

test('as a client: GOAWAY says which requests were not looked at', () => {
  const scene = new Scene('client');
  const streams = [scene.core.open()!, scene.core.open()!, scene.core.open()!];
  for (const stream of streams) {
    scene.listenTo(stream);
    scene.core.sender.sendBlock(stream, scene.core.encoder.request('GET', 'http', 'a', '/'), true);
  }
  scene.read(h2.settingsFrame([]) + h2.goawayFrame(3, 0, ''));
  assert.deepEqual(scene.heard, ['ready', 'goaway', '5 reset unprocessed']);
  scene.read(headers(1, [[':status', '200']]));
  assert.deepEqual(scene.heard.at(-1), '1 block end');
});

test('property: any frames, cut anywhere, are read or refused; nothing is thrown and what is kept is bounded', () => {
  const kind = fc.integer({ min: 0, max: 11 });
  const flags = fc.constantFrom(0, 1, 4, 5, 8, 12, 13, 32, 37, 45, 255);
  const id = fc.constantFrom(0, 1, 2, 3, 5, 7, 99);
  const payload = fc.oneof(
    fc.constant(literals(ask())),
    fc.constant('\x82\x86\x84\x01\x01a'),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    fc.constantFrom('', '\0\0\0\x08', '\0\0\0\0\0\0\0\0', 'x'.repeat(3000)),
  );
  const frames = fc.array(fc.tuple(kind, flags, id, payload), { maxLength: 25 });
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 50 }), (list, cuts) => {
      const text = hello + list.map(([type, flag, stream, bytes]) => frame(type, flag, stream, bytes)).join('');
      const whole = new Scene().read(text);
      const pieces = new Scene();
      for (let at = 0, turn = 0; at < text.length; turn++) {
        const next = at + cuts[turn % cuts.length]!;
        pieces.read(text.slice(at, next));
        at = next;
      }
      assert.equal(pieces.why, whole.why);
      assert.deepEqual(pieces.said(), whole.said());
      assert.ok(whole.core.streams.size <= limits.maxConcurrentStreams);
    }),
    { numRuns: 400 },
  );
});
