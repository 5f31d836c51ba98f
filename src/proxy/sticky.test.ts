import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exchangeOf } from '../../test/proxy-world.ts';
import { ManualClock } from '../base/clock.ts';
import { cookieOf } from '../traffic/cookie.ts';
import { Headers } from '../traffic/headers.ts';
import { keyReader } from './keys.ts';
import { keptKey, lots } from './secrets.ts';
import { idOf, Sticky } from './sticky.ts';

const settings = { cookie: 'stuck', path: '/app', maxAgeSeconds: 3600, sameSite: 'lax' } as const;
const secret = Buffer.alloc(32, 1);

function stickyOf(over: Partial<typeof settings> = {}, key = secret, site = 'a.example') {
  const clock = new ManualClock();
  return { clock, sticky: new Sticky({ ...settings, ...over }, key, site, () => clock.now()) };
}

const withCookie = (cookie: string, secure = false) =>
  exchangeOf({ headers: Headers.from([['Cookie', cookie]]), secure });

/** The cookie that a line sets, as a client would send it. */
const sent = (line: string) => line.slice('Set-Cookie: '.length, line.indexOf(';'));

test('the cookie has its attributes, and says nothing of the endpoint’s address', () => {
  const { sticky } = stickyOf();
  const line = sticky.line(exchangeOf(), idOf(0xbeef));
  assert.match(
    line,
    /^Set-Cookie: stuck=1\.0000beef\.[0-9a-z]+\.[A-Za-z0-9_-]{22}; Path=\/app; Max-Age=3600; HttpOnly; SameSite=Lax\r\n$/,
  );
  assert.match(sticky.line(exchangeOf({ secure: true }), idOf(1)), /; SameSite=Lax; Secure\r\n$/);
  const none = new Sticky({ ...settings, sameSite: 'none' }, secret, 'a', () => 0);
  assert.match(none.line(exchangeOf({ secure: true }), idOf(1)), /; SameSite=None; Secure\r\n$/);
  assert.match(none.line(exchangeOf(), idOf(1)), /; SameSite=Lax\r\n$/, 'browsers take None with Secure only');
});

test('what was set is read, and set again only for another endpoint or when half its time is over', () => {
  const { sticky, clock } = stickyOf();
  const exchange = withCookie(`a=b; ${sent(sticky.line(exchangeOf(), idOf(7)))}; c=d`);
  assert.equal(sticky.read(exchange), idOf(7));
  assert.equal(sticky.line(exchange, idOf(7)), '');
  assert.notEqual(sticky.line(exchange, idOf(8)), '');
  clock.advance(1_799_000);
  assert.equal(sticky.line(exchange, idOf(7)), '');
  clock.advance(1000);
  assert.notEqual(sticky.line(exchange, idOf(7)), '');
  assert.equal(sticky.read(exchange), idOf(7));
  clock.advance(1_800_000);
  assert.equal(sticky.read(exchange), '', 'stale');
});

test('a cookie of another secret, another site, or the future is none', () => {
  const { sticky } = stickyOf();
  const line = sticky.line(exchangeOf(), idOf(7));
  assert.equal(stickyOf({}, Buffer.alloc(32, 2)).sticky.read(withCookie(sent(line))), '');
  assert.equal(stickyOf({}, secret, 'b.example').sticky.read(withCookie(sent(line))), '');
  const past = new Sticky(settings, secret, 'a.example', () => 0);
  assert.equal(past.read(withCookie(sent(line))), '');
});

test('property: no change of a single character makes another valid cookie', () => {
  const { sticky } = stickyOf();
  const cookie = sent(sticky.line(exchangeOf(), idOf(7)));
  const value = cookie.slice('stuck='.length);
  fc.assert(
    fc.property(fc.nat(value.length - 1), fc.stringMatching(/^[!-~]?$/), (at, character) => {
      const forged = value.slice(0, at) + character + value.slice(at + 1);
      if (forged !== value) assert.equal(sticky.read(withCookie(`stuck=${forged}`)), '');
    }),
    { numRuns: 2000 },
  );
});

test('property: any cookie header is read without harm', () => {
  const { sticky } = stickyOf();
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9a-z.]{0,70}$/), (noise, value) => {
      assert.equal(sticky.read(withCookie(noise)), '');
      assert.equal(sticky.read(withCookie(`stuck=${value}`)), '');
    }),
  );
});

test('a cookie is found by its whole name', () => {
  for (const [header, value] of [
    ['stuck=1', '1'],
    ['a=b; stuck=1', '1'],
    ['a=b;stuck=1;c=d', '1'],
    ['a=b;   stuck=', ''],
    ['unstuck=1', ''],
    ['stuck2=1', ''],
    ['a=stuck=1', ''],
    ['stuck=1; stuck=2', '1'],
    ['', ''],
    [';;; ;', ''],
  ] as const)
    assert.equal(cookieOf(withCookie(header), 'stuck'), value, header);
});

test('keys: the client, the URL, a header, a cookie; what is missing counts as the client', () => {
  const headers = Headers.from([
    ['X-User', 'ada'],
    ['Cookie', 'session=abc'],
  ]);
  const one = exchangeOf({ headers, client: '192.0.2.1', path: '/a', query: 'b=1' });
  const other = exchangeOf({ headers, client: '192.0.2.2', path: '/a' });
  for (const [by, isSame] of [
    ['client', false],
    ['url', false],
    ['header:X-User', true],
    ['cookie:session', true],
    ['header:X-Missing', false],
    ['cookie:missing', false],
  ] as const) {
    const key = keyReader(by);
    assert.equal(key(one) === key(other), isSame, by);
    assert.equal(key(one), keyReader(by)(one), 'the same in every worker');
  }
  assert.equal(keyReader('header:x-missing')(one), keyReader('client')(one));
});

test('the key is made once, kept for its owner alone, and read again', async () => {
  const files = new Map<string, { text: string; mode: number }>();
  const disk = {
    read: (path: string) =>
      files.has(path)
        ? Promise.resolve(files.get(path)!)
        : Promise.reject(Object.assign(new Error('none'), { code: 'ENOENT' })),
    replace: async (path: string, text: string, mode: number) => void files.set(path, { text, mode }),
    keepDirectory: async () => {},
  };
  const made = await keptKey(disk, '/data', 'sticky.key');
  assert.equal(made.length, 32);
  assert.equal(files.get('/data/sticky.key')!.mode, 0o600);
  assert.deepEqual(await keptKey(disk, '/data', 'sticky.key'), made);
  files.set('/data/sticky.key', { text: 'spoilt', mode: 0o600 });
  assert.notDeepEqual(await keptKey(disk, '/data', 'sticky.key'), made, 'one that is no key is made anew');
  const broken = { ...disk, read: () => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' })) };
  await assert.rejects(keptKey(broken, '/data', 'sticky.key'), { code: 'EACCES' });
});

test('lots: from 0 to below 1, the same for the same seed, also for seed 0', () => {
  for (const seed of [0, 1, 7, 2 ** 47 - 1]) {
    const [one, two] = [lots(seed), lots(seed)];
    for (let time = 0; time < 1000; time++) {
      const lot = one();
      assert.ok(lot >= 0 && lot < 1);
      assert.equal(two(), lot);
    }
  }
});
