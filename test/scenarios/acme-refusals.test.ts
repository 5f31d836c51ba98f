// What a CA may answer instead of a certificate: limits, outages, nonsense, a clock of its own. Time is moved by hand.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../../src/base/clock.ts';
import { Doctor } from '../../src/supervisor/certificates/doctor.ts';
import { acmeSettings, keeperWorld, rested } from '../keeper-world.ts';
import { type Asked, refusal, type Scripted, scriptedCa } from '../scripted-ca.ts';

const hour = 3_600_000;
const name = 'a.example.net';

async function world(context: TestContext) {
  // A whole second, as in the fields of HTTP.
  const clock = new ManualClock(Math.floor(Date.now() / 1000) * 1000);
  const ca = await scriptedCa(context);
  ca.now = () => clock.now();
  const keeping = await keeperWorld(context, clock);
  return { ...keeping, clock, ca, settings: acmeSettings(context, [ca], [name]) };
}

/** Once, for requests to this path. */
function at(path: string, answer: Scripted): (asked: Asked) => Scripted | null {
  return (asked) => (asked.path === path ? answer : null);
}

const date = (ms: number) => new Date(ms).toUTCString();

type Refusing = (fields: Record<string, string>) => (asked: Asked) => Scripted | null;
const busy: Refusing = (fields) => at('/dir', { status: 503, fields, body: 'busy' });
const refusing: readonly (readonly [string, Refusing])[] = [
  ['rateLimited at an order', (fields) => at('/new-order', refusal('rateLimited', 429, fields))],
  ['rateLimited at the account', (fields) => at('/new-account', refusal('rateLimited', 429, fields))],
  ['503 at the directory', busy],
  ['429 at a nonce', (fields) => at('/new-nonce', { status: 429, fields })],
  ['503 when the order is to be made good', (fields) => at('/finalize', refusal('serverInternal', 503, fields))],
];
for (const [what, script] of refusing)
  for (const form of ['seconds', 'a date'] as const)
    test(`${what}, with Retry-After in ${form}: the CA is not asked before, and then it is`, async (context) => {
      const { clock, ca, keeperOf, settings, until, warned, said } = await world(context);
      // The date is one of the CA's clock, which is not ours.
      ca.now = () => clock.now() + 2 * hour;
      ca.script = script({ 'Retry-After': form === 'seconds' ? '3600' : date(ca.now() + hour) });
      const keeper = keeperOf();
      await keeper.adopt(settings, []);
      keeper.start();
      await until(() => warned.length === 1);
      const { failure, order } = keeper.all[0]!.kept;
      assert.equal(failure!.nextAt - failure!.at, hour, failure!.says);
      assert.equal(order !== null, what.startsWith('503 when'), 'an order that is under way stays');
      const before = ca.asked.length;
      ca.script = () => null;
      clock.advance(hour - 1);
      await keeper.adopt(settings, []);
      await assert.rejects(keeper.renew(name, false), /is not due before/);
      assert.equal(ca.asked.length, before);
      clock.advance(1);
      await keeper.adopt(settings, []);
      await until(() => said.length === 1);
      assert.equal(ca.orders, what.includes('order') ? (order === null ? 2 : 1) : 1);
    });

test('what a clock has put off that was years ahead is done when it is right again', async (context) => {
  const { clock, ca, keeperOf, settings, until, warned, said } = await world(context);
  const years = 15 * 365 * 24 * hour;
  clock.advance(years);
  ca.script = at('/new-order', refusal('rejectedIdentifier', 400, { 'Retry-After': '86400' }));
  const first = keeperOf();
  await first.adopt(settings, []);
  first.start();
  await until(() => warned.length === 1);
  first.stop();
  clock.advance(-years);
  ca.script = () => null;
  const second = keeperOf();
  await second.adopt(settings, []);
  second.start();
  await until(() => said.length === 1);
});

test('a gate that starts anew remembers when the CA would be asked', async (context) => {
  const { clock, ca, keeperOf, settings, until, warned } = await world(context);
  ca.script = at('/new-order', refusal('rateLimited', 429, { 'Retry-After': '86400' }));
  const first = keeperOf();
  await first.adopt(settings, []);
  first.start();
  await until(() => warned.length === 1);
  first.stop();
  const before = ca.asked.length;
  clock.advance(23 * hour);
  const second = keeperOf();
  await second.adopt(settings, []);
  second.start();
  await assert.rejects(second.renew(name, false), /is not due before/);
  assert.equal(ca.asked.length, before);
});

test('a CA that is busy is left alone with every name; one that limits a name, with that one', async (context) => {
  const { ca, keeperOf, until, warned, said, clock } = await world(context);
  const both = acmeSettings(context, [ca], [name, 'b.example.net']);
  const limit = refusal('rateLimited', 429, { 'Retry-After': '3600' });
  ca.script = ({ path, payload }) => (path === '/new-order' && JSON.stringify(payload).includes(name) ? limit : null);
  const keeper = keeperOf();
  await keeper.adopt(both, []);
  keeper.start();
  await until(() => warned.length === 1 && said.length === 1);
  assert.match(said[0]!, /^b\.example\.net has/);
  ca.script = busy({ 'Retry-After': '3600' });
  clock.advance(2 * hour);
  await assert.rejects(keeper.renew(name, true), /without a problem document/);
  const before = ca.asked.length;
  await assert.rejects(keeper.renew('b.example.net', true), /it would be left alone until/);
  assert.equal(ca.asked.length, before);
});

test('while the first CA wants to be left alone, only the second is asked', async (context) => {
  const { clock, ca, keeperOf, until, warned, said } = await world(context);
  const second = await scriptedCa(context);
  second.now = ca.now;
  ca.script = at('/new-order', refusal('rateLimited', 429, { 'Retry-After': '86400' }));
  second.script = at('/new-order', refusal('serverInternal', 500));
  const settings = acmeSettings(context, [ca, second], [name]);
  const keeper = keeperOf();
  await keeper.adopt(settings, []);
  keeper.start();
  await until(() => warned.length === 1);
  const before = ca.asked.length;
  const { failure } = keeper.all[0]!.kept;
  assert.equal(failure!.nextAt - failure!.at, 60_000, 'the second is asked again as ever');
  clock.advance(60_000);
  await keeper.adopt(settings, []);
  await until(() => warned.length === 2);
  assert.deepEqual([ca.asked.length, second.orders], [before, 2]);
  clock.advance(24 * hour);
  ca.script = () => null;
  await keeper.adopt(settings, []);
  await until(() => said.length === 1);
  assert.equal(keeper.all[0]!.kept.certificate!.authority, ca.directory);
});

const long = 'x'.repeat(2 << 20);
const proofs = Array.from({ length: 1000 }, (_, index) => `https://127.0.0.1:1/${index}`);
const nonsense: readonly (readonly [string, string, Scripted, RegExp])[] = [
  ['a directory that is no JSON', '/dir', { body: '<html>' }, /is no JSON object/],
  ['a directory that is another thing', '/dir', { body: {} }, /is no ACME directory: it has no newNonce/],
  ['a directory without end', '/dir', { body: long }, /its answer is longer than 1048576 bytes/],
  ['a directory elsewhere', '/dir', { status: 302, fields: { Location: '/x' } }, /status 302 without a problem/],
  ['no nonce', '/new-nonce', { fields: { 'Replay-Nonce': '' } }, /it gave no nonce/],
  ['an account without address', '/new-account', { status: 201, body: {} }, /it gave the account no address/],
  ['an order without address', '/new-order', { status: 201, body: {} }, /it gave the order no address/],
  ['an order that is no JSON', '/new-order', { fields: { Location: 'https://x/' }, body: 'ok' }, /is no JSON object/],
  [
    'a thousand proofs for one name',
    '/new-order',
    {
      fields: { Location: 'https://127.0.0.1:1/o' },
      body: { status: 'pending', authorizations: proofs, finalize: 'https://127.0.0.1:1/' },
    },
    /badOrder: it wants 1000 proofs for 1 names/,
  ],
  [
    'an order that fails without a reason',
    '/finalize',
    { body: { status: 'invalid', finalize: 'https://127.0.0.1:1/' } },
    /the order became invalid without a reason/,
  ],
  [
    'addresses without TLS',
    '/new-order',
    { fields: { Location: 'https://127.0.0.1:1/o' }, body: { status: 'ready', finalize: 'http://127.0.0.1:1/' } },
    /the order has an address that is none: "http:\/\/127/,
  ],
  ['what is no certificate', '/certificate', { body: 'PEM' }, /what it gave is no certificate/],
  ['a problem that is none', '/new-order', { status: 400, body: '{"type":7' }, /status 400 without a problem document/],
  ['nonces that it never takes', '/new-order', refusal('badNonce', 400), /badNonce/],
];
for (const [what, path, answer, says] of nonsense)
  test(`${what}: told, tried again after a minute, and then it is well`, async (context) => {
    const { clock, ca, keeperOf, settings, until, warned, said, served } = await world(context);
    ca.script = at(path, answer);
    const keeper = keeperOf();
    await keeper.adopt(settings, []);
    keeper.start();
    await until(() => warned.length === 1);
    assert.match(warned[0]!, says);
    assert.equal(served.size, 0);
    assert.equal(keeper.all[0]!.kept.failure!.nextAt - clock.now(), 60_000);
    assert.ok(ca.asked.length < 40, `${ca.asked.length} requests`);
    ca.script = () => null;
    clock.advance(60_000);
    await keeper.adopt(settings, []);
    await until(() => said.length === 1 || warned.length === 2);
    assert.equal(said.length, 1, warned[1]);
  });

test('an order that comes to nothing is given up after eight attempts, and another is made', async (context) => {
  const { clock, ca, keeperOf, settings, until, warned, said } = await world(context);
  const gone = { Location: 'https://127.0.0.1:1/o' };
  ca.script = at('/new-order', { fields: gone, body: { status: 'processing', finalize: 'https://127.0.0.1:1/f' } });
  const keeper = keeperOf();
  await keeper.adopt(settings, []);
  keeper.start();
  for (let failures = 1; failures <= 8; failures++) {
    await until(() => warned.length === failures);
    ca.script = () => null;
    clock.advance(24 * hour);
    await keeper.adopt(settings, []);
  }
  await until(() => said.length === 1);
  assert.equal(ca.orders, 2);
});

test('a certificate for another name, another key, or that is over, is not used', async (context) => {
  const { ca, keeperOf, settings, until, warned, served, clock } = await world(context);
  ca.life = { from: -90 * 24 * hour, to: -hour };
  const keeper = keeperOf();
  await keeper.adopt(settings, []);
  keeper.start();
  await until(() => warned.length === 1);
  assert.match(warned[0]!, /cannot be used: it ended at .*, and the clock of this machine says/);
  ca.life = { from: -hour, to: 24 * hour };
  // What it certified for another order: another key, then another name.
  let other = '';
  ca.script = ({ path }) => (path === '/certificate' && other !== '' ? { body: other } : null);
  await keeper.renew(name, true);
  other = keeper.all[0]!.kept.certificate!.chainPem;
  const good = served.get(`acme:${name}`)!;
  await assert.rejects(keeper.renew(name, true), /cannot be used: it is not for the key that was sent/);
  assert.equal(served.get(`acme:${name}`), good, 'the one in use stays');
  assert.ok(keeper.all[0]!.chain!.notAfter > clock.now());
});

test('clocks that differ: the doctor says by how much, and a certificate that begins later is used and told', async (context) => {
  const { clock, ca, keeperOf, settings, until, warned, said, served } = await world(context);
  const keeper = keeperOf();
  await keeper.adopt(settings, []);
  const reach = { useTokens: async () => {}, putCertificates: async () => {} };
  const doctor = new Doctor({ clock, keeper, reach, listeners: () => [], denial: async () => '' });
  const examined = async () => (await doctor.examine('')).find(({ check }) => check === 'clock')!;
  assert.equal((await examined()).level, 'good');
  const host = new URL(ca.directory).host;
  for (const [skew, words] of [
    [2 * hour, 'the clock of this machine is 120 minutes behind that of'],
    [-26 * hour, 'the clock of this machine is 1560 minutes ahead of that of'],
  ] as const) {
    ca.now = () => clock.now() + skew;
    const { level, says, cure } = await examined();
    assert.deepEqual([level, says, cure], ['problem', `${words} ${host}`, 'set it: timedatectl set-ntp true']);
  }
  ca.now = () => clock.now() + 2 * hour;
  keeper.start();
  await until(() => said.length === 1);
  assert.equal(served.size, 1);
  assert.match(
    warned[0]!,
    /^the certificate for a\.example\.net is valid from .*, which is still to come by the clock/,
  );
});

test('the doctor counts what a public CA would: failed proofs, the same names, names under a domain', async (context) => {
  const { clock, ca, keeperOf, settings } = await world(context);
  const [authority] = settings.authorities;
  const keeper = keeperOf();
  await keeper.adopt({ ...settings, authorities: [{ ...authority!, isLimited: true }] }, []);
  const reach = { useTokens: async () => {}, putCertificates: async () => {} };
  const doctor = new Doctor({ clock, keeper, reach, listeners: () => [], denial: async () => '' });
  const host = new URL(ca.directory).host;
  const entry = { at: clock.now(), authority: ca.directory, names: [name] };
  for (let time = 0; time < 5; time++) {
    await keeper.ledger.note({ ...entry, kind: 'failure' });
    await keeper.ledger.note({ ...entry, kind: 'certificate', isNew: time === 0 });
  }
  for (let time = 0; time < 49; time++)
    await keeper.ledger.note({ ...entry, kind: 'certificate', names: [`h${time}.example.net`] });
  const budgets = (await doctor.examine(name)).filter(({ check }) => check === 'budget');
  const [anHour, aWeek] = [hour, 7 * 24 * hour].map((ms) => new Date(clock.now() + ms).toISOString());
  assert.deepEqual(
    budgets.map(({ level, says, cure }) => `${level}: ${says}: ${cure}`),
    [
      `problem: the budget of 5 failed proofs of one name in an hour at ${host} is spent: wait until ${anHour}, or name a fallback`,
      `problem: the budget of 5 certificates for the same names in a week at ${host} is spent: wait until ${aWeek}, or name a fallback`,
      `warning: the budget of 50 certificates for new names under example.net in a week at ${host} is spent; counted by the last labels, where the CA counts by the public suffix list: wait until ${aWeek}, or name a fallback`,
      `good: 300 of 300 orders of one account in three hours are left at ${host}: `,
    ],
  );
  await assert.rejects(keeper.renew(name, true), /the budget at .* is spent \(5 failed proofs .*, 5 certificates/);
  assert.equal(ca.orders, 0);
});

test('what an order says of the profile, and of the certificate that it replaces (RFC 9773 5)', async (context) => {
  const { ca, keeperOf, until, said, clock } = await world(context);
  const base = ca.directory.slice(0, -'/dir'.length);
  ca.more = { renewalInfo: `${base}/renewal-info`, meta: { profiles: { shortlived: 'six days' } } };
  // Limits its renewal information for longer than the day after which it would be asked again.
  ca.script = at('/renewal-info', refusal('rateLimited', 429, { 'Retry-After': '172800' }));
  const settings = acmeSettings(context, [ca], [name], { profile: 'shortlived' });
  const keeper = keeperOf();
  await keeper.adopt(settings, []);
  keeper.start();
  await until(() => said.length === 1);
  await rested(keeper);
  assert.equal(keeper.all[0]!.kept.renewal!.askAt, clock.now() + 48 * hour);
  const { certificateId } = keeper.all[0]!;
  // Somebody else has replaced it meanwhile: once more, without a word about it.
  ca.script = ({ path, payload }) =>
    path === '/new-order' && 'replaces' in payload ? refusal('alreadyReplaced', 409) : null;
  await keeper.renew(name, true);
  const payloads = ca.asked.filter(({ path }) => path === '/new-order').map(({ payload }) => payload);
  const identifiers = [{ type: 'dns', value: name }];
  assert.deepEqual(payloads, [
    { identifiers, profile: 'shortlived' },
    { identifiers, profile: 'shortlived', replaces: certificateId },
    { identifiers, profile: 'shortlived' },
  ]);
});

test('a CA whose windows lie in the past has a certificate renewed once an hour, not at once again', async (context) => {
  const { ca, keeperOf, settings, until, said, clock } = await world(context);
  const base = ca.directory.slice(0, -'/dir'.length);
  ca.more = { renewalInfo: `${base}/renewal-info` };
  const suggestedWindow = { start: '2020-01-01T00:00:00Z', end: '2020-01-02T00:00:00Z' };
  ca.script = at('/renewal-info', { body: { suggestedWindow } });
  const keeper = keeperOf();
  await keeper.adopt(settings, []);
  keeper.start();
  await until(() => said.length === 1);
  await rested(keeper);
  assert.equal(keeper.all[0]!.renewAt, clock.now() + hour);
  clock.advance(hour);
  await keeper.adopt(settings, []);
  await until(() => said.length === 2);
});
