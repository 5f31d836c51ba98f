import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ManualClock } from '../base/clock.ts';
import { LogRotation } from './log-rotation.ts';

const root = mkdtempSync(join(tmpdir(), 'portcullis-rotation-'));
after(() => rmSync(root, { recursive: true }));
let number = 0;
function place(): string {
  const directory = join(root, String(number++));
  mkdirSync(directory);
  return join(directory, 'access.log');
}

const never = { maxBytes: null, everyMs: null, keep: 2 };

test('a file that is too large is renamed, those before move on, and the oldest goes', () => {
  const path = place();
  const rotation = new LogRotation(new ManualClock());
  for (const text of ['first', 'second', 'third', 'fourth']) {
    writeFileSync(path, text.repeat(10));
    assert.deepEqual(rotation.rotate([path], { ...never, maxBytes: 20 }), { renamed: [path], troubles: [] });
  }
  assert.deepEqual(readdirSync(join(path, '..')).sort(), ['access.log.1', 'access.log.2']);
  assert.match(readFileSync(`${path}.1`, 'utf8'), /^fourth/);
  assert.match(readFileSync(`${path}.2`, 'utf8'), /^third/);
});

test('what is small, young, empty, missing or no file stays as it is', () => {
  const path = place();
  const rotation = new LogRotation(new ManualClock());
  writeFileSync(path, '');
  writeFileSync(`${path}.other`, 'small');
  const all = [path, `${path}.other`, `${path}.missing`, '/dev/null'];
  const nothing = { renamed: [], troubles: [] };
  assert.deepEqual(rotation.rotate(all, { ...never, maxBytes: 100 }), nothing);
  assert.deepEqual(rotation.rotate(all, never), nothing);
});

test('a file that is too old is renamed, and the next one is young', () => {
  const path = place();
  const clock = new ManualClock(Date.now());
  const rotation = new LogRotation(clock);
  const daily = { ...never, everyMs: 86_400_000 };
  writeFileSync(path, 'a line');
  utimesSync(path, new Date(), new Date());
  assert.deepEqual(rotation.rotate([path], daily).renamed, []);
  clock.advance(86_500_000);
  assert.deepEqual(rotation.rotate([path], daily).renamed, [path]);
  writeFileSync(path, 'another');
  assert.deepEqual(rotation.rotate([path], daily).renamed, []);
});

test('a directory that nobody may write in is told, and the other files are seen to', {
  skip: process.getuid?.() === 0 && 'root may write anywhere',
}, () => {
  const [closed, open] = [place(), place()];
  for (const path of [closed, open]) writeFileSync(path, 'x'.repeat(50));
  chmodSync(join(closed, '..'), 0o500);
  const { renamed, troubles } = new LogRotation(new ManualClock()).rotate([closed, open], { ...never, maxBytes: 10 });
  chmodSync(join(closed, '..'), 0o700);
  assert.deepEqual(renamed, [open]);
  assert.match(troubles[0]!, /cannot be renamed: EACCES/);
});

test('where something is in the way that is told, too', () => {
  const path = place();
  writeFileSync(path, 'x'.repeat(50));
  mkdirSync(`${path}.2`);
  writeFileSync(join(`${path}.2`, 'kept'), '');
  const { renamed, troubles } = new LogRotation(new ManualClock()).rotate([path], { ...never, maxBytes: 10 });
  assert.deepEqual(renamed, []);
  assert.match(troubles[0]!, /access\.log cannot be renamed: /);
});
