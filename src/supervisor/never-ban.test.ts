// Who is never banned, on this machine as it is: its own addresses, its loopback, upstreams by name, trusted proxies.

import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { targetText } from '../firewall/firewall.ts';
import { machineReader } from '../ports/ports.ts';
import { NeverLook } from './never-ban.ts';

async function look(neverLoopback: boolean, caller = ''): Promise<Map<string, string>> {
  const settings = {
    neverLoopback,
    trusted: ['198.51.100.0/24', 'nonsense'],
    upstreams: ['localhost', '203.0.113.9', 'no.such.name.invalid'],
    dashboards: () => ['203.0.113.78'],
  };
  const never = new NeverLook(settings, machineReader);
  await never.prepare();
  return new Map(never.look(caller).map(({ cidr, why }) => [targetText(cidr), why]));
}

test('what the machine shows, what the settings name, and where the owner is', async () => {
  const never = await look(true, '203.0.113.77');
  assert.equal(never.get('127.0.0.0/8'), "it is this machine's loopback");
  assert.equal(never.get('203.0.113.77'), 'your own session comes from there');
  assert.equal(never.get('203.0.113.78'), 'a session of the dashboard comes from there');
  assert.equal(never.get('203.0.113.9'), 'it is an upstream');
  assert.equal(never.get('198.51.100.0/24'), 'it is a proxy that brings many clients');
  for (const own of Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []))
    assert.ok(never.has(own.address.split('%')[0]!), own.address);
});

test('without the loopback none of it is named, whoever else lives there', async () => {
  for (const target of (await look(false, '127.0.0.1')).keys())
    assert.ok(!target.startsWith('127.') && target !== '::1', target);
});
