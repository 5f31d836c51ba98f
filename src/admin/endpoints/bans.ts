// Bans: who is shut out, who never is, and the blocklists.

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

const ban = z.looseObject({
  target: z.string(),
  reason: z.string(),
  by: z.string(),
  madeAt: z.number(),
  leftMs: z.number().nullable().describe('Null for good.'),
});

/** `/bans`. */
export const bans = [
  endpoint({
    method: 'GET',
    path: '/bans',
    role: 'read',
    says: 'Who is banned, who never is, and the blocklists.',
    answer: z.looseObject({
      total: z.number(),
      bans: z.array(ban),
      never: z.array(z.object({ target: z.string(), why: z.string() })),
      blocklists: z.array(z.looseObject({ name: z.string() })),
    }),
    run: (_, { ask }) => ask({ ask: 'bans' }),
  }),
  endpoint({
    method: 'POST',
    path: '/bans',
    role: 'write',
    says: 'Bans an address or a network, and ends its connections.',
    body: z.object({
      target: z.string().min(1).max(64).describe('`203.0.113.7` or `203.0.113.0/24`'),
      reason: z.string().max(200).default(''),
      lengthMs: z.number().min(1000).max(31_622_400_000).optional().describe('For good where it is missing.'),
    }),
    answer: z.looseObject({ ban, spared: z.array(z.unknown()), kept: z.boolean() }),
    run: ({ body }, { ask }) => ask({ ask: 'ban', ...body }),
  }),
  endpoint({
    method: 'DELETE',
    path: '/bans/{target}',
    role: 'write',
    says: 'Lets somebody in again.',
    input: z.object({ target: z.string().max(64) }),
    answer: z.looseObject({ ban }),
    run: ({ input: { target } }, { ask }) => ask({ ask: 'unban', target }),
  }),
];
