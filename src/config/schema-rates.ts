// The settings of limits on how often may be asked.

import { banFor, group, list, pathPrefix, rate, text, whole } from './kinds.ts';

/** `rates`: limits of the gate or of one site. */
export const rates = list(
  group({
    limit: rate().describe('How many requests in how much time.'),
    by: text('client, path, header:NAME or cookie:NAME')
      .prefault('client')
      .describe('What shares one count: client (an IPv6 client by its /64), path, header:NAME or cookie:NAME.'),
    path: pathPrefix().prefault('/').describe('Only under this path.'),
    // biome-ignore lint/suspicious/noThenProperty: the file's word; no setting is ever awaited.
    then: whole(400, 599).prefault(429).describe('The status of the refusal.'),
    repeated: banFor()
      .optional()
      .describe('What follows for a client whom this limit refuses ten times within a minute: `ban 10m`.'),
  }),
  'a list of limits, each with `limit: 500 per 10s`',
);
