// The settings of what tells browsers and good robots from the rest.

import { dnsServer, duration, group, list, oneOrMany, text, whole } from './kinds.ts';

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
  verified: list(
    group({
      name: text('a name such as Googlebot', 64).describe('What journeys and rules call it.'),
      agent: text('what its User-Agent contains', 128).describe('What its User-Agent contains, whatever the case.'),
      domains: oneOrMany(text('a domain such as googlebot.com', 253), 'a domain such as googlebot.com').describe(
        'The domains that names of its addresses lie in.',
      ),
    }),
    'a list of robots, such as - { name: Googlebot, agent: googlebot, domains: [googlebot.com, google.com] }',
  )
    .prefault([])
    .describe('Robots that are known by the names of their addresses (reverse DNS, and back): no task and no limit.'),
  verify_wait: duration('0s', '5s')
    .prefault('1s')
    .describe('How long the first request of such a robot waits for the DNS; then it is judged as not verified.'),
  resolvers: oneOrMany(dnsServer(), 'the address of a DNS server, such as 10.0.0.2 or 127.0.0.1:5353')
    .prefault([])
    .describe('DNS servers that names of robots are asked of; those of this machine where missing.'),
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
