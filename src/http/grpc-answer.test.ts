import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grpcAnswer, grpcTrailers } from './grpc-answer.ts';

test('every status of HTTP that the gate gives has one of gRPC, and words that grpc-message may hold', () => {
  for (const [status, code] of [
    [400, 13],
    [401, 16],
    [403, 7],
    [404, 12],
    [408, 2],
    [413, 8],
    [417, 2],
    [421, 2],
    [429, 8],
    [431, 8],
    [500, 2],
    [502, 14],
    [503, 14],
    [504, 14],
    [505, 2],
  ] as const) {
    const trailers = grpcTrailers(status, '01JD');
    assert.equal(trailers.get('grpc-status'), String(code), String(status));
    assert.match(trailers.get('grpc-message') ?? '', /^[ !-$&-~]+ \(01JD\)$/);
  }
});

test('an answer that is nothing but trailers says when to come again, and has no body', () => {
  const { status, fields, body } = grpcAnswer(503, '01JD', 'Retry-After: 7\r\n', 7, 0);
  assert.deepEqual([status, body], [200, '']);
  assert.deepEqual(fields.split('\r\n'), [
    'Date: Thu, 01 Jan 1970 00:00:00 GMT',
    'Content-Type: application/grpc',
    'Grpc-Status: 14',
    'Grpc-Message: The application behind this gate is not available. (01JD)',
    'Grpc-Retry-Pushback-Ms: 7000',
    'X-Request-Id: 01JD',
    'Retry-After: 7',
    '',
  ]);
  assert.doesNotMatch(grpcAnswer(403, '01JD', '', 0, 0).fields, /Pushback/);
});
