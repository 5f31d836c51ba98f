// Every endpoint of the API, in the order of the manual.

import type { Endpoint } from '../endpoint.ts';
import { bans } from './bans.ts';
import { bots } from './bots.ts';
import { certificates } from './certificates.ts';
import { configuration } from './configuration.ts';
import { connections } from './connections.ts';
import { firewall } from './firewall.ts';
import { gate } from './gate.ts';
import { journeys } from './journeys.ts';
import { learn } from './learn.ts';
import { models } from './models.ts';
import { proposals } from './proposals.ts';
import { records } from './records.ts';
import { waf } from './waf.ts';

/** The table. */
export const allEndpoints: readonly Endpoint[] = [
  ...gate,
  ...connections,
  ...journeys,
  ...records,
  ...firewall,
  ...bans,
  ...waf,
  ...bots,
  ...models,
  ...certificates,
  ...configuration,
  ...proposals,
  ...learn,
];
