import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as holds, property, string } from 'fast-check';
import { readTraceParent, readTraceState, traceLines, withoutTraceLines } from './trace.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';

test('traceparent is read strictly', () => {
  for (const [value, isSampled] of [
    [`00-${traceId}-${parentId}-01`, true],
    [`00-${traceId}-${parentId}-00`, false],
    [`00-${traceId}-${parentId}-ff`, true],
    // A version to come may say more.
    [`cc-${traceId}-${parentId}-01-what the future will be like`, true],
    [`cc-${traceId}-${parentId}-01`, true],
  ] as const)
    assert.deepEqual(readTraceParent(value), { traceId, parentId, isSampled }, value);
  for (const value of [
    '',
    `ff-${traceId}-${parentId}-01`,
    `00-${traceId}-${parentId}-01-more`,
    `00-${traceId}-${parentId}-1`,
    `00-${traceId}-${parentId}_01`,
    `00-${traceId.toUpperCase()}-${parentId}-01`,
    `00-${'0'.repeat(32)}-${parentId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `cc-${traceId}-${parentId}-01.what`,
    `0-${traceId}-${parentId}-01`,
    ` 00-${traceId}-${parentId}-01`,
    `00-${traceId}-${parentId}-0g`,
  ])
    assert.equal(readTraceParent(value), null, value);
});

test('tracestate goes on where it is one, and not at all where it is not', () => {
  for (const [values, state] of [
    [['congo=t61rcWkgMzE'], 'congo=t61rcWkgMzE'],
    [['rojo=00f067aa0ba902b7', 'congo=t61'], 'rojo=00f067aa0ba902b7,congo=t61'],
    [['a=1 , b=2,, c=3'], 'a=1,b=2,c=3'],
    [['tenant@system=x y'], 'tenant@system=x y'],
    [[], ''],
    [['a=1,a=2'], ''],
    [['A=1'], ''],
    [['a'], ''],
    [['a='], ''],
    [['a=b=c'], ''],
    [['a=\u00e4'], ''],
    [['a@b@c=1'], ''],
    [[Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(',')], ''],
    [[`a=${'x'.repeat(600)}`], ''],
  ] as const)
    assert.equal(readTraceState(values), state, values.join());
});

test('whatever comes as a state, what goes on is one line of visible characters', () => {
  holds(
    property(string({ unit: 'binary' }), (text) => {
      const state = readTraceState([text]);
      return [...state].every((character) => character >= ' ' && character <= '~') && readTraceState([state]) === state;
    }),
  );
});

test('our own lines take the place of those that came', () => {
  const lines = 'Accept: */*\r\nTraceParent: x\r\ntracestate: y\r\nX-Traceparent: z\r\n';
  assert.equal(withoutTraceLines(lines), 'Accept: */*\r\nX-Traceparent: z\r\n');
  assert.equal(withoutTraceLines(''), '');
  const trace = { traceId, spanId: '1111111111111111', parentId, state: '' };
  assert.equal(traceLines(trace), `traceparent: 00-${traceId}-1111111111111111-01\r\n`);
  assert.match(traceLines({ ...trace, state: 'a=1' }), /\r\ntracestate: a=1\r\n$/);
});
