// Tasks for browsers, the tarpit, and robots that are known by name.

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

const count = z.number().int();

/** `/bots`. */
export const bots = [
  endpoint({
    method: 'GET',
    path: '/bots',
    role: 'read',
    says: 'How browsers and good robots are told from the rest, and what came of it since the gate started.',
    answer: z.object({
      tasks: z.looseObject({
        posed: count.describe('Requests that were answered with a task for the browser.'),
        done: count,
        wrong: count,
      }),
      tarpit: z.looseObject({ held: count.describe('Clients that are held now.'), refused: count }),
      robots: z.array(z.looseObject({ name: z.string() })),
    }),
    run: (_, { ask }) => ask({ ask: 'bots-overview' }),
  }),
];
