// The rules in their order with what they did, what is odd about them, and the kernel's firewall: planned, applied, confirmed, rolled back.

import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

const packet = z.looseObject({}).describe('A packet as an example.');
const change = z.looseObject({ changes: z.array(z.string()).nullable().optional() });

const rule = z.object({
  number: z.number(),
  action: z.string(),
  protocol: z.string(),
  ports: z.string(),
  source: z.string(),
  description: z.string(),
  at: z.string().describe('`file:line`, or nothing.'),
  hits: z.number(),
});

/** `/firewall`. */
export const firewall = [
  endpoint({
    method: 'GET',
    path: '/firewall',
    role: 'read',
    says: 'The rules in their order with how often each decided.',
    answer: z.looseObject({
      rules: z.array(rule),
      default: z.string(),
      defaultHits: z.number(),
    }),
    run: (_, { ask }) => ask({ ask: 'firewall' }),
  }),
  endpoint({
    method: 'GET',
    path: '/firewall/analysis',
    role: 'read',
    says: 'What is odd about the rules: shadowed, contradictory, too wide, each with a packet that shows it.',
    answer: z.object({
      enforce: z.array(z.string()),
      findings: z
        .array(
          z.looseObject({ kind: z.string(), rule: z.number(), says: z.string(), instead: z.string(), witness: packet }),
        )
        .nullable()
        .describe('Null where the rules are too many to be taken apart in seconds.'),
    }),
    run: (_, { ask }) => ask({ ask: 'firewall-analysis' }),
  }),
  endpoint({
    method: 'GET',
    path: '/firewall/exposure',
    role: 'read',
    says: 'For each port what the configuration says, what the kernel does and who listens.',
    answer: z.looseObject({ ports: z.array(z.looseObject({ port: z.number(), agreement: z.string() })) }),
    run: (_, { ask }) => ask({ ask: 'kernel-exposure' }),
  }),
  endpoint({
    method: 'GET',
    path: '/firewall/drift',
    role: 'read',
    says: 'Whether the kernel has the rules of the configuration, and what differs where somebody else has changed it.',
    answer: z.looseObject({ ok: z.boolean(), drift: z.array(z.looseObject({ says: z.string(), at: z.string() })) }),
    run: (_, { ask }) => ask({ ask: 'kernel-drift' }),
  }),
  endpoint({
    method: 'GET',
    path: '/firewall/plan',
    role: 'read',
    says: 'What `apply` would change in the kernel, and whom it would cut off.',
    answer: z.looseObject({ isSame: z.boolean() }),
    run: (_, { ask }) => ask({ ask: 'kernel-plan' }),
  }),
  endpoint({
    method: 'GET',
    path: '/firewall/generations',
    role: 'read',
    says: 'The rules that stood in the kernel, and which ones stand.',
    answer: z.looseObject({
      current: z.number(),
      generations: z.array(z.looseObject({ number: z.number(), state: z.string() })),
    }),
    run: (_, { ask }) => ask({ ask: 'kernel-generations' }),
  }),
  endpoint({
    method: 'POST',
    path: '/firewall/apply',
    role: 'write',
    says: 'Puts the rules into the kernel on trial: the former ones come back unless it is confirmed.',
    body: z.object({ confirmSeconds: z.int().min(5).max(3600).default(60) }),
    answer: change,
    run: ({ body }, { ask }) => ask({ ask: 'kernel-apply', ...body }),
  }),
  endpoint({
    method: 'POST',
    path: '/firewall/confirm',
    role: 'write',
    says: 'Keeps the rules that stand on trial.',
    body: z.object({}),
    answer: z.looseObject({ generation: z.number() }),
    run: (_, { ask }) => ask({ ask: 'kernel-confirm' }),
  }),
  endpoint({
    method: 'POST',
    path: '/firewall/rollback',
    role: 'write',
    says: 'Takes back what waits to be confirmed, or goes back to former rules.',
    body: z.object({ number: z.int().min(0).optional().describe('The generation; 0 removes all our rules.') }),
    answer: z.looseObject({ generation: z.number() }),
    run: ({ body }, { ask }) => ask({ ask: 'kernel-rollback', ...body }),
  }),
];
