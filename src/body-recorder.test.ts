// What of a body is written down: shapes never show a value, and all of it only where that was chosen and it is short enough.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyRecorder, shapeOf } from './body-recorder.ts';
import { Connection } from './traffic/connection.ts';
import { Exchange } from './traffic/exchange.ts';
import { Headers } from './traffic/headers.ts';

function recorded(body: string | Buffer, type: string, bodies: 'shapes' | 'full', max = 100) {
  const connection = new Connection(1, '192.0.2.7', 50000, '192.0.2.1', 443, ':443', false, 0);
  const headers = Headers.from([['content-type', type]]);
  const exchange = new Exchange('1', connection, 1, 0, 'POST', '/', '/', '', '1.1', 'a', headers, body.length);
  const recorder = new BodyRecorder(max);
  for (const byte of Buffer.from(body)) recorder.feed(Buffer.from([byte]));
  recorder.end();
  return recorder.record(exchange, { bodies, maxBodyBytes: max }, 'key');
}

test('shapes name names and kinds, and no value', () => {
  assert.equal(
    shapeOf('application/x-www-form-urlencoded', Buffer.from('name=Ada&pin=0042&x')),
    'name=text(3)&pin=digits(4)&x=text(0)',
  );
  assert.equal(
    shapeOf('application/json', Buffer.from('{"a":[{"b":"secret"},1],"n":4711,"t":true,"z":null}')),
    '{a:[{b:text(6)} ×2],n:number,t:boolean,z:null}',
  );
  assert.equal(shapeOf('application/json', Buffer.from('{')), '');
  assert.equal(shapeOf('image/png', Buffer.from('x')), '');
});

test('by shape, whole, and too long to be whole', () => {
  const form = 'application/x-www-form-urlencoded';
  const shape = recorded('pin=0042', form, 'shapes')!;
  assert.deepEqual([shape.bytes, shape.shape, shape.text, shape.hash.length], [8, 'pin=digits(4)', undefined, 22]);
  assert.equal(recorded('pin=0042', form, 'full')!.text, 'pin=0042');
  assert.equal(recorded(Buffer.from([0xff, 0]), 'image/png', 'full')!.base64, '/wA=');
  const long = recorded('x'.repeat(101), form, 'full')!;
  assert.deepEqual([long.bytes, long.text, long.shape], [101, undefined, '']);
  assert.equal(recorded('', form, 'full'), null);
  assert.notEqual(recorded('a', form, 'full')!.hash, recorded('b', form, 'full')!.hash);
});
