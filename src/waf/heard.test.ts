// Proof comes first, and of doubts in several languages those of one count.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found } from './detectors/detection.ts';
import { type Heard, ranked } from './heard.ts';
import { CODE, SHELL, SQL } from './places.ts';

const said = (detector: string, bit: number, score: number): Heard => ({
  detector,
  bit,
  detection: found(1, score, 'x', 0, 1),
  form: 'x',
});
const names = (...heard: Heard[]) => ranked(heard).map(({ detector }) => detector);

test('the strongest first, and every proof', () => {
  assert.deepEqual(names(said('a', SQL, 2), said('b', SHELL, 5), said('c', CODE, 6)), ['c', 'b', 'a']);
});

test('doubts add up within a language, and not over several', () => {
  assert.deepEqual(names(said('a', SQL, 3), said('b', SHELL, 2)), ['a']);
  assert.deepEqual(names(said('a', CODE, 3), said('b', CODE, 2), said('c', SQL, 2)), ['a', 'b']);
  assert.deepEqual(names(), []);
});
