// Learning over two workers: a period of traffic, the model that comes of it, and the same gate with that model.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { answerOn, opened, place } from './loaded-gate.ts';

const site = (ours: string, more: string): string =>
  ours.replace("sites: [{ host: '*',", `sites: [{ host: '*', ${more},`);

test('what two workers learnt is proposed, put into force by a reload, and holds', async (t) => {
  const gate = await place(t, 'workers: 2\nrates: []');
  const file = join(gate.directory, 'portcullis.yaml');
  const plain = readFileSync(file, 'utf8');
  writeFileSync(file, site(plain, 'learn: /'));
  assert.equal((await gate.reload()).code, 0);
  const status = async (path: string): Promise<string> => {
    // A connection each: both workers get some.
    const socket = await opened(gate.ports[0]!);
    const text = await answerOn(socket, path);
    socket.destroy();
    return text!.slice(9, 12);
  };
  for (let number = 0; number < 30; number++) assert.equal(await status(`/items/${number}?color=red`), '200');
  const proposed = await gate.command('waf', 'learn');
  assert.equal(proposed.code, 0, proposed.stderr);
  assert.match(proposed.stdout, /^# What was learnt of \*: 30 requests from /);
  assert.match(proposed.stdout, /^ {2}\/items\/\{part1\}:$/m);
  writeFileSync(join(gate.directory, 'learnt.yaml'), proposed.stdout);
  writeFileSync(file, site(plain, 'model: { file: learnt.yaml }'));
  const reloaded = await gate.reload();
  assert.equal(reloaded.code, 0, reloaded.stderr);
  assert.deepEqual(
    [
      await status('/items/4711?color=blue'),
      await status('/items/x?color=red'),
      await status('/items/1?color=%27--'),
      await status('/items/1?debug=1'),
      await status('/other'),
    ],
    ['200', '400', '400', '400', '404'],
  );
  assert.match((await gate.command('waf', 'learn', '--forget')).stdout, /^What was learnt is forgotten/);
  assert.equal((await gate.command('waf', 'learn')).code, 1);
});
