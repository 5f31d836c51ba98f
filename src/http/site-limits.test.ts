import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsFor } from './site-limits.ts';

const limits = (maxBodyBytes: number) => ({
  maxBodyBytes,
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
  maxGrpcAnswerMessages: null,
});

test('a request has the limits of the longest path it lies under, by whole segments, or those of its site', () => {
  const site = {
    limits: limits(0),
    paths: [
      { ...limits(2), path: '/up/videos' },
      { ...limits(1), path: '/up' },
    ],
  };
  for (const [path, bytes] of [
    ['/', 0],
    ['/up', 1],
    ['/up/', 1],
    ['/up;v=1/x', 1],
    ['/upload', 0],
    ['/up/videos', 2],
    ['/up/videos/a/b', 2],
    ['/up/videosoft', 1],
    ['/x/up/videos', 0],
  ] as const)
    assert.equal(limitsFor(site, path).maxBodyBytes, bytes, path);
});
