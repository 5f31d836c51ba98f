// Changes to the configuration that the gate works out itself, shown before anybody applies them, and requests decided once more.

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

const proposal = z.looseObject({
  file: z.string(),
  before: z.string().describe('The file as it stands.'),
  after: z.string().nullable().describe('The file as it would be; null where the lines must be put in by hand.'),
  revision: z.string().describe('To be sent along with `after` to `PUT /configuration`.'),
  changes: z.array(z.string()),
});
const id = z.string().min(1).max(64);
const text = z.string().max(1024 * 1024);

/** `/proposals`, `/replays`. They show the file, and so take the role that may read it. */
export const proposals = [
  endpoint({
    method: 'POST',
    path: '/proposals/exclusion',
    role: 'write',
    says: 'The smallest exclusion that lets a refused request through, with its proof: what it would let through beside it.',
    body: z.object({ id, days: z.int().min(1).max(3650).default(90), because: z.string().max(200).default('') }),
    answer: proposal.extend({
      proof: z.looseObject({
        site: z.string(),
        exclusions: z.array(z.looseObject({})),
        passes: z.boolean().nullable(),
        newlyPassing: z.array(z.string()),
        tried: z.number(),
        stillRefusedBeside: z.number(),
      }),
    }),
    run: ({ body }, { ask }) => ask({ ask: 'exclusion-proposal', ...body }),
  }),
  endpoint({
    method: 'POST',
    path: '/proposals/mode',
    role: 'write',
    says: 'Another mode of the WAF for a site.',
    body: z.object({ site: z.string().max(256), mode: z.enum(['block', 'detect', 'off']) }),
    answer: proposal,
    run: ({ body }, { ask }) => ask({ ask: 'mode-proposal', ...body }),
  }),
  endpoint({
    method: 'POST',
    path: '/replays',
    role: 'write',
    says: 'Decides one request that is remembered, or the last ones of the history, once more: by a text, or by the file as it stands.',
    body: z.object({
      id: id.optional(),
      last: z.int().min(1).max(2000).default(500).describe('How many, where no id is named.'),
      text: text.optional(),
    }),
    answer: z.looseObject({
      decided: z.number(),
      same: z.number(),
      refused: z.number(),
      letThrough: z.number(),
      unknown: z.number(),
      leftOut: z.number(),
      changes: z.array(z.looseObject({ kind: z.string(), why: z.string(), count: z.number() })),
    }),
    run: ({ body }, { ask }) => ask({ ask: 'replay', ...body }),
  }),
];
