// The WAF: what it does where, and what its rules cost. What it found is among the journeys.

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

/** `/waf`. */
export const waf = [
  endpoint({
    method: 'GET',
    path: '/waf',
    role: 'read',
    says: 'Mode and exclusions of each site, and which rules are loaded.',
    answer: z.looseObject({
      mode: z.string(),
      rules: z.string(),
      sites: z.array(z.looseObject({ name: z.string(), mode: z.string(), exclusions: z.array(z.unknown()) })),
    }),
    run: (_, { ask }) => ask({ ask: 'waf-sites' }),
  }),
  endpoint({
    method: 'GET',
    path: '/waf/bill',
    role: 'read',
    says: 'What each rule of files cost, the dearest first; null for the built-in rules.',
    answer: z
      .looseObject({
        phases: z.number(),
        sharedMs: z.number(),
        rows: z.array(z.looseObject({ id: z.number(), cpuMs: z.number() })),
      })
      .nullable(),
    run: (_, { ask }) => ask({ ask: 'bill' }),
  }),
];
