import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readAssets } from './assets.ts';

test('a built dashboard is held whole, by path', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-assets-'));
  try {
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html>');
    writeFileSync(join(folder, 'assets/a-1.js'), 'a');
    writeFileSync(join(folder, 'assets/a-1.js.map'), '{}');
    const told = [...readAssets(folder)].map(([path, { type, isLasting }]) => [path, type, isLasting]);
    assert.deepEqual(told.sort(), [
      ['/', 'text/html; charset=utf-8', false],
      ['/assets/a-1.js', 'text/javascript; charset=utf-8', true],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('one that was not built says what to do', () => {
  const page = readAssets('/nowhere').get('/')!;
  assert.match(page.bytes.toString(), /not built[\s\S]*npm run prepare/);
});
