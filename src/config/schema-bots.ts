// The settings of what tells browsers and good robots from the rest.

import { duration, group, whole } from './kinds.ts';

/** `bots`: tasks for browsers, and refusals that take their time. */
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
  tarpit: group({
    hold: duration('1s', '10m').prefault('60s').describe('How long a refusal takes.'),
    every: duration('500ms', '1m').prefault('5s').describe('How often a byte of it is sent.'),
    max_held: whole(0, 100_000)
      .prefault(200)
      .describe('How many clients each worker holds at once; those beyond are refused at once.'),
  })
    .prefault({})
    .describe('How slowly `tarpit if …` and `then: tarpit` refuse.'),
});
