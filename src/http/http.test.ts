// Every reason of the codec is reached by some test, or it is written down here why none can.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { groups } from '../../test/agree/cases/cases.ts';
import { bytesOf, limits, readAll } from '../../test/http-reading.ts';
import { Fault } from '../traffic/fault.ts';
import { AnswerHead } from '../traffic/wire.ts';
import { LengthReader } from './body.ts';
import { answerCodec, reasons } from './http.ts';

/** What needs a socket, time, or other stations: the scenario that reaches it. */
const elsewhere: Readonly<Record<string, string>> = {
  'http/bad-status-line': 'src/http/answer-head.test.ts',
  'http/body-where-none': 'src/http/answer-head.test.ts',
  'http/header-timeout': 'test/scenarios/http-limits.test.ts',
  'http/body-too-slow': 'test/scenarios/http-limits.test.ts',
  'http/slow-reader': 'test/scenarios/http-limits.test.ts',
  'http/no-request': 'test/scenarios/http-limits.test.ts',
  'http/body-too-long': 'test/scenarios/http-limits.test.ts',
  'http/idle': 'src/http/h1-deadlines.test.ts',
  'http/body-cut-short': 'test/scenarios/http-ends.test.ts',
  'http/no-site': 'test/scenarios/http-ends.test.ts',
  'http/answered-early': 'src/http/h1-deadlines.test.ts',
  'http/redirected': 'test/scenarios/http-ends.test.ts',
  'http/head-cut-short': 'test/scenarios/http-ends.test.ts',
  'http/client-reset': 'test/scenarios/http-ends.test.ts',
  'http/client-gone': 'src/http/h1-deadlines.test.ts',
  'http/drained': 'test/scenarios/http-ends.test.ts',
  'http/internal-error': 'src/passage.test.ts',
  'http/h2-preface': 'src/http/h2-connection.test.ts',
  'http/h2-protocol': 'src/http/h2-connection.test.ts',
  'http/h2-frame-size': 'src/http/h2-connection.test.ts',
  'http/h2-flow-control': 'src/http/h2-connection.test.ts',
  'http/h2-compression': 'src/http/h2-connection.test.ts',
  'http/h2-rapid-reset': 'src/http/h2-connection.test.ts',
  'http/h2-continuation-flood': 'src/http/h2-connection.test.ts',
  'http/h2-hpack-bomb': 'src/http/h2-connection.test.ts',
  'http/h2-settings-flood': 'src/http/h2-connection.test.ts',
  'http/h2-ping-flood': 'src/http/h2-connection.test.ts',
  'http/h2-priority-flood': 'src/http/h2-connection.test.ts',
  'http/h2-window-flood': 'src/http/h2-connection.test.ts',
  'http/h2-empty-frame-flood': 'src/http/h2-connection.test.ts',
  'http/h2-unknown-flood': 'src/http/h2-connection.test.ts',
  'http/not-grpc': 'test/scenarios/grpc.test.ts',
  'http/grpc-message-too-long': 'src/http/grpc-messages.test.ts',
  'http/too-many-grpc-messages': 'src/http/grpc-messages.test.ts',
  'http/grpc-answer-too-long': 'test/scenarios/grpc.test.ts',
  'http/too-many-grpc-answers': 'test/scenarios/grpc.test.ts',
  'http/answer-not-grpc': 'src/http/grpc-messages.test.ts',
  'http/h2-malformed': 'src/http/h2-request.test.ts',
  'http/h2-connection-field': 'src/http/h2-request.test.ts',
  'http/acme-challenge': 'src/http/challenge-answers.test.ts',
  'http/closed-by-owner': 'test/scenarios/http-ends.test.ts',
};

test('each reason is reached by a test', () => {
  const reached = new Set(groups.flatMap(({ cases }) => cases.map(([, bytes]) => readAll([bytesOf(bytes)]).fault)));
  for (const [why, file] of Object.entries(elsewhere)) {
    assert.ok(why in reasons, `${why} is no reason any more`);
    assert.ok(!reached.has(why), `${why} is reached by a case: take it off this list`);
    assert.ok(
      readFileSync(join(import.meta.dirname, '../..', file), 'utf8').includes(`'${why}'`),
      `${file} does not name ${why}`,
    );
  }
  for (const why of Object.keys(reasons)) assert.ok(reached.has(why) || why in elsewhere, `no test reaches ${why}`);
  for (const why of reached) assert.ok(why === '' || why in reasons, `${why} has no row in the table`);
});

test('each reason that the sources name is a row of the table', () => {
  const named = new Set<string>();
  for (const file of readdirSync(import.meta.dirname)) {
    if (file.endsWith('.test.ts')) continue;
    for (const [, why] of readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(/'(http\/[a-z0-9.-]+)'/g))
      named.add(why!);
  }
  // These two are problems of the settings, not of traffic.
  for (const problem of ['http/bad-trusted-proxy', 'http/trusts-everyone']) assert.ok(named.delete(problem), problem);
  for (const why of named) assert.ok(why in reasons, `${why} has no row`);
  for (const { says, allow } of Object.values(reasons)) assert.ok(says.length > 10 && allow.length > 10);
});

test('the half of the codec that reads answers', () => {
  const codec = answerCodec(limits);
  const bytes = bytesOf('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');
  const head = codec.readAnswerHead(bytes, 0, bytes.length, 'GET');
  assert.ok(head instanceof AnswerHead);
  assert.ok(codec.openAnswerBody(head) instanceof LengthReader);
  const toHead = codec.readAnswerHead(bytes, 0, bytes.length, 'HEAD');
  assert.ok(toHead instanceof AnswerHead && codec.openAnswerBody(toHead) === null);
  assert.ok(codec.readAnswerHead(bytesOf('nonsense'), 0, 8, 'GET') instanceof Fault);
  assert.equal(codec.readAnswerHead(bytes, 0, 10, 'GET'), null);
});
