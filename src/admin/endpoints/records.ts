// What is written down of requests: how much, whether with bodies, and its end.

import { z } from 'zod';
import { ApiTrouble, endpoint } from '../endpoint.ts';

/** `/records`. */
export const records = [
  endpoint({
    method: 'GET',
    path: '/records',
    role: 'read',
    says: 'What is written down of requests, and how much room it takes.',
    answer: z.object({
      bodies: z.enum(['off', 'shapes', 'full']),
      maxBodyBytes: z.number(),
      historyBytes: z.number().nullable().describe('The most that the history may take; null where none is kept.'),
      maxJourneys: z.number().describe('Journeys that each worker remembers.'),
      history: z.looseObject({ journeys: z.number(), bytes: z.number(), trouble: z.string() }).nullable(),
    }),
    run: (_, { ask }) => ask({ ask: 'records-overview' }),
  }),
  endpoint({
    method: 'POST',
    path: '/records/purges',
    role: 'write',
    says: 'Deletes what was recorded, and overwrites it: of a client, older than a time, both together, or all.',
    body: z.object({
      client: z.string().min(1).max(64).optional().describe('An address or CIDR.'),
      olderThanMs: z.number().int().min(0).max(315_576_000_000).optional(),
      all: z.boolean().default(false),
    }),
    answer: z.object({ journeys: z.number(), remembered: z.number() }),
    run: ({ body: { client, olderThanMs, all } }, { ask, clock }) => {
      if (all === (client !== undefined || olderThanMs !== undefined))
        throw new ApiTrouble(400, 'invalid', 'name a client, a time, or both; or say all');
      const until = olderThanMs === undefined ? {} : { until: clock.now() - olderThanMs };
      return ask({ ask: 'purge', ...(client === undefined ? {} : { client }), ...until, ...(all ? { all } : {}) });
    },
  }),
];
