// Every view, in the order of the menu.

import type { ComponentType } from 'preact';
import type { Route } from './route.ts';
import { Certificates } from './views/certificates.tsx';
import { Configuration } from './views/configuration.tsx';
import { Connections } from './views/connections.tsx';
import { Firewall } from './views/firewall.tsx';
import { Journeys } from './views/journeys.tsx';
import { Learn } from './views/learn.tsx';
import { Now } from './views/now.tsx';
import { Upstreams } from './views/upstreams.tsx';
import { Waf } from './views/waf.tsx';

/** A view: where it is, what it is called, what it shows. */
export interface View {
  readonly path: string;
  readonly name: string;
  readonly Body: ComponentType<{ readonly route: Route }>;
}

/** The table. */
export const views: readonly View[] = [
  { path: 'now', name: 'Now', Body: Now },
  { path: 'connections', name: 'Connections', Body: Connections },
  { path: 'journeys', name: 'Journeys', Body: Journeys },
  { path: 'firewall', name: 'Firewall', Body: Firewall },
  { path: 'waf', name: 'WAF', Body: Waf },
  { path: 'upstreams', name: 'Upstreams', Body: Upstreams },
  { path: 'certificates', name: 'Certificates', Body: Certificates },
  { path: 'configuration', name: 'Configuration', Body: Configuration },
  { path: 'learn', name: 'Learn', Body: Learn },
];
