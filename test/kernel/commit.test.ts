// Rules that take themselves back: a lock-out over a real connection in a namespace, undone by the guard, or by the kernel alone.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it as test } from 'node:test';
import { listTable } from '../../src/firewall/firewall.ts';
import { machineReader } from '../../src/ports/ports.ts';
import { start } from '../portcullis-process.ts';
import { type Machine, machine } from './machine.ts';
import { whyNot } from './namespace.ts';

const skip = whyNot();

/** Names of the chains of our table. */
async function chains({ gate }: Machine): Promise<string[]> {
  const listed = await listTable(gate.nft);
  assert.ok(listed.ok);
  return (listed.value ?? []).flatMap((each) => {
    const { chain } = each as { chain?: { name: string } };
    return chain === undefined ? [] : [chain.name];
  });
}

function guardOf({ pids }: Machine): number {
  const found = pids().filter((pid) => (machineReader.read(`/proc/${pid}/cmdline`) ?? '').includes('\0guard\0'));
  assert.equal(found.length, 1);
  return found[0]!;
}

// Because each waits for time to pass, and has namespaces of its own, they wait together.
describe('rules that take themselves back', { concurrency: 2 }, () => {
  test('rules on trial stay when they are confirmed over a new connection, and only then', { skip }, async (t) => {
    const it = await machine(t);
    const first = await it.call();
    const second = await it.call();
    const plan = await first.say('plan');
    assert.equal(plan.code, 0, plan.text);
    assert.match(plan.text, /^closes tcp 1-21,23-65535 to any$/m);
    assert.match(
      plan.text,
      /^opens nothing\ncuts no live connection\n`portcullis apply --confirm-within 60s` applies it$/m,
    );
    assert.deepEqual(await chains(it), []);
    const applied = await first.say('apply --confirm-within 1h');
    assert.equal(applied.code, 0, applied.text);
    assert.match(applied.text, /^generation 1 stands in the kernel until \S+, and the former rules after it$/m);
    const stale = await first.say('confirm');
    assert.deepEqual(stale, {
      code: 1,
      text: 'portcullis: this is the connection over which the rules were applied\n  open a new connection to this machine and confirm there: if that works, the rules let you in\n',
    });
    assert.match((await second.say('confirm')).text, /this connection was open before the rules were applied/);
    assert.match(
      (await second.say('apply')).text,
      /generation 1 waits to be confirmed\n {2}`portcullis confirm` keeps it/,
    );
    assert.match(
      (await second.say('firewall verify')).text,
      /^generation 1 is on trial until \S+\nthe kernel has the rules of the configuration\n$/,
    );
    const guard = guardOf(it);
    const third = await it.call();
    assert.deepEqual(await third.say('confirm'), { code: 0, text: 'generation 1 is kept\n' });
    assert.match((await third.say('confirm')).text, /nothing waits to be confirmed/);
    assert.deepEqual(await third.say('firewall verify'), {
      code: 0,
      text: 'the kernel has the rules of the configuration\n',
    });
    assert.equal(
      (await chains(it)).some((name) => name.startsWith('former_')),
      false,
    );
    while (it.pids().includes(guard)) await new Promise((resolve) => setTimeout(resolve, 100));
  });

  test('a rule set that would cut its author off is refused, and forced comes back by the guard though all else was killed', {
    skip,
  }, async (t) => {
    const it = await machine(t);
    const session = await it.call();
    assert.equal((await session.say('apply')).code, 0);
    it.allow('10.99.0.0/24');
    const plan = await session.say('plan');
    assert.equal(plan.code, 1);
    assert.match(
      plan.text,
      /^cuts 1 live connection:\n {2}tcp 10\.50\.0\.2:\d+ → :22 \(the default\) {2}your own connection$/m,
    );
    const refused = await session.say('apply --confirm-within 5s');
    assert.equal(refused.code, 1);
    assert.match(
      refused.text,
      /^portcullis: this would cut your own connection: tcp 10\.50\.0\.2:\d+ → :22 \(the default\)\n {2}allow it by a rule, or say --even-if-it-locks-me-out\n$/,
    );
    const forced = await session.say('apply --confirm-within 30s --even-if-it-locks-me-out');
    assert.equal(forced.code, 0, forced.text);
    assert.ok((await chains(it)).includes('former_input'));
    const guard = guardOf(it);
    await it.kill([guard]);
    // Because the kernel turns back by itself soon after the deadline, the guard is waited for: what stands then is the former table alone.
    while (it.pids().includes(guard)) await new Promise((resolve) => setTimeout(resolve, 100));
    await it.start();
    const again = await it.call();
    it.allow('10.50.0.0/24');
    assert.deepEqual(await again.say('firewall verify'), {
      code: 0,
      text: 'the kernel has the rules of the configuration\n',
    });
    assert.match((await again.say('rollback --list')).text, /^ +1 +\S+ +apply +1 +stands/m);
    assert.equal((await chains(it)).includes('former_input'), false);
  });

  test('when the guard is killed too, the kernel goes back by itself, and the next command tidies up', {
    skip,
  }, async (t) => {
    const it = await machine(t);
    const session = await it.call();
    assert.equal((await session.say('apply')).code, 0);
    it.allow('10.99.0.0/24');
    const forced = await session.say('apply --confirm-within 30s --even-if-it-locks-me-out');
    assert.equal(forced.code, 0, forced.text);
    assert.ok((await chains(it)).includes('former_input'));
    await it.kill();
    assert.deepEqual(it.pids(), []);
    await it.start();
    const again = await it.call();
    assert.ok((await chains(it)).includes('former_input'));
    assert.match((await again.say('rollback --list')).text, /^ +2 +\S+ +apply +1 +not confirmed in time/m);
    it.allow('10.50.0.0/24');
    assert.deepEqual(await again.say('firewall verify'), {
      code: 0,
      text: 'generation 2 was not confirmed in time: the former rules hold again, and `portcullis rollback` tidies up\nthe kernel has the rules of the configuration\n',
    });
    assert.match((await again.say('confirm')).text, /nothing waits to be confirmed/);
    it.allow('10.50.0.0/24');
    assert.deepEqual(await again.say('firewall verify'), {
      code: 0,
      text: 'the kernel has the rules of the configuration\n',
    });
    assert.equal((await chains(it)).includes('former_input'), false);
  });

  test('what is cut or banned is gone from conntrack, too, and its neighbours are not', { skip }, async (t) => {
    const it = await machine(t);
    const serves = `require('node:net').createServer((s) => s.on('error', () => {})).listen(9000, '::', () => console.log('up'))`;
    const calls = `const net = require('node:net'); let open = 0;
      for (const localAddress of ['10.50.0.2', '10.50.0.3', '10.50.0.4', '10.50.0.5'])
        net.connect({ port: 9000, host: '10.50.0.1', localAddress }, () => ++open === 4 && console.log('open')).on('error', () => {});`;
    const inside = (name: string, script: string) => {
      const child = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      t.after(() => child.kill('SIGKILL'));
      return once(child.stdout, 'data');
    };
    for (const host of [3, 4, 5]) it.caller.run('ip', 'address', 'add', `10.50.0.${host}/24`, 'dev', 'wire');
    await inside(it.gate.name, serves);
    const session = await it.call();
    it.allow('10.50.0.0/24', 'allow tcp 9000 from any', 'allow tcp 8443 from any');
    assert.equal((await session.say('apply')).code, 0);
    await inside(it.caller.name, calls);
    const tracked = async () => {
      const ran = await it.gate.conntrack.run(['-L', '-p', 'tcp', '--dport', '9000']);
      assert.ok(ran.ok);
      return [...ran.output.matchAll(/ src=(\S+) dst=10\.50\.0\.1 /g)].map(([, source]) => source!).sort();
    };
    const all = ['10.50.0.2', '10.50.0.3', '10.50.0.4', '10.50.0.5'];
    assert.deepEqual(await tracked(), all);
    it.allow('10.50.0.0/24', 'deny tcp 9000 from 10.50.0.3', 'allow tcp 9000 from any');
    assert.match((await session.say('apply')).text, /^cuts 1 live connection:$/m);
    assert.deepEqual(await tracked(), all.toSpliced(1, 1));
    const gate = start(['run'], { cwd: it.folder, through: ['ip', 'netns', 'exec', it.gate.name] });
    t.after(() => gate.stop('SIGKILL'));
    await gate.says(/^Ctrl-C ends it$/m);
    assert.equal((await session.say('bans add 10.50.0.4/31 --for 1h')).code, 0);
    while ((await tracked()).length > 1) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(await tracked(), ['10.50.0.2'], 'whom the ban is not about');
  });

  test('generations can be gone back to by their number, and to none', { skip }, async (t) => {
    const it = await machine(t);
    const session = await it.call();
    assert.match((await session.say('rollback --list')).text, /no generation is kept/);
    await session.say('apply');
    it.allow('10.50.0.0/24', 'allow tcp 3306 from 10.0.0.0/8 # the database');
    assert.match(
      (await session.say('apply')).text,
      /^opens tcp 3306 to 10\.0\.0\.0\/8\ncloses nothing\ncuts no live connection\ngeneration 2 stands in the kernel\n$/,
    );
    assert.match((await session.say('rollback')).text, /^closes tcp 3306 to 10\.0\.0\.0\/8\nopens nothing\n/);
    const listed = JSON.parse((await session.say('rollback --list --json')).text) as {
      current: number;
      generations: { number: number; how: string }[];
    };
    assert.deepEqual(
      [listed.current, listed.generations.map(({ number, how }) => `${number} ${how}`)],
      [3, ['1 apply', '2 apply', '3 rollback to 1']],
    );
    assert.match(
      (await session.say('rollback 7')).text,
      /there is no generation 7\n {2}`portcullis rollback --list` shows those that are kept/,
    );
    await session.say('apply --confirm-within 1h');
    assert.match((await session.say('rollback')).text, /^generation 3 stands in the kernel\n$/);
    assert.equal((await chains(it)).includes('former_input'), false);
    assert.match((await session.say('rollback 0')).text, /^none of our rules is in the kernel\n$/);
    assert.deepEqual(await chains(it), []);
  });
});
