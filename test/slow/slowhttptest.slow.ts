// slowhttptest's attacks against a gate: slow headers, slow bodies, slow reading and overlapping ranges. Meanwhile another client is
// served, and each attack ends under the name that the documents give it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { answering, ok, type Standing, stand } from '../scenarios/world.ts';

/** An attack: slowhttptest's arguments, and the reasons that end its connections. */
interface Attack {
  readonly name: string;
  readonly words: readonly string[];
  readonly why: readonly string[];
  readonly connections: number;
}

const attacks: readonly Attack[] = [
  {
    name: 'slow headers (slowloris)',
    words: ['-H', '-i', '1', '-x', '24'],
    why: ['http/header-timeout'],
    connections: 150,
  },
  {
    name: 'slow bodies',
    words: ['-B', '-i', '1', '-s', '8192', '-x', '10'],
    why: ['http/body-too-slow'],
    connections: 150,
  },
  {
    name: 'slow reading',
    words: ['-X', '-w', '1', '-y', '8', '-n', '1', '-z', '1'],
    why: ['http/slow-reader'],
    connections: 40,
  },
  { name: 'overlapping ranges', words: ['-R', '-t', 'HEAD', '-a', '10', '-b', '3000'], why: [], connections: 100 },
];

for (const attack of attacks)
  test(attack.name, { timeout: 120_000 }, async (t) => {
    // Longer than what kernel and gate take for a reader that does not read.
    const body = Buffer.alloc(attack.words[0] === '-X' ? 16 << 20 : 1000, 'x');
    const large = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body]);
    const upstream = await answering(t, ({ first }) => (first.includes('/other') ? ok('served') : large));
    const world = await stand(t, upstream.port, {
      waf: { mode: 'block' },
      limits: {
        header_timeout: '2s',
        idle_timeout: '3s',
        min_body_grace: '2s',
        max_new_connections_per_client_per_second: 10_000,
      },
    });
    const running = run(t, attack, world.port);
    let served = 0;
    while (running.exitCode === null && running.signalCode === null) {
      const answer = await world.get('/other');
      assert.equal(answer.body.toString(), 'served');
      served++;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(running.exitCode, 0);
    assert.ok(served > 3, `${served} requests of another client`);
    await assertEnds(world, attack);
  });

function run(t: TestContext, { words, connections }: Attack, port: number) {
  const child = spawn(
    'slowhttptest',
    [...words, '-c', String(connections), '-r', '100', '-l', '12', '-p', '3', '-u', `http://127.0.0.1:${port}/slow`],
    { stdio: 'ignore' },
  );
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  return child;
}

/** Every connection of the attack is over, and for the reason that is promised. */
async function assertEnds(world: Standing, { why, connections }: Attack): Promise<void> {
  const journal = await world.stopAndReadJournal();
  const attacked = journal.filter(({ request }) => request === null || request.target.startsWith('/slow'));
  assert.ok(attacked.length >= connections / 2, `${attacked.length} journeys of the attack`);
  if (why.length === 0) return;
  const ended = attacked.filter(({ verdict }) => why.includes(verdict.why ?? ''));
  const reasons = [...new Set(attacked.map(({ verdict }) => verdict.why ?? ''))].join(', ');
  assert.ok(
    ended.length >= connections / 2,
    `${ended.length} of ${attacked.length} ended as promised; all: ${reasons}`,
  );
}
