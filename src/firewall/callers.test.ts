// Bans and blocklists as traffic, the owner and other processes meet them; whoever must get in always does.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressReader } from '../base/address.ts';
import { parseCidr } from '../base/cidr.ts';
import { ManualClock } from '../base/clock.ts';
import { ListReading } from './blocklist.ts';
import { type BanSettings, buildCallers, type Callers, type CallersChange } from './callers.ts';
import type { Blocklist } from './listed.ts';
import type { NeverBan } from './never-ban.ts';

const settings: BanSettings = {
  automatic: true,
  thresholds: {
    waf: { limit: 3, windowMs: 60_000 },
    rates: { limit: 5, windowMs: 60_000 },
    handshake: { limit: 2, windowMs: 60_000 },
    'not-found': { limit: 4, windowMs: 60_000 },
  },
  escalation: { firstMs: 600_000, factor: 4, longestMs: 7 * 86_400_000 },
  ipv6Prefix: 64,
  never: [],
  maxEntries: 100,
};

function open(change: Partial<BanSettings> = {}, clock = new ManualClock()) {
  const result = buildCallers({ ...settings, ...change }, clock);
  assert.ok(result.ok);
  const changes: CallersChange[] = [];
  result.value.onChange((each) => changes.push(each));
  return { callers: result.value, clock, changes };
}

function why(callers: Callers, address: string): string {
  const reader = new AddressReader();
  reader.read(address);
  const refusal = callers.judge(reader);
  return refusal === null ? '' : `${refusal.why}: ${refusal.says}`;
}

function listOf(name: string, text: string): Blocklist {
  const reading = new ListReading(text, { format: 'lines', column: 1 });
  while (reading.more());
  const list = reading.result();
  assert.ok(typeof list !== 'string');
  return { name, from: `/etc/${name}.txt`, ranges: list.ranges };
}

function never(target: string, because: string): NeverBan {
  const parsed = parseCidr(target);
  assert.ok(parsed.ok);
  return { cidr: parsed.value, why: because };
}

test('a ban shuts out, says why and until when, and ends', () => {
  const { callers, clock, changes } = open();
  const answer = callers.add('203.0.113.7', 'scans', 3_600_000);
  assert.ok(answer.ok);
  assert.deepEqual(answer.spared, []);
  assert.equal(why(callers, '203.0.113.7'), 'firewall/banned: 203.0.113.7 is banned until 2027-01-15T09:00:00Z: scans');
  assert.equal(why(callers, '203.0.113.8'), '');
  assert.deepEqual(callers.judgeClient('203.0.113.7')?.status, 403);
  assert.equal(callers.judgeClient('nobody'), null);
  clock.advance(3_600_000);
  assert.equal(why(callers, '203.0.113.7'), '');
  assert.deepEqual([callers.list(), callers.bans, callers.sweep(), callers.bans], [[], 1, 1, 0]);
  assert.deepEqual(
    changes.map(({ kind }) => kind),
    ['banned'],
  );
});

test('a ban for good stays, until it is taken off', () => {
  const { callers, clock, changes } = open();
  callers.add('192.0.2.0/24', 'bad', Number.POSITIVE_INFINITY);
  clock.advance(1e12);
  assert.equal(why(callers, '192.0.2.9'), 'firewall/banned: 192.0.2.9 is banned for good: bad');
  assert.equal(callers.holding('192.0.2.9'), '192.0.2.0/24');
  assert.equal(callers.remove('192.0.2.9'), null);
  assert.equal(callers.remove('192.0.2.0/24')?.target, '192.0.2.0/24');
  assert.equal(why(callers, '192.0.2.9'), '');
  assert.deepEqual(changes.at(-1), { kind: 'freed', target: '192.0.2.0/24' });
});

test('an IPv6 address stands for its /64, a network for itself', () => {
  const { callers } = open();
  const answer = callers.add('2001:db8:1:2:3:4:5:6', '', 1000);
  assert.ok(answer.ok);
  assert.equal(answer.ban.target, '2001:db8:1:2::/64');
  assert.match(why(callers, '2001:db8:1:2:ffff::'), /^firewall\/banned/);
  assert.equal(callers.remove('2001:db8:1:2:9::')?.target, '2001:db8:1:2::/64');
  const one = callers.add('2001:db8::7/128', '', 1000);
  assert.ok(one.ok);
  assert.equal(one.ban.target, '2001:db8::7');
  assert.equal(why(callers, '2001:db8::8'), '');
});

test('what cannot be banned is refused in a sentence', () => {
  const { callers } = open({ never: ['198.51.100.0/24'], maxEntries: 1 });
  callers.setNever([
    never('203.0.113.7', 'an SSH session of this machine comes from there'),
    never('2001:db8::7', 'it is the router of this machine'),
  ]);
  const cases: readonly (readonly [string, string])[] = [
    [
      'nobody',
      '"nobody" is no address; names are not looked up, because a decision must not wait for DNS; write an address such as 192.0.2.7 or 2001:db8::7',
    ],
    [
      '10.0.0.1/8',
      '"10.0.0.1/8" has bits set behind its prefix; write 10.0.0.0/8 for the network or 10.0.0.1 for the one address',
    ],
    ['0.0.0.0/0', "0.0.0.0/0 is everybody; the firewall's default says what happens to everybody"],
    ['203.0.113.7', '203.0.113.7 is never banned: an SSH session of this machine comes from there (203.0.113.7)'],
    ['198.51.100.9', '198.51.100.9 is never banned: bans.never names it (198.51.100.0/24)'],
    ['2001:db8::7', '2001:db8::7 is never banned: it is the router of this machine (2001:db8::7)'],
  ];
  for (const [target, says] of cases) {
    const answer = callers.add(target, '', 1000);
    assert.equal(answer.ok ? '' : answer.says.slice(0, says.length), says, target);
  }
  assert.equal(callers.add('192.0.2.1', '', 1000).ok, true);
  assert.deepEqual(callers.add('192.0.2.2', '', 1000), {
    ok: false,
    says: "there are 1 bans already, all of them their owner's; raise bans.max_entries",
  });
});

test('whoever must get in does, through a ban of the network around and through a list', () => {
  const { callers } = open();
  callers.setNever([never('203.0.113.7', 'it is an upstream')]);
  const answer = callers.add('203.0.113.0/24', 'all of them', 1000);
  assert.deepEqual(answer.ok && answer.spared, ['203.0.113.7: it is an upstream']);
  callers.setBlocklists([listOf('wide', '203.0.0.0/16')]);
  assert.equal(why(callers, '203.0.113.7'), '');
  assert.match(why(callers, '203.0.113.8'), /^firewall\/banned/);
  assert.match(why(callers, '203.0.114.1'), /^firewall\/blocklisted/);
  callers.setNever([]);
  assert.match(why(callers, '203.0.113.7'), /^firewall\/banned/);
});

test('a blocklist is named in the verdict, the first of several, and replaced whole', () => {
  const { callers, changes } = open();
  callers.setBlocklists([listOf('drop', '192.0.2.0/24\n2001:db8:bad::/48'), listOf('other', '192.0.0.0/16')]);
  assert.equal(why(callers, '192.0.2.1'), 'firewall/blocklisted: 192.0.2.1 is on the blocklist "drop"');
  assert.equal(why(callers, '192.0.3.1'), 'firewall/blocklisted: 192.0.3.1 is on the blocklist "other"');
  assert.equal(why(callers, '2001:db8:bad::1'), 'firewall/blocklisted: 2001:db8:bad::1 is on the blocklist "drop"');
  const reader = new AddressReader();
  reader.read('192.0.2.1');
  assert.deepEqual(callers.judge(reader)?.rule, { id: 'blocklist drop', description: '/etc/drop.txt', at: '' });
  callers.setBlocklists([]);
  assert.equal(why(callers, '192.0.2.1'), '');
  assert.deepEqual(
    changes.map(({ kind }) => kind),
    ['listed', 'listed'],
  );
});

test('offences bring a ban, each further one longer, and what comes during one does not count', () => {
  const { callers, clock } = open();
  const offend = (times: number) => {
    for (let time = 0; time < times; time++) callers.offend('waf', '203.0.113.7');
  };
  offend(2);
  assert.equal(why(callers, '203.0.113.7'), '');
  offend(1);
  assert.equal(
    why(callers, '203.0.113.7'),
    'firewall/banned: 203.0.113.7 is banned until 2027-01-15T08:10:00Z: 3 requests that the WAF refused in 60 s',
  );
  offend(30);
  assert.deepEqual(
    callers.list().map(({ lengthMs, level, by }) => [lengthMs, level, by]),
    [[600_000, 0, 'gate']],
  );
  clock.advance(700_000);
  offend(3);
  assert.deepEqual(
    callers.list().map(({ lengthMs, level }) => [lengthMs, level]),
    [[2_400_000, 1]],
  );
  const { callers: off } = open({ automatic: false });
  for (let time = 0; time < 100; time++) off.offend('waf', '203.0.113.7');
  assert.equal(off.bans, 0);
});

test('offences that several processes saw are counted together, in one place, and a ban is not made twice', () => {
  const clock = new ManualClock();
  const [one, other, all] = [open({}, clock), open({}, clock), open({}, clock)];
  one.callers.offend('waf', '203.0.113.7');
  other.callers.offend('waf', '203.0.113.7');
  assert.deepEqual(one.callers.takeOffences(), [{ kind: 'waf', address: '203.0.113.7', count: 1, lengthMs: 0 }]);
  one.callers.offend('waf', '203.0.113.7');
  const notes = [...one.callers.takeOffences()!, ...other.callers.takeOffences()!];
  assert.equal(one.callers.takeOffences(), null);
  assert.deepEqual([one.callers.bans, other.callers.bans], [0, 0]);
  all.callers.weighAll(notes);
  assert.equal(why(all.callers, '203.0.113.7'), '', 'two are not three');
  all.callers.weighAll(notes);
  assert.match(why(all.callers, '203.0.113.7'), /^firewall\/banned: /);
  assert.equal(all.callers.takeOffences(), null, 'what was heard is not told again');
  const [{ kind }] = all.changes as [CallersChange];
  assert.deepEqual([kind, all.changes.length], ['banned', 1]);
  // What comes while the ban stands is no offence, wherever it is counted.
  for (let time = 0; time < 9; time++) all.callers.weighAll(notes);
  assert.equal(all.changes.length, 1);
  for (const change of all.changes) one.callers.absorb(change);
  one.callers.offend('waf', '203.0.113.7');
  assert.equal(one.callers.takeOffences(), null);
  // A limit of its own, too, and its ban as long as it says.
  for (let time = 0; time < 5; time++) {
    one.callers.repeat('login', '192.0.2.1', 7000);
    other.callers.repeat('login', '192.0.2.1', 7000);
  }
  all.callers.weighAll([...one.callers.takeOffences()!, ...other.callers.takeOffences()!]);
  assert.deepEqual(
    all.callers
      .list()
      .map(({ target, reason, lengthMs }) => [target, reason, lengthMs])
      .at(0),
    ['192.0.2.1', '10 requests over the limit "login" in 60 s', 7000],
  );
  // Who goes on counting knows what was counted, and how long the next ban is.
  const next = open({}, clock);
  next.callers.inherit(all.callers);
  next.callers.weighAll(notes);
  assert.equal(next.changes.length, 0);
  next.callers.weighAll(notes);
  assert.equal((next.changes[0] as { ban: { level: number } }).ban.level, 1);
});

test('IPv6 callers are counted by their /64, those who must get in are spared, kinds are counted apart', () => {
  const { callers } = open();
  callers.setNever([never('198.51.100.1', 'it is an upstream')]);
  for (let time = 0; time < 3; time++) callers.offend('waf', `2001:db8:1:2::${time}`);
  assert.deepEqual(
    callers.list().map(({ target }) => target),
    ['2001:db8:1:2::/64'],
  );
  for (let time = 0; time < 3; time++) callers.offend('waf', '198.51.100.1');
  assert.deepEqual([callers.spared, callers.bans], [1, 1]);
  callers.offend('handshake', '192.0.2.1');
  for (let time = 0; time < 3; time++) callers.offend('not-found', '192.0.2.1');
  for (let time = 0; time < 4; time++) callers.offend('rates', '192.0.2.1');
  assert.equal(callers.bans, 1);
  callers.offend('handshake', '192.0.2.1');
  assert.equal(why(callers, '192.0.2.1').split(': ')[2], '2 failed handshakes in 60 s');
  callers.offend('waf', 'nobody');
});

test('a limit with `repeated` bans for its own time whoever it refuses ten times in a minute', () => {
  const { callers } = open({ automatic: false });
  for (let time = 0; time < 9; time++) callers.repeat('client', '192.0.2.1', 30_000);
  assert.equal(callers.bans, 0);
  callers.repeat('client', '192.0.2.1', 30_000);
  assert.deepEqual(
    callers.list().map(({ lengthMs, reason }) => [lengthMs, reason]),
    [[30_000, '10 requests over the limit "client" in 60 s']],
  );
});

test('another process that absorbs the changes, or a snapshot, decides alike and tells nobody again', () => {
  const { callers, changes, clock } = open();
  callers.setNever([never('203.0.113.7', 'it is an upstream')]);
  callers.setBlocklists([listOf('drop', '192.0.2.0/24')]);
  callers.add('203.0.113.0/24', 'x', 50_000);
  callers.add('198.51.100.1', 'y', Number.POSITIVE_INFINITY);
  callers.remove('198.51.100.1');
  for (const given of [changes, callers.snapshot()]) {
    const other = open({}, clock);
    for (const change of structuredClone(given)) other.callers.absorb(change);
    assert.deepEqual(other.changes, []);
    for (const address of ['203.0.113.7', '203.0.113.8', '192.0.2.1', '198.51.100.1', '2001:db8::1'])
      assert.equal(why(other.callers, address), why(callers, address), address);
  }
});

test('other settings keep the bans, and bad ones are told by their place', () => {
  const { callers } = open();
  callers.add('192.0.2.1', '', 1000);
  const next = buildCallers({ ...settings, never: ['198.51.100.0/24'] }, new ManualClock());
  assert.ok(next.ok);
  callers.adopt(next.value);
  assert.equal(callers.bans, 1);
  assert.equal(callers.add('198.51.100.1', '', 1000).ok, false);
  const bad = buildCallers({ ...settings, never: ['10.0.0.0/8', '10.0.0.1/8'] }, new ManualClock());
  assert.ok(!bad.ok);
  assert.deepEqual(
    bad.problems.map(({ path, says }) => [path, says]),
    [[['never', 1], '"10.0.0.1/8" has bits set behind its prefix']],
  );
});
