// The gate as a whole: how it is, how it was in the last minutes, what was changed.

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

const columns = z.record(z.string(), z.array(z.number().nullable()));

/** `/status`, `/series`, `/audit`, `/reload`. */
export const gate = [
  endpoint({
    method: 'GET',
    path: '/status',
    role: 'read',
    says: 'How the gate is: connections, requests, memory, listeners, upstreams, certificates, workers.',
    answer: z.looseObject({ version: z.string(), pid: z.number(), since: z.string() }),
    run: (_, { ask }) => ask({ ask: 'status' }),
  }),
  endpoint({
    method: 'GET',
    path: '/series',
    role: 'read',
    says: 'The last minutes, a point a second: columns of figures beside the column of times.',
    input: z.object({ seconds: z.coerce.number().int().min(1).max(900).default(300) }),
    answer: z.object({ at: z.array(z.number()), columns }),
    run: ({ input }, { ask }) => ask({ ask: 'series', seconds: input.seconds }),
  }),
  endpoint({
    method: 'GET',
    path: '/audit',
    role: 'read',
    says: 'What was changed over this API, by whom, the newest first.',
    answer: z.array(
      z.object({ at: z.string(), who: z.string(), what: z.string(), with: z.unknown(), outcome: z.string() }),
    ),
    run: (_, { own }) => own('audit'),
  }),
  endpoint({
    method: 'POST',
    path: '/reload',
    role: 'write',
    says: 'Loads the configuration anew, as `portcullis reload` does.',
    body: z.object({}),
    answer: z.looseObject({ generation: z.number(), changes: z.array(z.string()), warnings: z.array(z.string()) }),
    run: (_, { ask }) => ask({ ask: 'reload' }),
  }),
];
