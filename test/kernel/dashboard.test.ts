// Whoever has the dashboard open is a caller: rules that would cut them off are told and refused, and they are never banned.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { it as test } from 'node:test';
import { ask } from '../../src/cli/ask.ts';
import { runToEnd } from '../portcullis-process.ts';
import { guarded } from './guarded.ts';
import { addresses, whyNot } from './namespace.ts';

const skip = whyNot();
/** Who looks: another address than that of the caller, which is a router and has a shell. */
const looker = '10.50.0.9';

test('whoever has the dashboard open from elsewhere is a caller: told by plan, not cut by apply, never banned', {
  skip,
  timeout: 110_000,
}, async (t) => {
  const it = await guarded(t);
  // As somebody publishes the loopback against all advice: the packets come from next door.
  it.caller.run('ip', 'address', 'add', `${looker}/24`, 'dev', 'wire');
  it.gate.run('sysctl', '-qw', 'net.ipv4.conf.all.route_localnet=1');
  it.gate.run(
    'nft',
    'table ip pub { chain pre { type nat hook prerouting priority -100; tcp dport 9443 dnat to 127.0.0.1:9443; }; }',
  );
  const open =
    "const s = require('node:net').connect({ port: 9443, host: process.argv[1], localAddress: process.argv[2] }, () => console.log('open')); s.on('close', () => process.exit())";
  const looking = spawn(
    'ip',
    ['netns', 'exec', it.caller.name, process.execPath, '-e', open, addresses.gate.four, looker],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  t.after(() => looking.kill('SIGKILL'));
  await once(looking.stdout, 'data');
  const { tuples } = (await ask(it.data, { ask: 'admin' })) as { tuples: { from: string; fromPort: number }[] };
  assert.deepEqual(
    tuples.map(({ from }) => from),
    [looker],
  );
  const planned = await runToEnd(['plan', '--json'], it.inside);
  const { lockouts } = JSON.parse(planned.stdout) as { lockouts: { kind: string; source: string; port: number }[] };
  assert.deepEqual(
    lockouts.map(({ kind, source, port }) => [kind, source, port]),
    [['dashboard', looker, 9443]],
  );
  const applied = await runToEnd(['apply'], it.inside);
  assert.equal(applied.code, 1);
  assert.match(applied.stderr, /10\.50\.0\.9/);
  const banned = await runToEnd(['bans', 'add', looker], it.inside);
  assert.equal(banned.code, 1, banned.stdout);
  assert.match(banned.stderr, /10\.50\.0\.9 .*a session of the dashboard comes from there/);
  it.allow('10.50.0.0/24', 'allow tcp 8443 from any', 'allow tcp 9443 from 10.50.0.9');
  assert.equal((await runToEnd(['apply'], it.inside)).code, 0);
});
