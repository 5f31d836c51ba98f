// Certificates that the gate gets from authorities: how each of them is, and a new one now.

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

const row = z.object({
  names: z.array(z.string()),
  issuer: z.string(),
  profile: z.string(),
  authority: z.string(),
  notAfter: z.string().nullable(),
  renewAt: z.string().nullable(),
  explanation: z.string().describe('Why the authority would have it renewed then: a page of its own, or nothing.'),
  state: z.enum(['good', 'waiting', 'working', 'failing']),
  lastError: z.string(),
  triedAgainAt: z.string().nullable(),
});

/** `/certificates`. */
export const certificates = [
  endpoint({
    method: 'GET',
    path: '/certificates',
    role: 'read',
    says: 'The certificates of authorities (ACME): how each is, when it is renewed, and what went wrong last.',
    answer: z.object({ isOn: z.boolean(), rows: z.array(row) }),
    run: (_, { ask }) => ask({ ask: 'certificates' }),
  }),
  endpoint({
    method: 'POST',
    path: '/certificates/renewals',
    role: 'write',
    says: 'Asks the authority for a certificate now; with `force` also where none is due.',
    body: z.object({ name: z.string().min(1).max(253), force: z.boolean().default(false) }),
    answer: row,
    run: ({ body }, { ask }) => ask({ ask: 'renew', ...body }),
  }),
];
