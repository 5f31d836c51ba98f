import assert from 'node:assert/strict';
import { mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { type Files, systemFiles } from './files.ts';
import { Journal } from './journal.ts';

/** A disk in memory, which can be held up and made to fail. */
class Disk implements Files {
  text = '';
  opened = 0;
  closed = 0;
  appends = 0;
  fail: string | null = null;
  held: Promise<void> = Promise.resolve();

  async open() {
    this.opened++;
    return {
      append: async (text: string) => {
        this.appends++;
        await this.held;
        if (this.fail === null) this.text += text;
        else {
          this.text += text.slice(0, 7);
          throw new Error(this.fail);
        }
      },
      close: async () => {
        this.closed++;
      },
    };
  }
}

test('lines are gathered for 100 ms and written at once', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const disk = new Disk();
    const journal = new Journal('j', disk);
    await journal.start();
    for (const line of ['one', 'two', 'three']) journal.add(line);
    mock.timers.tick(99);
    assert.equal(disk.appends, 0);
    mock.timers.tick(1);
    await journal.flush();
    assert.equal(disk.text, 'one\ntwo\nthree\n');
    assert.deepEqual([disk.appends, disk.opened], [1, 1]);
    assert.deepEqual(journal.counts, { written: 3, dropped: 0, waiting: 0, trouble: '' });
  } finally {
    mock.timers.reset();
  }
});

test('64 KiB do not wait', async () => {
  const disk = new Disk();
  const journal = new Journal('j', disk);
  await journal.start();
  for (let line = 0; line < 65; line++) journal.add('x'.repeat(1023));
  assert.equal(disk.appends, 1);
  await journal.stop();
  assert.equal(disk.text.length, 65 * 1024);
  assert.equal(disk.closed, 1);
});

test('a slow disk holds nobody up: what has no room is dropped and counted', async () => {
  const disk = new Disk();
  let release = () => {};
  disk.held = new Promise((resolve) => {
    release = resolve;
  });
  const journal = new Journal('j', disk);
  await journal.start();
  const line = 'x'.repeat(64 * 1024);
  for (let number = 0; number < 500; number++) {
    if (journal.hasRoom) journal.add(line);
    else journal.drop();
  }
  const { waiting, dropped } = journal.counts;
  assert.equal(waiting + dropped, 500);
  assert.ok(waiting <= 129 && waiting > 100, `${waiting}`);
  release();
  await journal.flush();
  assert.deepEqual(journal.counts, { written: waiting, dropped, waiting: 0, trouble: '' });
});

test('a full disk costs lines, never half ones', async () => {
  const disk = new Disk();
  const journal = new Journal('j', disk);
  await journal.start();
  disk.fail = 'ENOSPC: no space left on device';
  journal.add('{"id":"lost"}');
  await journal.flush();
  assert.deepEqual(journal.counts, { written: 0, dropped: 1, waiting: 0, trouble: 'ENOSPC: no space left on device' });
  disk.fail = null;
  journal.add('{"id":"kept"}');
  await journal.flush();
  assert.deepEqual(disk.text.split('\n'), ['{"id":"', '{"id":"kept"}', '']);
  assert.deepEqual(journal.counts, { written: 1, dropped: 1, waiting: 0, trouble: '' });
});

test('after its end it has no room', async () => {
  const journal = new Journal('j', new Disk());
  await journal.start();
  await journal.stop();
  assert.equal(journal.hasRoom, false);
});

test('on the real disk: for its owner alone, appended to, and reopened where it was moved away', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-journal-'));
  try {
    const path = join(directory, 'journal');
    const journal = new Journal(path, systemFiles);
    await journal.start();
    journal.add('one');
    await journal.flush();
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    await rename(path, `${path}.1`);
    journal.add('two');
    await journal.reopen();
    journal.add('three');
    await journal.stop();
    assert.equal(await readFile(`${path}.1`, 'utf8'), 'one\ntwo\n');
    assert.equal(await readFile(path, 'utf8'), 'three\n');
    await assert.rejects(new Journal(join(directory, 'no', 'such'), systemFiles).start(), { code: 'ENOENT' });
  } finally {
    await rm(directory, { recursive: true });
  }
});
