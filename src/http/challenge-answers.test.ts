import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChallengeAnswers } from './challenge-answers.ts';

const answers = new ChallengeAnswers();
const at = (path: string, method = 'GET') => answers.find({ method, path, endedWhy: '' }, 0);

test('a token is answered with what the CA expects, and nothing else is', () => {
  assert.equal(at('/.well-known/acme-challenge/tok'), null);
  answers.use([{ token: 'tok', answer: 'tok.thumb' }]);
  const own = at('/.well-known/acme-challenge/tok');
  assert.equal(own?.status, 200);
  assert.equal(own.body, 'tok.thumb');
  assert.match(own.fields, /Content-Type: application\/octet-stream\r\nContent-Length: 9\r\n/);
  assert.equal(at('/.well-known/acme-challenge/tok', 'HEAD')?.body, '');
  for (const path of [
    '/.well-known/acme-challenge/',
    '/.well-known/acme-challenge/to',
    '/.well-known/acme-challenge/tok/',
    '/x/.well-known/acme-challenge/tok',
    '/',
  ])
    assert.equal(at(path), null, path);
  assert.equal(at('/.well-known/acme-challenge/tok', 'POST'), null);
  const exchange = { method: 'GET', path: '/.well-known/acme-challenge/tok', endedWhy: '' };
  answers.find(exchange, 0);
  assert.equal(exchange.endedWhy, 'http/acme-challenge', 'the journey says what it was');
  answers.use([]);
  assert.equal(at('/.well-known/acme-challenge/tok'), null);
});
