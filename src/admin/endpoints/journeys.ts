// Journeys: searched, opened, grouped, and rehearsed for requests that nobody sent.

import { z } from 'zod';
import { ApiTrouble, endpoint } from '../endpoint.ts';

const reason = z.object({ says: z.string(), allow: z.string() });
const journey = z.looseObject({ id: z.string(), time: z.string() });
const count = z.coerce.number().int();

const filters = z.object({
  id: z.string().max(64).optional(),
  client: z.string().max(64).optional().describe('An address or CIDR.'),
  path: z.string().max(1024).optional().describe('Exact, or the beginning with `*` at its end.'),
  rule: z.string().max(64).optional().describe('The id of a rule or the name of a detector.'),
  why: z.string().max(64).optional().describe('`waf/score`, or a station with a slash: `waf/`.'),
  verdict: z.string().max(64).optional().describe('pass, detect, block or fail; several with commas.'),
  layer: z.string().max(32).optional(),
  site: z.string().max(256).optional(),
  status: z.string().max(3).optional().describe('`200`, or `4xx`.'),
  from: count.optional().describe('Milliseconds since 1970.'),
  until: count.optional(),
  limit: count.min(1).max(500).default(100),
  before: count.optional().describe('`next` of the page before.'),
});

const row = z.looseObject({ n: z.number(), id: z.string(), at: z.number(), client: z.string(), verdict: z.string() });

/** `/journeys`, `/rehearsals`. */
export const journeys = [
  endpoint({
    method: 'GET',
    path: '/journeys',
    role: 'read',
    says: 'Searches requests and connections that were, the newest first.',
    input: filters,
    answer: z.looseObject({ rows: z.array(row), next: z.number().nullable(), newest: z.number() }),
    run: ({ input }, { ask }) => ask({ ask: 'history', ...told(input) }),
  }),
  endpoint({
    method: 'GET',
    path: '/journeys/groups',
    role: 'read',
    says: 'What was the same again and again, as one line each with its exact count.',
    input: z.object({
      by: z.enum(['attack', 'rule', 'client']).default('attack'),
      from: count.optional(),
      until: count.optional(),
      layer: z.string().max(32).optional(),
      verdict: z.string().max(64).optional(),
      site: z.string().max(256).optional(),
      order: z.enum(['count', 'last']).default('count'),
      limit: count.min(1).max(500).default(100),
    }),
    answer: z.looseObject({ groups: z.array(z.looseObject({ count: z.number() })), total: z.number() }),
    run: ({ input }, { ask }) => ask({ ask: 'history-groups', ...told(input) }),
  }),
  endpoint({
    method: 'GET',
    path: '/journeys/counts',
    role: 'read',
    says: 'How many each layer decided, and how.',
    input: z.object({
      from: count.optional(),
      until: count.optional(),
      step: z.enum(['minute', 'hour', 'all']).default('all'),
    }),
    answer: z.looseObject({ rows: z.array(z.looseObject({ layer: z.string(), count: z.number() })) }),
    run: ({ input }, { ask }) => ask({ ask: 'history-counts', ...told(input) }),
  }),
  endpoint({
    method: 'GET',
    path: '/journeys/{id}',
    role: 'read',
    says: 'One journey, layer by layer, with what its reason means.',
    input: z.object({ id: z.string().max(64) }),
    answer: z.object({ journey, reason: reason.nullable() }),
    run: async ({ input: { id } }, { ask }) => {
      const answer = (await ask({ ask: 'explain', id })) as Explained;
      if (answer.journey === null || answer.journey === undefined)
        throw new ApiTrouble(404, 'not-found', `no request with the id ${id} is remembered`);
      return withReason(answer);
    },
  }),
  endpoint({
    method: 'POST',
    path: '/rehearsals',
    role: 'read',
    says: 'What would be decided about a request or a connection that nobody sends.',
    body: z.object({
      from: z.string().max(64).optional().describe('`203.0.113.7:52431`'),
      to: z.string().max(64).optional().describe('`:443/tcp`'),
      method: z.string().max(32).optional(),
      target: z.string().max(8192).optional(),
      host: z.string().max(255).optional(),
      headers: z
        .array(z.tuple([z.string(), z.string()]))
        .max(100)
        .optional(),
      body: z.string().max(40_000).optional(),
    }),
    answer: z.object({ journey, reason: reason.nullable() }),
    run: async ({ body }, { ask }) => withReason((await ask({ ask: 'rehearse', ...told(body) })) as Explained),
  }),
];

interface Explained {
  readonly journey?: { readonly verdict: { readonly why: string } } | null;
  readonly reasons: Readonly<Record<string, unknown>>;
}

function withReason({ journey, reasons }: Explained) {
  const why = journey?.verdict.why ?? '';
  return { journey, reason: Object.hasOwn(reasons, why) ? reasons[why] : null };
}

/** Only what was said; verdicts with commas become a list. */
function told(asked: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(asked)
      .filter(([, value]) => value !== undefined && value !== '')
      .map(([name, value]) => [name, name === 'verdict' && typeof value === 'string' ? value.split(',') : value]),
  );
}
