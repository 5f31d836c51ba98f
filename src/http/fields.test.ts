// What a walk over field lines sees, and where it stops.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../test/http-reading.ts';
import { Fault } from '../traffic/fault.ts';
import {
  contentLengthCode,
  expectCode,
  fieldNameCount,
  hostCode,
  teCode,
  transferEncodingCode,
} from '../traffic/field-names.ts';
import { notToUpstream } from '../traffic/hop-fields.ts';
import { incomplete, SeenFields, walkFields } from './fields.ts';

function walk(text: string, maxFields = 100, dropped = notToUpstream): { end: number | string; seen: SeenFields } {
  const bytes = bytesOf(text);
  const seen = new SeenFields();
  const end = walkFields(bytes, 0, bytes.length, maxFields, dropped, seen);
  return { end: end instanceof Fault ? end.why : end, seen };
}

test('the end is behind the empty line, wherever more bytes follow', () => {
  assert.equal(walk('\r\n').end, 2);
  assert.equal(walk('\r\nX').end, 2);
  assert.equal(walk('X: y\r\n\r\nZ: w\r\n\r\n').end, 8);
});

test('every proper beginning is incomplete', () => {
  const text = 'X: y\r\nHost:\ta\r\n\r\n';
  for (let length = 0; length < text.length; length++)
    assert.equal(walk(text.slice(0, length)).end, incomplete, text.slice(0, length));
});

test('fields that decide are counted and their last value found, without blanks around it', () => {
  const text = 'host: a\r\nCONTENT-length: \t 5 \t\r\nX: y\r\nHost:b\r\nTE:\r\nTransfer-Encoding: chunked \r\n\r\n';
  const { seen } = walk(text);
  const valueOf = (code: number) => text.slice(seen.valueFrom[code]!, seen.valueTo[code]!);
  assert.deepEqual(
    [...[hostCode, contentLengthCode, teCode, transferEncodingCode, expectCode].map((code) => seen.counts[code])],
    [2, 1, 1, 1, 0],
  );
  assert.deepEqual([hostCode, contentLengthCode, teCode, transferEncodingCode].map(valueOf), ['b', '5', '', 'chunked']);
});

test('runs are the stretches between dropped fields', () => {
  const text = 'Host: a\r\nA: b\r\nC: d\r\nConnection: x\r\nTE: y\r\nE: f\r\n\r\n';
  const { seen } = walk(text);
  const runs: string[] = [];
  for (let run = 0; run < seen.runs.length; run += 2) runs.push(text.slice(seen.runs[run]!, seen.runs[run + 1]!));
  assert.deepEqual(runs, ['A: b\r\nC: d\r\n', 'E: f\r\n']);
  assert.deepEqual(walk(text, 100, new Uint8Array(fieldNameCount)).seen.runs, [0, text.length - 2]);
  assert.deepEqual(walk('Host: a\r\n\r\n').seen.runs, []);
});

test('what is seen is forgotten before another walk', () => {
  const { seen } = walk('Host: a\r\nX_y: z\r\n\r\n');
  assert.equal(seen.hasOddName, true);
  seen.clear();
  assert.deepEqual([seen.hasOddName, seen.runs.length, seen.counts[hostCode]], [false, 0, 0]);
});

test('every byte in a name and in a value is taken or refused as RFC 9110 5 says', () => {
  const isToken = (code: number) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code));
  for (let code = 0; code < 256; code++) {
    const character = String.fromCharCode(code);
    const nameWhy = walk(`X${character}Y: z\r\n\r\n`).end;
    if (isToken(code)) assert.equal(nameWhy, 10, `name 0x${code.toString(16)}`);
    else if (code === 58) assert.equal(nameWhy, 10);
    else if (code === 32 || code === 9) assert.equal(nameWhy, 'http/space-before-colon');
    else assert.equal(nameWhy, code === 10 ? 'http/bare-lf' : 'http/bad-name', `name 0x${code.toString(16)}`);

    const valueWhy = walk(`X: a${character}b\r\n\r\n`).end;
    if (code === 10) assert.equal(valueWhy, 'http/bare-lf');
    else if (code === 13) assert.equal(valueWhy, 'http/bare-cr');
    else if ((code < 32 && code !== 9) || code === 127)
      assert.equal(valueWhy, 'http/bad-value', `value 0x${code.toString(16)}`);
    else assert.equal(valueWhy, 10, `value 0x${code.toString(16)}`);
  }
});

test('the bound on fields is exact', () => {
  assert.equal(walk('A: b\r\nA: b\r\n\r\n', 2).end, 14);
  assert.equal(walk('A: b\r\nA: b\r\nA: b\r\n\r\n', 2).end, 'http/too-many-fields');
  assert.equal(walk('A: b\r\nA: b\r\nA', 2).end, 'http/too-many-fields');
});
