// The configuration file: read, judged, held against what is in force, and changed.

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

const text = z
  .string()
  .max(1024 * 1024)
  .describe('The whole file.');
const problem = z.looseObject({ at: z.string(), says: z.string(), instead: z.string() });

/** `/configuration`. */
export const configuration = [
  endpoint({
    method: 'GET',
    path: '/configuration',
    role: 'write',
    says: 'The file as it stands; it may hold secrets, so that whoever may only look does not get it.',
    answer: z.object({
      file: z.string(),
      text: z.string(),
      revision: z.string().describe('To be sent along with a change.'),
      why: z.string().describe('Why it cannot be changed here, or nothing.'),
    }),
    run: (_, { ask }) => ask({ ask: 'configuration' }),
  }),
  endpoint({
    method: 'GET',
    path: '/configuration/schema',
    role: 'read',
    says: 'The JSON Schema of the file, with a sentence for every setting.',
    answer: z.looseObject({}),
    run: (_, { ask }) => ask({ ask: 'configuration-schema' }),
  }),
  endpoint({
    method: 'POST',
    path: '/configuration/check',
    role: 'read',
    says: 'Every problem that a text would have as the configuration.',
    body: z.object({ text }),
    answer: z.looseObject({ ok: z.boolean(), problems: z.array(problem), warnings: z.array(problem) }),
    run: ({ body }, { ask }) => ask({ ask: 'configuration-check', ...body }),
  }),
  endpoint({
    method: 'POST',
    path: '/configuration/plan',
    role: 'read',
    says: 'What a text would change: settings, and packets that the firewall lets in.',
    body: z.object({ text }),
    answer: z.object({
      changes: z.array(z.string()),
      packets: z.array(z.looseObject({ kind: z.string(), says: z.string() })).nullable(),
    }),
    run: ({ body }, { ask }) => ask({ ask: 'configuration-plan', ...body }),
  }),
  endpoint({
    method: 'PUT',
    path: '/configuration',
    role: 'write',
    says: 'Writes the file and has the gate go on with it; all stays as it was where it does not.',
    body: z.object({
      text,
      revision: z.string().max(64),
      because: z.string().max(200).optional().describe('Why, for whoever reads the audit trail.'),
    }),
    answer: z.looseObject({ generation: z.number(), changes: z.array(z.string()), warnings: z.array(z.string()) }),
    run: ({ body }, { ask }) => ask({ ask: 'configuration-apply', ...body }),
  }),
  endpoint({
    method: 'GET',
    path: '/configuration/history',
    role: 'read',
    says: 'Former texts that are kept, by the moment until which they stood.',
    answer: z.array(z.object({ number: z.number(), until: z.string() })),
    run: (_, { ask }) => ask({ ask: 'configuration-history' }),
  }),
  endpoint({
    method: 'GET',
    path: '/configuration/history/{number}',
    role: 'write',
    says: 'A former text.',
    input: z.object({ number: z.coerce.number().int() }),
    answer: z.object({ text: z.string() }),
    run: ({ input }, { ask }) => ask({ ask: 'configuration-version', ...input }),
  }),
];
