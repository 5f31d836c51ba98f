// The settings of limits on how often may be asked.

import { z } from 'zod';
import { banFor, flag, group, list, pathPrefix, rate, text, whole } from './kinds.ts';

/** `rates`: limits of the gate or of one site. */
export const rates = list(
  group({
    limit: rate().describe('How many requests in how much time.'),
    by: text('client, path, header:NAME, cookie:NAME …')
      .prefault('client')
      .describe(
        'What shares one count: client (an IPv6 client by its /64), path, host, method, country, asn, header:NAME, cookie:NAME, jwt:CLAIM, form:NAME or json:NAME of the body, or several joined by "and".',
      ),
    burst: whole(1, 8_388_607)
      .optional()
      .describe(
        'Counts with a token bucket: so many at once, then as many as `limit` gives back; a sliding window where missing.',
      ),
    wider: whole(0, 256)
      .prefault(4)
      .describe(
        'How much more the /56 of an IPv6 client may do, and its /48 once more; 0 leaves both alone. Only `by: client`.',
      ),
    statuses: list(whole(100, 599), 'a list of statuses, such as [401, 403]')
      .prefault([])
      .describe('Only requests whose answer has one of these are counted, such as failed logins; all where empty.'),
    shadow: flag().prefault(false).describe('Refuses nobody; journeys say whom it would have refused.'),
    path: pathPrefix().prefault('/').describe('Only under this path.'),
    when: text('a condition such as method is POST', 4096)
      .optional()
      .describe('Only requests that meet this condition, in the words of `rules`.'),
    // biome-ignore lint/suspicious/noThenProperty: the file's word; no setting is ever awaited.
    then: z
      .union([whole(400, 599), z.enum(['challenge', 'tarpit'])], {
        error: 'a status from 400 to 599, challenge or tarpit',
      })
      .prefault(429)
      .describe(
        'The status of the refusal; or `challenge`, which sets browsers a task first, or `tarpit`, which refuses slowly.',
      ),
    repeated: banFor()
      .optional()
      .describe('What follows for a client whom this limit refuses ten times within a minute: `ban 10m`.'),
  }),
  'a list of limits, each with `limit: 500 per 10s`',
);

/** `geography`: the databases behind `by: country` and `by: asn`. */
export const geography = group({
  country: text('a file name')
    .optional()
    .describe('Database of countries in MaxMind DB format, for `by: country`, rules and `@geoLookup`.'),
  asn: text('a file name').optional().describe('Database of autonomous systems in MaxMind DB format, for `by: asn`.'),
});
