import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GrpcCall } from './grpc-call.ts';
import { Headers } from './traffic/headers.ts';
import { AnswerHead, type Framing } from './traffic/wire.ts';

const limits = {
  maxBodyBytes: 1,
  answerTimeoutMs: 1,
  connectTimeoutMs: 1,
  queueWaitMs: 1,
  maxRetries: 1,
  minBodyBytesPerSecond: 1,
  minBodyGraceMs: 1,
  maxGrpcSilenceMs: 1,
  maxGrpcMessageBytes: null,
  maxGrpcMessages: null,
  maxGrpcAnswerMessageBytes: null,
  maxGrpcAnswerMessages: 1,
};

const empty = Buffer.alloc(5);

function answered(type: string, framing: Framing): GrpcCall {
  const call = new GrpcCall(limits, false);
  const head = new AnswerHead(new Headers(`Content-Type: ${type}\r\n`));
  head.framing = framing;
  call.begin(head);
  return call;
}

test('what a client sends is watched where it is bounded or has to be gRPC', () => {
  assert.equal(new GrpcCall(limits, false).feed(Buffer.from('id=1')), null);
  const held = new GrpcCall(limits, true);
  assert.equal(held.feed(empty.subarray(1)), null);
  assert.equal(held.feed(null)?.why, 'http/not-grpc');
});

test('only an answer of gRPC that goes on until its trailers has words for a failure, and is counted', () => {
  const refusal = { status: 502 };
  for (const [type, framing, code] of [
    ['application/grpc+proto', 'chunked', '14'],
    ['application/grpc', 'length', undefined],
    ['application/grpc-web', 'chunked', undefined],
    ['text/html', 'chunked', undefined],
  ] as const) {
    const call = answered(type, framing);
    assert.equal(call.trailers(refusal, '01JD')?.get('grpc-status'), code, `${type} ${framing}`);
    assert.equal(call.answer(Buffer.concat([empty, empty]))?.why, code && 'http/too-many-grpc-answers');
    assert.equal(call.passed, code === undefined ? 0 : 5);
  }
  assert.equal(new GrpcCall(limits, false).trailers(refusal, '01JD'), null, 'nothing has begun');
});
