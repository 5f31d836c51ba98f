// The rules in their order, with what they did, and what they would do.

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

/** `/firewall`. */
export const firewall = [
  endpoint({
    method: 'GET',
    path: '/firewall',
    role: 'read',
    says: 'The rules in their order with how often each decided.',
    answer: z.looseObject({
      rules: z.array(z.looseObject({ number: z.number(), hits: z.number() })),
      default: z.string(),
      defaultHits: z.number(),
    }),
    run: (_, { ask }) => ask({ ask: 'firewall' }),
  }),
];
