// Robots over real sockets: those whose name leads back to them pass tasks and limits, those who only say so are told apart, and a DNS
// that is silent holds nobody for longer than is set.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameServer, type Zone } from '../name-server.ts';
import { answering, ok, stand } from './world.ts';

const zone: Zone = {
  '1.66.249.66.in-addr.arpa': { ptr: ['crawl-1.googlebot.com'], ttl: 60 },
  'crawl-1.googlebot.com': { addresses: ['66.249.66.1'], ttl: 60 },
  '9.113.0.203.in-addr.arpa': { ptr: ['crawl-1.googlebot.com'], ttl: 60 },
};
const agent = 'User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1)\r\n';
const from = (client: string): string => `${agent}X-Forwarded-For: ${client}\r\n`;
const verified = [{ name: 'Googlebot', agent: 'googlebot', domains: ['googlebot.com', 'google.com'] }];

test('the first request of a robot waits for the DNS; who it is decides about tasks, limits and rules', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const names = await nameServer(t, zone);
  const world = await stand(t, upstream.port, {
    trusted_proxies: ['127.0.0.1'],
    bots: { verified, resolvers: names.address, verify_wait: '5s' },
    rules: ['block 404 if false-bot exists', 'challenge if path is not /open'],
    rates: [{ limit: '1 per hour' }],
  });
  for (let number = 0; number < 3; number++) {
    const answer = await world.get('/', from('66.249.66.1'));
    assert.equal(answer.status, 200, 'no task, no limit');
    const journey = await world.journey(answer.headers.get('x-request-id')!);
    assert.deepEqual(journey.bot, { name: 'Googlebot', standing: 'verified' });
  }
  assert.deepEqual(names.questions, ['crawl-1.googlebot.com'], 'asked once');
  const liar = await world.get('/', from('203.0.113.9'));
  assert.equal(liar.status, 404);
  const journey = await world.journey(liar.headers.get('x-request-id')!);
  assert.deepEqual([journey.verdict.rule, journey.bot], ['rule 1', { name: 'Googlebot', standing: 'false' }]);
  const other = await world.get('/', 'User-Agent: curl/8\r\n');
  assert.equal(other.status, 403);
  assert.equal((await world.journey(other.headers.get('x-request-id')!)).bot, undefined);
});

test('a DNS that is silent holds a request no longer than is set, and one with a body not at all', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const names = await nameServer(t, {});
  const world = await stand(t, upstream.port, {
    bots: { verified, resolvers: names.address, verify_wait: '500ms' },
    rules: ['challenge if path is /x'],
    workers: 1,
  });
  const posting = await world.client();
  posting.send(`POST / HTTP/1.1\r\nHost: localhost\r\n${agent}Content-Length: 2\r\n\r\nhi`);
  assert.equal((await posting.message()).status, 200);
  const answer = await world.get('/x', agent);
  assert.equal(answer.status, 403);
  const journey = await world.journey(answer.headers.get('x-request-id')!);
  assert.deepEqual(journey.bot, { name: 'Googlebot', standing: 'unknown' });
  assert.equal(journey.verdict.why, 'rules/challenged');
  // One that leaves while it waits leaves nothing behind, and requests behind each other on one connection keep their order.
  const leaving = await world.client();
  leaving.send(`GET / HTTP/1.1\r\nHost: localhost\r\n${agent}\r\n`);
  leaving.socket.destroy();
  const wire = await world.client();
  wire.send(`GET /1 HTTP/1.1\r\nHost: localhost\r\n${agent}\r\nGET /2 HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  assert.equal((await wire.message()).status, 200);
  assert.equal((await wire.message()).status, 200);
});
