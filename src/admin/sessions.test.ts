import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { ManualClock } from '../base/clock.ts';
import { Allowance, digestOf, linkMs, Sessions } from './sessions.ts';

function fresh() {
  const clock = new ManualClock();
  return { clock, sessions: new Sessions({ clock, random: (count) => randomBytes(count) }) };
}

test('a link opens one session, once', () => {
  const { sessions } = fresh();
  const token = sessions.mint();
  assert.ok(token.length >= 43);
  const opened = sessions.open(token)!;
  assert.equal(sessions.open(token), null);
  assert.deepEqual([sessions.size, sessions.ofBrowser(opened.cookie, opened.csrf)?.role], [1, 'write']);
  assert.equal(sessions.open('guess'), null);
});

test('a link that nobody used stops to work', () => {
  const { clock, sessions } = fresh();
  const token = sessions.mint();
  clock.advance(linkMs + 1);
  assert.equal(sessions.open(token), null);
});

test('the cookie alone is nobody: other ports of this machine get it, too', () => {
  const { sessions } = fresh();
  const { cookie, csrf } = sessions.open(sessions.mint())!;
  assert.equal(sessions.ofBrowser(cookie, ''), null);
  assert.equal(sessions.ofBrowser(cookie, cookie), null);
  assert.equal(sessions.ofBrowser('', csrf), null);
  const another = sessions.open(sessions.mint())!;
  assert.equal(sessions.ofBrowser(cookie, another.csrf), null);
  sessions.close(cookie);
  assert.equal(sessions.ofBrowser(cookie, csrf), null);
});

test('a session ends when nobody uses it, and at last in any case', () => {
  const hour = 3_600_000;
  const { clock, sessions } = fresh();
  const idle = sessions.open(sessions.mint())!;
  const busy = sessions.open(sessions.mint())!;
  for (let passed = 0; passed < 7 * 24; passed += 11) {
    clock.advance(11 * hour);
    assert.equal(sessions.ofBrowser(busy.cookie, busy.csrf) !== null, passed + 11 <= 7 * 24, `${passed} h`);
  }
  assert.equal(sessions.ofBrowser(idle.cookie, idle.csrf), null);
});

test('sessions and links are bounded, the least used goes first', () => {
  const { sessions } = fresh();
  const first = sessions.open(sessions.mint())!;
  for (let count = 0; count < 64; count++) {
    assert.ok(sessions.open(sessions.mint()));
    if (count < 63) assert.ok(sessions.ofBrowser(first.cookie, first.csrf));
  }
  assert.equal(sessions.size, 64);
  const links = Array.from({ length: 17 }, () => sessions.mint());
  assert.equal(sessions.open(links[0]!), null);
  assert.ok(sessions.open(links[16]!));
});

test('programs have tokens of which only the digest is known', () => {
  const { sessions } = fresh();
  sessions.useTokens([
    { name: 'grafana', role: 'read', sha256: digestOf('one').toString('hex') },
    { name: 'deploy', role: 'write', sha256: digestOf('two').toString('hex') },
  ]);
  assert.deepEqual(
    ['one', 'two', 'three', ''].map((token) => sessions.ofProgram(token)?.name ?? null),
    ['grafana', 'deploy', null, null],
  );
  sessions.useTokens([]);
  assert.equal(sessions.ofProgram('one'), null);
});

test('an allowance lets a burst through, and then as much as comes back', () => {
  const allowance = new Allowance();
  const take = (count: number, at: number) =>
    Array.from({ length: count }, () => allowance.take(at)).filter(Boolean).length;
  assert.equal(take(1000, 0), 200);
  assert.equal(take(1000, 100), 10);
});
