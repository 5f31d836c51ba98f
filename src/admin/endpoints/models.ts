// Models of what requests may be: which sites have one, what is learnt, and the document that it becomes.

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

const seen = z.object({
  requests: z.number(),
  routes: z.number().describe('Methods of paths that are known.'),
  lost: z.number().describe('Requests for which there was no room.'),
  from: z.number(),
  to: z.number(),
});

/** `/models`. */
export const models = [
  endpoint({
    method: 'GET',
    path: '/models',
    role: 'read',
    says: 'What each site is held against and what was learnt of it, and how often requests were not as they should be.',
    answer: z.object({
      sites: z.array(
        z.object({
          name: z.string(),
          learn: z.array(z.string()).describe('Paths under which is learnt.'),
          model: z.looseObject({ file: z.string(), mode: z.string() }).nullable(),
          learnt: seen.nullable(),
        }),
      ),
      refused: z.record(z.string(), z.number()),
    }),
    run: (_, { ask }) => ask({ ask: 'models-overview' }),
  }),
  endpoint({
    method: 'GET',
    path: '/models/learnt',
    role: 'read',
    says: 'What was learnt of a site as an OpenAPI document (YAML), to look through and save.',
    input: z.object({
      site: z.string().max(256),
      atLeast: z.coerce
        .number()
        .int()
        .min(1)
        .max(1_000_000)
        .default(10)
        .describe('What was asked for less often is left out.'),
    }),
    answer: z.object({ text: z.string(), paths: z.number(), skipped: z.number() }),
    run: ({ input }, { ask }) => ask({ ask: 'model-proposal', ...input }),
  }),
  endpoint({
    method: 'DELETE',
    path: '/models/learnt',
    role: 'write',
    says: 'Forgets what was learnt of all sites; learning begins anew.',
    answer: z.object({ forgotten: z.boolean() }),
    run: (_, { ask }) => ask({ ask: 'model-forget' }),
  }),
];
