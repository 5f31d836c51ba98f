// Experiments of the guide on this machine: what listens, who is connected here, a crowd at one port, threads beside an event loop.

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

/** What an experiment is asked and answers: its figures come as events of the kind `experiment`. */
const experiment = (what: 'crowd' | 'threads', most: number, says: string) =>
  endpoint({
    method: 'POST',
    path: `/learn/${what}`,
    role: 'write',
    says,
    body: z.object({ count: z.int().min(1).max(most) }),
    answer: z.array(z.looseObject({})).describe('Everything that was told.'),
    run: async ({ body: { count } }, { ask, publish }) => {
      const told: unknown[] = [];
      const hear = (line: unknown) => {
        told.push(line);
        publish('experiment', { what, line });
      };
      await ask({ ask: 'learn', what, count, hear });
      return told;
    },
  });

/** `/learn`. */
export const learn = [
  endpoint({
    method: 'GET',
    path: '/learn/listening',
    role: 'read',
    says: 'The ports of this machine that somebody listens at.',
    answer: z.array(z.looseObject({ protocol: z.string(), address: z.string(), port: z.number() })),
    run: (_, { ask }) => ask({ ask: 'listening' }),
  }),
  endpoint({
    method: 'GET',
    path: '/learn/tuples',
    role: 'read',
    says: 'The 4-tuples of whoever is connected to this station, the one who asks among them.',
    answer: z.array(z.object({ from: z.string(), fromPort: z.number(), to: z.string(), toPort: z.number() })),
    run: (_, { own }) => own('tuples'),
  }),
  experiment('crowd', 10_000, 'Opens so many connections to one port over the loopback, and closes them again.'),
  experiment('threads', 64, 'Serves so many visitors with a thread each, and with one event loop.'),
];
