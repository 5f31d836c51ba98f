import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Progress } from './progress.ts';

function made(isTTY: boolean) {
  let written = '';
  let now = 0;
  const world = {
    stderr: {
      write: (text: string) => {
        written += text;
      },
      isTTY,
    },
  };
  const progress = new Progress(world, 'reading', () => now);
  return {
    progress,
    written: () => written,
    advance: (ms: number) => {
      now += ms;
    },
  };
}

test('on a terminal a bar is drawn over itself, not more often than anybody sees, and taken away', () => {
  const { progress, written, advance } = made(true);
  progress.show(0.1);
  assert.equal(written(), '');
  advance(150);
  progress.show(0.5, 'line 7\u001b[2J');
  progress.show(0.6);
  assert.equal(written(), `\r\x1b[2K[${'█'.repeat(12)}${'·'.repeat(12)}]  50 % reading, line 7\\x1b[2J`);
  advance(150);
  progress.show(null);
  assert.ok(written().endsWith(`\r\x1b[2K[${'·'.repeat(24)}]     reading`));
  progress.end();
  assert.ok(written().endsWith('reading\r\x1b[2K'));
  const length = written().length;
  progress.end();
  assert.equal(written().length, length);
});

test('anywhere else nothing is written', () => {
  const { progress, written, advance } = made(false);
  advance(1000);
  progress.show(0.5);
  progress.end();
  assert.equal(written(), '');
});
