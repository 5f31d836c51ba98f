// Recorded requests decided once more: by real gates' journals, and a configuration that changed.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { answering, ok, type Standing, stand } from '../../test/scenarios/world.ts';
import type { Arguments, Command } from './command.ts';
import { replay } from './replay.ts';
import { waf } from './waf.ts';

async function running(t: TestContext): Promise<Standing> {
  const upstream = await answering(t, () => ok('fine'));
  return stand(t, upstream.port);
}

const yaml = (more: string, site = '') =>
  `listen: [{ port: 8080 }]\nfirewall: { default: allow }\nrates: []\n${more}\nsites:\n  - host: '*'\n    to: 1\n${site}`;

function asking(world: Standing) {
  return async (command: Command, words: string[], options: Arguments['options'] = {}) => {
    const said: string[] = [];
    const stdout = { write: (text: string) => said.push(text) };
    const surroundings = {
      stdout,
      stderr: { write: () => true },
      env: { PORTCULLIS_DATA: world.directory },
      cwd: world.directory,
      stop: new AbortController().signal,
    };
    const code = await command.run({ words, options }, surroundings);
    return { code, out: said.join('') };
  };
}

test('what a configuration would newly refuse and let through is told with examples', async (t) => {
  const world = await running(t);
  assert.equal((await world.get('/admin')).status, 200);
  assert.equal((await world.get('/admin/users')).status, 200);
  assert.equal((await world.get("/?q=1'%20or%20'1'='1")).status, 403);
  assert.equal((await world.get('/')).status, 200);
  await world.stopAndReadJournal();
  const ask = asking(world);
  await writeFile(join(world.directory, 'same.yaml'), yaml(''));
  const same = await ask(replay, ['journal.jsonl'], { with: 'same.yaml' });
  assert.deepEqual(
    [same.code, same.out],
    [0, '4 requests decided once more: 4 as before, 0 newly refused, 0 newly let through\n'],
  );
  await writeFile(
    join(world.directory, 'new.yaml'),
    yaml('rules: [block if path is under /admin]\nwaf: { mode: off }'),
  );
  const changed = await ask(replay, ['journal.jsonl'], { with: 'new.yaml' });
  assert.equal(changed.code, 1);
  const lines = changed.out.split('\n');
  assert.equal(lines[0], '4 requests decided once more: 1 as before, 2 newly refused, 1 newly let through');
  assert.ok(lines.includes('newly refused  2 ×  rules/blocked  rule 1'), changed.out);
  assert.ok(lines.includes('  GET /admin/users'));
  assert.ok(
    lines.some((line) => line.startsWith('newly let through  1 ×  waf/sql-injection')),
    changed.out,
  );
});

test('a false alarm becomes the smallest exclusion, with what it would let through, and is written into the file', async (t) => {
  const world = await running(t);
  const refused = await world.get("/search?q=1'%20or%20'1'='1&page=2");
  const id = refused.headers.get('x-request-id')!;
  const ask = asking(world);
  const file = join(world.directory, 'portcullis.yaml');
  await writeFile(file, yaml('', '    hsts: false   # not yet\n'));
  const shown = await ask(waf, ['exclude', id]);
  assert.equal(shown.code, 0);
  assert.match(
    shown.out,
    /^site \*, waf\.exclude:\n {2}- \{"detector":"\d+","place":"ARGS:q","path":"\/search","method":"GET","until":"20\d\d-\d\d-\d\d",/,
  );
  assert.match(shown.out, /The recorded request passes with it\./);
  assert.match(shown.out, /Of 15 samples of attacks in that place, \d+ would newly pass/);
  assert.match(shown.out, /In another argument of the same route 1[0-5] of 15 are still refused\./);
  const written = await ask(waf, ['exclude', id], { write: true, for: '30d', because: 'people search for that' });
  assert.equal(written.code, 0, written.out);
  const replayed = await ask(waf, ['test'], { get: "/search?q=1' or '1'='1&page=2" });
  assert.equal(replayed.code, 0, replayed.out);
  for (const elsewhere of ["/search?page=1' or '1'='1", "/other?q=1' or '1'='1"])
    assert.equal((await ask(waf, ['test'], { get: elsewhere })).code, 1, elsewhere);
  assert.equal((await ask(waf, ['test'], { get: "/search?q=1' or '1'='1", method: 'PUT' })).code, 1);
});

test('what cannot be excluded says so', async (t) => {
  const world = await running(t);
  const fine = await world.get('/');
  const ask = asking(world);
  await writeFile(join(world.directory, 'portcullis.yaml'), yaml(''));
  const id = fine.headers.get('x-request-id')!;
  await assert.rejects(ask(waf, ['exclude', id]), /the WAF found nothing in this request/);
  await assert.rejects(ask(waf, ['exclude', 'nobody']), /no request nobody is remembered/);
  await assert.rejects(ask(waf, ['exclude']), /needs the id of a request/);
  await assert.rejects(ask(replay, []), /replay needs a journal/);
  await assert.rejects(ask(replay, ['none.jsonl']), /cannot be read/);
});
