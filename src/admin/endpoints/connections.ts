// Live connections, page by page, and the end of one.

import { z } from 'zod';
import { ApiTrouble, endpoint } from '../endpoint.ts';

const row = z.object({
  number: z.number(),
  from: z.string().describe('`address:port`'),
  to: z.string(),
  listener: z.string(),
  rule: z.string(),
  stage: z.string(),
  tls: z.string(),
  requests: z.number(),
  bytesIn: z.number(),
  bytesOut: z.number(),
  ageMs: z.number(),
});

/** Rows of one page: few enough that no worker stops for long to list them. */
export const pageRows = 2000;

/** `/connections`. */
export const connections = [
  endpoint({
    method: 'GET',
    path: '/connections',
    role: 'read',
    says: 'Live connections in the order of their numbers, a page at a time.',
    input: z.object({
      after: z.coerce
        .number()
        .int()
        .min(0)
        .default(0)
        .describe('Only numbers above this one: `next` of the page before.'),
      limit: z.coerce.number().int().min(1).max(pageRows).default(pageRows),
      client: z.string().max(64).optional().describe('Only those of this address.'),
    }),
    answer: z.object({
      total: z.number(),
      rows: z.array(row),
      next: z.number().nullable().describe('Where the next page begins; null behind the last.'),
    }),
    run: async ({ input }, { ask }) => {
      const { total, rows, next } = (await ask({ ask: 'connections', ...input })) as {
        total: number;
        rows: { number: number }[];
        next: number | null;
      };
      return { total, rows, next };
    },
  }),
  endpoint({
    method: 'DELETE',
    path: '/connections/{number}',
    role: 'write',
    says: 'Ends a connection at once.',
    input: z.object({ number: z.coerce.number().int().min(1) }),
    answer: z.object({ closed: z.boolean() }),
    run: async ({ input: { number } }, { ask }) => {
      if ((await ask({ ask: 'close', number })) !== true)
        throw new ApiTrouble(404, 'not-found', `connection ${number} is over already`);
      return { closed: true };
    },
  }),
];
