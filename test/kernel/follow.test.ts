// Both places always say the same: what is applied, confirmed, rolled back or taken back in the kernel holds at accept in the gate that runs.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, type TestContext, it as test } from 'node:test';
import { ask } from '../../src/cli/ask.ts';
import { listTable } from '../../src/firewall/firewall.ts';
import { machineReader } from '../../src/ports/ports.ts';
import { type Running, start } from '../portcullis-process.ts';
import { type Machine, machine } from './machine.ts';
import { addresses, whyNot } from './namespace.ts';

const skip = whyNot();

/** A machine on which a gate runs. */
interface Guarded extends Machine {
  gateway: Running;
  startGate(): Promise<void>;
  /** The rules that hold at accept, `8443 allow any`, and the default. */
  atAccept(): Promise<string[]>;
  /** Waits until the rules at accept are so many. */
  untilRules(count: number): Promise<void>;
  guards(): number[];
}

async function guarded(t: TestContext): Promise<Guarded> {
  const wire = await machine(t);
  wire.allow('10.50.0.0/24', 'allow tcp 8443 from any');
  const inside = { cwd: wire.folder, through: ['ip', 'netns', 'exec', wire.gate.name] };
  const data = join(wire.folder, 'data');
  const atAccept = async () => {
    const { rules, default: whenNone } = (await ask(data, { ask: 'firewall' }, 60_000)) as {
      rules: { action: string; ports: string; source: string }[];
      default: string;
    };
    return [...rules.map(({ action, ports, source }) => `${ports} ${action} ${source}`), whenNone];
  };
  const made: Guarded = Object.assign(wire, {
    gateway: start(['run'], inside),
    startGate: async () => {
      await made.gateway.stop('SIGKILL');
      made.gateway = start(['run'], inside);
      await made.gateway.says(/^Ctrl-C ends it$/m);
    },
    atAccept,
    untilRules: async (count: number) => {
      while ((await atAccept()).length !== count + 1) await new Promise((resolve) => setTimeout(resolve, 50));
    },
    guards: () => wire.pids().filter((pid) => (machineReader.read(`/proc/${pid}/cmdline`) ?? '').includes('\0guard\0')),
  });
  t.after(() => made.gateway.stop('SIGKILL'));
  await made.gateway.says(/^Ctrl-C ends it$/m);
  return made;
}

const first = ['22 ALLOW 10.50.0.0/24', '8443 ALLOW any', 'DENY'];
const second = [...first.slice(0, 2), '3306 ALLOW 10.0.0.0/8', 'DENY'];

describe('accept follows the kernel', { concurrency: 2 }, () => {
  test('applied, confirmed and rolled back, also over a restart of the gate; a reload alone changes neither', {
    skip,
  }, async (t) => {
    const it = await guarded(t);
    const session = await it.call();
    assert.equal((await session.say('apply')).code, 0);
    assert.deepEqual(await it.atAccept(), first);
    it.allow('10.50.0.0/24', 'allow tcp 8443 from any', 'allow tcp 3306 from 10.0.0.0/8');
    const reloaded = await session.say('reload');
    assert.equal(reloaded.code, 0, reloaded.text);
    assert.match(
      reloaded.text,
      /^warning: at accept, too, the rules of generation 1 hold, which stands in the kernel; the configuration has others$/m,
    );
    assert.deepEqual(await it.atAccept(), first);
    assert.equal((await session.say('apply --confirm-within 1h')).code, 0);
    assert.deepEqual(await it.atAccept(), second, 'on trial in both places');
    await it.startGate();
    assert.deepEqual(await it.atAccept(), second, 'a gate that starts meanwhile is on trial, too');
    assert.equal((await (await it.call()).say('confirm')).code, 0);
    assert.deepEqual(await it.atAccept(), second);
    it.allow('10.50.0.0/24');
    await it.startGate();
    assert.deepEqual(await it.atAccept(), second, 'the file was edited and not applied');
    const again = await it.call();
    assert.equal((await again.say('rollback 1')).code, 0);
    assert.deepEqual(await it.atAccept(), first);
    assert.equal((await again.say('rollback 0')).code, 0);
    assert.deepEqual(await it.atAccept(), ['22 ALLOW 10.50.0.0/24', 'DENY'], 'nothing is applied: the file says');
  });

  test('taken back by the guard, or by the gate where the guard was killed', { skip }, async (t) => {
    const it = await guarded(t);
    const session = await it.call();
    assert.equal((await session.say('apply')).code, 0);
    it.allow('10.50.0.0/24', 'allow tcp 8443 from any', 'allow tcp 3306 from 10.0.0.0/8');
    assert.equal((await session.say('apply --confirm-within 5s')).code, 0);
    assert.deepEqual(await it.atAccept(), second);
    await it.untilRules(2);
    assert.deepEqual(await it.atAccept(), first);
    assert.equal((await session.say('apply --confirm-within 5s')).code, 0);
    const [guard] = it.guards();
    process.kill(guard!, 'SIGKILL');
    assert.deepEqual(await it.atAccept(), second);
    await it.untilRules(2);
    assert.deepEqual(await it.atAccept(), first);
    const listed = await listTable(it.gate.nft);
    assert.ok(listed.ok);
    assert.equal(JSON.stringify(listed.value).includes('former_'), false, 'the kernel has the former table alone');
    assert.match((await session.say('rollback --list')).text, /^ +1 +\S+ +apply +2 +stands/m);
  });

  test('rules that still let them in cost no connection anything; those that do not end it', { skip }, async (t) => {
    const it = await guarded(t);
    const session = await it.call();
    assert.equal((await session.say('apply')).code, 0);
    const script = join(import.meta.dirname, 'load-client.ts');
    const load = () =>
      spawn('ip', ['netns', 'exec', it.caller.name, process.execPath, script, addresses.gate.four, '8443', '8'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
    const saying = async (child: ReturnType<typeof load>) => String((await once(child.stdout, 'data'))[0]);
    const client = load();
    t.after(() => client.kill('SIGKILL'));
    assert.equal(await saying(client), 'under way\n');
    it.allow('10.50.0.0/24', 'allow tcp 8443 from any', 'allow tcp 3306 from 10.0.0.0/8');
    assert.equal((await session.say('apply --confirm-within 1h')).code, 0);
    assert.equal((await session.say('rollback')).code, 0);
    assert.equal((await session.say('apply')).code, 0);
    client.stdin.end();
    const { answered, lost } = JSON.parse(await saying(client)) as { answered: number; lost: number };
    assert.equal(lost, 0);
    assert.ok(answered > 50, `${answered}`);
    const doomed = load();
    t.after(() => doomed.kill('SIGKILL'));
    assert.equal(await saying(doomed), 'under way\n');
    it.allow('10.50.0.0/24', 'deny tcp 8443 from 10.50.0.2', 'allow tcp 8443 from any');
    const applied = await session.say('apply');
    // Those that ended a moment ago may be among them.
    const cut = /^cuts (\d+) live connections:$/m.exec(applied.text);
    assert.ok(Number(cut?.[1]) >= 8, applied.text);
    const { total } = (await ask(join(it.folder, 'data'), { ask: 'connections' })) as { total: number };
    assert.equal(total, 0, 'the gate has ended them, and waits for no deadline');
  });
});
