import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Headers } from '../traffic/headers.ts';
import { ClientGuard } from './client-guard.ts';

function guarded() {
  const warnings: string[] = [];
  const guard = new ClientGuard((says) => warnings.push(says));
  const ask = (peer: string, client: string | null = null, name = 'X-Forwarded-For') =>
    guard.judge(peer, Headers.from(client === null ? [] : [[name, client]]));
  return { guard, warnings, ask };
}

test('a private peer that speaks of several clients stands for many, after some sixty requests', () => {
  const { ask, warnings } = guarded();
  for (let number = 1; number < 64; number++) assert.equal(ask('10.0.0.5', `203.0.113.${number}`), false);
  assert.equal(ask('10.0.0.5', '203.0.113.64'), true);
  assert.equal(ask('10.0.0.6', '203.0.113.1'), false);
  assert.deepEqual(warnings, [
    'nearly all requests come from 10.0.0.5, which speaks of clients behind it, and nobody trusts it: limits and bans by client rest for it; if that is your proxy, write trusted_proxies: [10.0.0.5]',
  ]);
});

test('a few requests of others between do not hide it', () => {
  const { guard, ask } = guarded();
  for (let number = 0; number < 64; number++)
    ask(number % 5 === 0 ? `198.51.100.${number}` : '172.17.0.1', `203.0.113.${number}`, 'Forwarded');
  assert.equal(guard.isShared('172.17.0.1'), true);
});

test('a public peer is warned of and not spared: anybody can write the header', () => {
  const { guard, ask, warnings } = guarded();
  for (let number = 0; number < 64; number++) ask('203.0.113.7', `198.51.100.${number}`);
  assert.equal(guard.isShared('203.0.113.7'), false);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /is not spared on its own word; .*trusted_proxies: \[203\.0\.113\.7\]$/);
});

test('one client behind it, no header, or many peers are no proxy', () => {
  for (const play of [
    (ask: (peer: string, client: string | null) => void, number: number) => ask('10.0.0.5', `203.0.113.${number % 2}`),
    (ask: (peer: string, client: string | null) => void) => ask('10.0.0.5', null),
    (ask: (peer: string, client: string | null) => void, number: number) =>
      ask(`10.0.0.${number % 3}`, `203.0.113.${number}`),
  ]) {
    const { guard, ask, warnings } = guarded();
    for (let number = 0; number < 640; number++) play(ask, number);
    for (let host = 0; host < 8; host++) assert.equal(guard.isShared(`10.0.0.${host}`), false);
    assert.deepEqual(warnings, []);
  }
});

test('when the traffic changes, limits hold again; the warning is told once', () => {
  const { guard, ask, warnings } = guarded();
  for (let number = 0; number < 1280; number++) ask('10.0.0.5', `203.0.113.${number}`);
  assert.equal(guard.isShared('10.0.0.5'), true);
  for (let number = 0; number < 1280; number++) ask('10.0.0.5', null);
  assert.equal(guard.isShared('10.0.0.5'), false);
  for (let number = 0; number < 1280; number++) ask('10.0.0.5', `203.0.113.${number}`);
  assert.equal(guard.isShared('10.0.0.5'), true);
  assert.equal(warnings.length, 1);
  guard.reset();
  assert.equal(guard.isShared('10.0.0.5'), false);
});
