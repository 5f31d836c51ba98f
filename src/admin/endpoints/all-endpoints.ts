// Every endpoint of the API, in the order of the manual.

import type { Endpoint } from '../endpoint.ts';
import { bans } from './bans.ts';
import { configuration } from './configuration.ts';
import { connections } from './connections.ts';
import { firewall } from './firewall.ts';
import { gate } from './gate.ts';
import { journeys } from './journeys.ts';
import { learn } from './learn.ts';
import { proposals } from './proposals.ts';
import { waf } from './waf.ts';

/** The table. */
export const allEndpoints: readonly Endpoint[] = [
  ...gate,
  ...connections,
  ...journeys,
  ...firewall,
  ...bans,
  ...waf,
  ...configuration,
  ...proposals,
  ...learn,
];
