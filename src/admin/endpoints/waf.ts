// The WAF: what it does where, and what its rules cost. What it found is among the journeys.

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

const tuning = z.looseObject({
  site: z.string(),
  rule: z.number(),
  place: z.string(),
  method: z.string(),
  path: z.string(),
  events: z.number(),
  clients: z.number(),
  ordinary: z.number().describe('Clients of whom most requests passed.'),
  sample: z.string().describe('The id of one of the requests.'),
});

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
    path: '/waf/found',
    role: 'read',
    says: 'Rules and detectors by how often they found something since the gate started.',
    answer: z.array(z.object({ rule: z.string(), count: z.number() })),
    run: (_, { ask }) => ask({ ask: 'waf-found' }),
  }),
  endpoint({
    method: 'GET',
    path: '/waf/tuning',
    role: 'read',
    says: 'What the WAF found by rule, place and route, that which ordinary clients met most first: false alarms before attacks.',
    input: z.object({
      site: z.string().max(256).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(50),
    }),
    answer: z.object({ rows: z.array(tuning), looked: z.number() }),
    run: ({ input: { site, limit } }, { ask }) =>
      ask({ ask: 'history-tuning', limit, ...(site === undefined ? {} : { site }) }),
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
