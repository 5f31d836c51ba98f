// Every endpoint of the API, in the order of the manual.

import type { Endpoint } from '../endpoint.ts';
import { bans } from './bans.ts';
import { connections } from './connections.ts';
import { firewall } from './firewall.ts';
import { gate } from './gate.ts';
import { journeys } from './journeys.ts';

/** The table. */
export const allEndpoints: readonly Endpoint[] = [...gate, ...connections, ...journeys, ...firewall, ...bans];
