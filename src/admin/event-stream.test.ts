import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { EventStream, maxReaders, maxReadersOfOne, type Sink } from './event-stream.ts';

class Browser extends EventEmitter implements Sink {
  got: string[] = [];
  takes = true;
  isOver = false;
  write(text: string): boolean {
    this.got.push(text);
    return this.takes;
  }
  end(): void {
    this.isOver = true;
    this.emit('close');
  }
}

const event = (kind: string, state: string) => `event: ${kind}\ndata: ${state}\n\n`;

test('everybody hears what is published', () => {
  const stream = new EventStream();
  const [one, other] = [new Browser(), new Browser()];
  stream.add(one, 'a');
  stream.add(other, 'b');
  stream.publish('status', { text: 'a line\nbreak' });
  for (const { got } of [one, other]) assert.deepEqual(got, [event('status', '{"text":"a line\\nbreak"}')]);
});

test('a slow browser gets the newest state of each kind, and nothing in between', () => {
  const stream = new EventStream();
  const slow = new Browser();
  stream.add(slow, 'a');
  slow.takes = false;
  for (let count = 1; count <= 1000; count++) {
    stream.publish('status', count);
    if (count % 10 === 0) stream.publish('alarm', count);
  }
  assert.deepEqual(slow.got, [event('status', '1')]);
  slow.emit('drain');
  assert.equal(slow.got.length, 2);
  slow.takes = true;
  slow.emit('drain');
  assert.deepEqual(slow.got.slice(1).sort(), [event('alarm', '1000'), event('status', '1000')]);
  stream.publish('status', 1001);
  assert.equal(slow.got.at(-1), event('status', '1001'));
});

test('a thousand tabs of one browser hold as many streams as one may', () => {
  const stream = new EventStream();
  const tabs = Array.from({ length: 1000 }, () => new Browser());
  for (const tab of tabs) stream.add(tab, 'browser 1');
  assert.deepEqual([stream.size, tabs.filter(({ isOver }) => !isOver).length], [maxReadersOfOne, maxReadersOfOne]);
  assert.ok(!tabs.at(-1)!.isOver);
});

test('many browsers hold as many as there may be', () => {
  const stream = new EventStream();
  for (let count = 0; count < 1000; count++) stream.add(new Browser(), `browser ${count}`);
  assert.equal(stream.size, maxReaders);
});

test('who leaves is forgotten, and who is logged out hears no more', () => {
  const stream = new EventStream();
  const [one, other] = [new Browser(), new Browser()];
  stream.add(one, 'a');
  stream.add(other, 'b');
  one.emit('close');
  assert.equal(stream.size, 1);
  stream.end('b');
  assert.deepEqual([stream.size, other.isOver], [0, true]);
  stream.publish('status', 1);
  assert.deepEqual([one.got, other.got.length], [[], 0]);
});
