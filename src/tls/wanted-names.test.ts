// Names that clients want: asked for once, refused for a while, and never without a bound.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WantedNames } from './wanted-names.ts';

test('a name is asked for once at a time, in whatever case, and again once it was answered', async () => {
  const asked: string[] = [];
  const answers: ((isThere: boolean) => void)[] = [];
  const names = new WantedNames(
    (name) =>
      new Promise((resolve) => {
        asked.push(name);
        answers.push(resolve);
      }),
    () => 0,
  );
  const both = [names.ask('New.test'), names.ask('new.test.')];
  assert.deepEqual(asked, ['new.test']);
  answers[0]!(true);
  assert.deepEqual(await Promise.all(both), [true, true]);
  void names.ask('new.test');
  assert.equal(asked.length, 2);
});

test('a refusal holds for a minute, and a failure is one', async () => {
  let now = 0;
  let asked = 0;
  const names = new WantedNames(
    async () => {
      asked++;
      throw new Error('no');
    },
    () => now,
  );
  assert.equal(await names.ask('new.test'), false);
  now = 59_999;
  assert.equal(await names.ask('new.test'), false);
  assert.equal(asked, 1);
  now = 60_000;
  assert.equal(await names.ask('new.test'), false);
  assert.equal(asked, 2);
});

test('what is no host name is never asked for, nor one more than may wait', async () => {
  let asked = 0;
  const names = new WantedNames(
    () => {
      asked++;
      return new Promise(() => {});
    },
    () => 0,
  );
  for (const name of ['', 'localhost', '192.0.2.1', '2001:db8::1', '*.a.test', 'a b.test', 'x'.repeat(300)])
    assert.equal(await names.ask(name), false, name);
  assert.equal(asked, 0);
  for (let index = 0; index < 128; index++) void names.ask(`n${index}.test`);
  assert.equal(await names.ask('more.test'), false);
  assert.equal(asked, 128);
});
