import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type GrpcLimits, GrpcMessages } from './grpc-messages.ts';

const none: GrpcLimits = {
  maxGrpcMessageBytes: null,
  maxGrpcMessages: null,
  maxGrpcAnswerMessageBytes: null,
  maxGrpcAnswerMessages: null,
};

function message(length: number, flag = 0): Buffer {
  const bytes = Buffer.alloc(5 + length, 0xff);
  bytes[0] = flag;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

/** The why of a whole body that comes in these pieces, '' where it passes. */
function whyOf(limits: Partial<GrpcLimits>, ...pieces: Buffer[]): string {
  const messages = GrpcMessages.ofClient({ ...none, ...limits }, true)!;
  for (const piece of pieces) {
    const refusal = messages.feed(piece);
    if (refusal !== null) return refusal.why;
  }
  return messages.end()?.why ?? '';
}

test('messages of any length and number pass where nothing is said, and nothing but messages', () => {
  for (const [why, ...pieces] of [
    [''],
    ['', message(0), message(0, 1)],
    ['', Buffer.concat([message(3), message(100_000), message(0)])],
    ['http/not-grpc', Buffer.from('id=1')],
    ['http/not-grpc', message(2), Buffer.from('id=1')],
    ['http/not-grpc', message(2, 2)],
    ['http/not-grpc', message(2).subarray(0, 3)],
    ['http/not-grpc', message(2).subarray(0, 6)],
  ] as [string, ...Buffer[]][])
    assert.equal(whyOf(none, ...pieces), why, pieces.map((piece) => piece.toString('hex').slice(0, 20)).join(' '));
});

test('a message that is too long is known by its prefix, before a byte of it has come', () => {
  const messages = GrpcMessages.ofClient({ ...none, maxGrpcMessageBytes: 10 }, false)!;
  assert.equal(messages.feed(message(10)), null);
  assert.equal(messages.feed(message(11).subarray(0, 4)), null);
  const refusal = messages.feed(message(11).subarray(4, 5));
  assert.equal(refusal?.says, 'a message of 11 bytes, where 10 are allowed');
  assert.deepEqual([refusal?.status, refusal?.page?.body], [200, '']);
  assert.equal(
    refusal?.page?.fields,
    'Content-Type: application/grpc\r\nGrpc-Status: 8\r\nGrpc-Message: a message of 11 bytes, where 10 are allowed\r\n',
  );
  assert.equal(refusal?.trailers?.get('grpc-status'), '8');
});

test('the longest length that there is does not turn negative', () => {
  const prefix = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
  assert.equal(whyOf({ maxGrpcMessageBytes: 2 ** 32 - 1, maxGrpcMessages: null }, prefix), 'http/not-grpc');
  assert.equal(
    whyOf({ maxGrpcMessageBytes: 2 ** 32 - 2, maxGrpcMessages: null }, prefix),
    'http/grpc-message-too-long',
  );
});

test('one message more than a call may have is refused with its first byte', () => {
  const limits = { maxGrpcMessageBytes: null, maxGrpcMessages: 2 };
  assert.equal(whyOf(limits, message(1), message(1)), '');
  assert.equal(whyOf(limits, message(1), message(1), Buffer.from([0])), 'http/too-many-grpc-messages');
});

test('where pieces are cut changes nothing', () => {
  const limits = { maxGrpcMessageBytes: 6, maxGrpcMessages: 4 };
  fc.assert(
    fc.property(fc.array(fc.nat(7), { maxLength: 6 }), fc.array(fc.nat(60)), fc.nat(60), (lengths, cuts, kept) => {
      const whole = Buffer.concat(lengths.map((length) => message(length))).subarray(0, kept);
      const places = [0, ...cuts.sort((a, b) => a - b), whole.length];
      const pieces = places.slice(1).map((to, index) => whole.subarray(places[index], to));
      assert.equal(whyOf(limits, ...pieces), whyOf(limits, whole));
    }),
  );
});

test('nobody watches where nothing is bounded, and each side has bounds of its own', () => {
  assert.equal(GrpcMessages.ofClient(none, false), null);
  assert.equal(GrpcMessages.ofAnswer(none), null);
  const limits = { ...none, maxGrpcAnswerMessageBytes: 2, maxGrpcAnswerMessages: 2 };
  assert.equal(GrpcMessages.ofClient(limits, false), null);
  for (const [why, passed, ...pieces] of [
    ['http/grpc-answer-too-long', 7, Buffer.concat([message(2), message(3)])],
    ['http/grpc-answer-too-long', 0, message(3)],
    ['http/grpc-answer-too-long', 5, Buffer.concat([message(0), message(3)])],
    ['http/grpc-answer-too-long', 2, message(2).subarray(0, 5), Buffer.concat([message(2).subarray(5), message(3)])],
    ['http/too-many-grpc-answers', 10, Buffer.concat([message(0), message(0), message(0)])],
    ['http/answer-not-grpc', 7, Buffer.concat([message(2), Buffer.from('oh')])],
  ] as [string, number, ...Buffer[]][]) {
    const messages = GrpcMessages.ofAnswer(limits)!;
    const refusals = pieces.map((piece) => messages.feed(piece)?.why);
    assert.deepEqual([refusals.at(-1), messages.passed], [why, passed]);
  }
});
