// The settings of what tells browsers and good robots from the rest.

import { duration, group, whole } from './kinds.ts';

/** `bots`: tasks for browsers. */
export const bots = group({
  challenge: group({
    difficulty: whole(8, 26)
      .prefault(16)
      .describe('How many zero bits the answer has: each one more doubles the work of a browser.'),
    answer_within: duration('10s', '1h').prefault('5m').describe('How long a browser may take for its task.'),
    valid_for: duration('1m', '30d').prefault('1h').describe('How long a browser that did its task is set no other.'),
  })
    .prefault({})
    .describe('The task that `challenge if …` and `then: challenge` set.'),
});
