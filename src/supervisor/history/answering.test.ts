import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { historyQuestions } from './answering.ts';
import { schema } from './schema.ts';

/** What an empty history says to each question. */
const whenEmpty: Readonly<Record<string, unknown>> = {
  history: { rows: [], next: null, isWhole: true, newest: 0 },
  'history-groups': { groups: [], total: 0 },
  'history-counts': { rows: [] },
  'history-tuning': { rows: [], looked: 0 },
  'history-lines': [],
  journeys: [],
};

test('every question has an answer, where nothing was written too', () => {
  const database = new DatabaseSync(':memory:');
  database.exec(schema);
  assert.deepEqual(Object.keys(historyQuestions), Object.keys(whenEmpty));
  for (const [ask, answer] of Object.entries(historyQuestions))
    assert.deepEqual(answer(database, { ask, id: 'none' }), whenEmpty[ask], ask);
  database.close();
});
