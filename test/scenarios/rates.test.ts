// Limits over real sockets: who is counted, what is only told, and whom they must not hit.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, eventually, ok, stand } from './world.ts';

test('behind a proxy that nobody told the gate of, limits by client rest, and one warning says which line to add', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, { rates: [{ limit: '70 per minute' }], workers: 1 });
  const wire = await world.client();
  for (let number = 0; number < 200; number++) {
    wire.send(`GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.${number}\r\n\r\n`);
    assert.equal((await wire.message()).status, 200, `request ${number + 1}`);
  }
  await eventually(() => world.warnings.length > 0, 'the warning');
  assert.deepEqual(world.warnings, [
    'nearly all requests come from 127.0.0.1, which speaks of clients behind it, and nobody trusts it: limits and bans by client rest for it; if that is your proxy, write trusted_proxies: [127.0.0.1]',
  ]);
});

test('a client who speaks of nobody is held to its limit', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, { rates: [{ limit: '70 per minute' }], workers: 1 });
  const wire = await world.client();
  const statuses: (number | undefined)[] = [];
  for (let number = 0; number < 71; number++) {
    wire.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    statuses.push((await wire.message()).status);
  }
  assert.deepEqual(statuses, [...Array(70).fill(200), 429]);
  assert.deepEqual(world.warnings, []);
});

test('several limits at once: a burst by key and path, and one that is only told', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, {
    rates: [
      { limit: '1 per hour', by: 'header:x-api-key and path', burst: 2 },
      { limit: '1 per hour', by: 'method', shadow: true },
    ],
  });
  const get = (path: string, key: string) => world.get(path, `X-Api-Key: ${key}\r\n`);
  const first = await get('/a', 'anna');
  assert.equal(first.status, 200);
  const second = await get('/a', 'anna');
  assert.equal(second.status, 200);
  assert.equal((await get('/a', 'anna')).status, 429);
  assert.equal((await get('/b', 'anna')).status, 200);
  assert.equal((await get('/a', 'bert')).status, 200);
  const journeys = await world.stopAndReadJournal();
  assert.deepEqual(
    journeys.map(({ rates, response }) => `${response?.status} ${rates?.shadow ?? '-'}`),
    ['200 -', '200 method', '429 method', '200 method', '200 method'],
  );
});

test('failed logins are counted by account and by client, and those that succeed are not', async (t) => {
  const upstream = await answering(t, (request) =>
    request.body.toString().includes('right') ? ok('in') : 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n',
  );
  const failed = { path: '/login', when: 'method is POST', statuses: [401, 403] };
  const world = await stand(t, upstream.port, {
    rates: [
      { limit: '3 per hour', by: 'form:email', ...failed },
      { limit: '3 per hour', by: 'json:user.email', ...failed },
      { limit: '8 per hour', by: 'client', ...failed },
    ],
  });
  const post = async (type: string, body: string) => {
    const wire = await world.client();
    const head = `POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
    wire.send(head + body);
    const { status } = await wire.message();
    wire.socket.destroy();
    return status;
  };
  const form = (email: string, password: string) =>
    post('application/x-www-form-urlencoded', `email=${email}&password=${password}`);
  const json = (email: string, password: string) =>
    post('application/json', JSON.stringify({ user: { email }, password }));
  for (let number = 0; number < 5; number++) assert.equal(await form('bert', 'right'), 200);
  for (let number = 0; number < 3; number++) assert.equal(await form('Anna', `wrong${number}`), 401);
  assert.equal(await form('anna', 'wrong'), 429);
  assert.equal(await form('anna', 'right'), 429, 'whoever guesses right at last is not let in either');
  assert.equal(await form('bert', 'right'), 200);
  for (let number = 0; number < 3; number++) assert.equal(await json('carl', `wrong${number}`), 401);
  assert.equal(await json('carl', 'wrong'), 429);
  assert.equal(await form('dora', 'wrong'), 401);
  assert.equal(await form('emil', 'wrong'), 401);
  assert.equal(await form('fritz', 'right'), 429, 'eight failures of one client, whatever the account');
});
