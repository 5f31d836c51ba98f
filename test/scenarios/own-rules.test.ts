// Rules of one's own over real sockets: before limits and the WAF, for head and body, and told in the journey.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answering, ok, stand } from './world.ts';

test('rules refuse, close, let pass and score, and the journey says which one did', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, {
    lists: { office: ['127.0.0.0/8'] },
    rules: [
      'block 404 if path is under /admin and not client in office',
      'block if header x-forbidden exists',
      'close if method is PURGE',
      'skip waf if path is under /editor',
      'score 3 if header user-agent is missing',
      'score 2 if argument debug exists',
    ],
    rates: [{ limit: '2 per hour', by: 'path', path: '/login', when: 'method is POST' }],
  });
  assert.equal((await world.get('/admin/x')).status, 200);
  const refused = await world.get('/', 'X-Forbidden: 1\r\n');
  assert.equal(refused.status, 403);
  const traced = await world.client();
  traced.send('PURGE / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await traced.ended();
  assert.equal((await world.get("/?q=1'%20or%20'1'='1", 'User-Agent: x\r\n')).status, 403);
  assert.equal((await world.get("/editor?q=1'%20or%20'1'='1", 'User-Agent: x\r\n')).status, 200);
  assert.equal((await world.get('/?debug=1')).status, 403, 'three and two are five');
  assert.equal((await world.get('/?debug=1', 'User-Agent: x\r\n')).status, 200);
  for (const status of [200, 200, 429]) {
    const wire = await world.client();
    wire.send('POST /login HTTP/1.1\r\nHost: localhost\r\nUser-Agent: x\r\nContent-Length: 0\r\n\r\n');
    assert.equal((await wire.message()).status, status);
  }
  assert.equal((await world.get('/login', 'User-Agent: x\r\n')).status, 200, 'only POST is counted');
  const journeys = await world.stopAndReadJournal();
  const whys = journeys.map(({ verdict }) => verdict.why).filter((why) => why.startsWith('rules/'));
  assert.deepEqual(whys.sort(), ['rules/blocked', 'rules/closed', 'rules/score']);
});

test('a body that the WAF is told to skip is not inspected either', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, { rules: ['skip waf if path is under /editor'] });
  const body = 'text=<script>alert(1)</script>';
  for (const [path, status] of [
    ['/editor', 200],
    ['/other', 403],
  ] as const) {
    const wire = await world.client();
    const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n`;
    wire.send(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    assert.equal((await wire.message()).status, status, path);
  }
});

test('whoever asks for a path that nobody has business with is banned', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, {
    bans: { never_loopback: false },
    rules: ['ban 1h if path is /wp-login.php'],
  });
  assert.equal((await world.get('/')).status, 200);
  assert.equal((await world.get('/wp-login.php')).status, 403);
  await (await world.client()).ended();
  const listed = (await world.ask({ ask: 'bans' })) as { bans: { target: string; reason: string }[] };
  assert.deepEqual(
    listed.bans.map(({ target, reason }) => `${target} ${reason}`),
    ['127.0.0.1 a request that rule 1 bans for'],
  );
});
