// Who gets a certificate on demand: names that the owner's program says yes to, within limits that hold whatever it says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OnDemand } from './on-demand.ts';

function standing(max: number, perMinute: number, status: (url: string) => number | Promise<number>) {
  const demanded: string[] = [];
  const said: string[] = [];
  const time = { now: 0 };
  const onDemand = new OnDemand(
    { ask: 'http://127.0.0.1:9000/allowed?key=1', max, perMinute },
    {
      clock: { now: () => time.now, monotonicMs: () => time.now },
      status: async (url) => status(url),
      demand: async (name) => demanded.push(name) > 0,
      say: (text) => said.push(text),
    },
  );
  return { onDemand, demanded, said, time };
}

test('the program is asked with the name; 200 is yes, everything else and silence is no', async () => {
  const urls: string[] = [];
  const { onDemand, demanded, said } = standing(10, 10, (url) => {
    urls.push(url);
    if (url.includes('down')) throw new Error('fetch failed');
    return url.includes('yes') ? 200 : 404;
  });
  assert.equal(await onDemand.decide('yes.test'), true);
  assert.equal(await onDemand.decide('no.test'), false);
  assert.equal(await onDemand.decide('down.test'), false);
  assert.equal(urls[0], 'http://127.0.0.1:9000/allowed?key=1&domain=yes.test');
  assert.deepEqual(demanded, ['yes.test']);
  assert.deepEqual(said, [
    'no certificate on demand for no.test: http://127.0.0.1:9000/allowed?key=1 says 404',
    'no certificate on demand for down.test: http://127.0.0.1:9000/allowed?key=1 does not answer: fetch failed',
  ]);
});

test('no more names than the limit, however often the program says yes; those that have one keep it', async () => {
  const { onDemand, demanded } = standing(2, 100, () => 200);
  const granted = await Promise.all(['a.test', 'b.test', 'c.test', 'd.test'].map((name) => onDemand.decide(name)));
  assert.deepEqual(granted, [true, true, false, false]);
  assert.equal(await onDemand.decide('a.test'), true);
  assert.deepEqual(demanded, ['a.test', 'b.test', 'a.test']);
});

test('no more in a minute than that, also where the program says no', async () => {
  const { onDemand, said, time } = standing(100, 3, () => 404);
  for (const name of ['a.test', 'b.test', 'c.test', 'd.test']) await onDemand.decide(name);
  assert.match(said.at(-1)!, /d\.test: more than 3 a minute were asked for/);
  time.now += 20_000;
  await onDemand.decide('e.test');
  assert.match(said.at(-1)!, /e\.test: .* says 404/);
});

test('one name is asked about once at a time', async () => {
  let asked = 0;
  const { onDemand } = standing(10, 10, async () => {
    asked++;
    return 200;
  });
  assert.deepEqual(await Promise.all([onDemand.decide('a.test'), onDemand.decide('a.test')]), [true, true]);
  assert.equal(asked, 1);
});
