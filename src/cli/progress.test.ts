import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaited, Progress } from './progress.ts';

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

test('what somebody else does is awaited, whatever becomes of it, and leaves a clean line', async () => {
  for (const isTTY of [true, false]) {
    let written = '';
    const stderr = {
      isTTY,
      write: (text: string) => {
        written += text;
      },
    };
    assert.equal(await awaited({ stderr }, 'waiting', Promise.resolve(7)), 7);
    await assert.rejects(awaited({ stderr }, 'waiting', Promise.reject(new Error('refused'))), /refused/);
    let finish: (value: number) => void = () => {};
    const drawn = new Promise<number>((resolve) => {
      finish = resolve;
    });
    const slow = {
      isTTY,
      write: (text: string) => {
        written += text;
        finish(8);
      },
    };
    if (isTTY) {
      assert.equal(await awaited({ stderr: slow }, 'a\u001bb', drawn), 8);
      assert.match(written, /\[·+\] +a\\x1bb, [0-9.]+ m?s\r\x1b\[2K$/);
    } else assert.equal(written, '');
  }
});
