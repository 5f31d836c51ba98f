// Every view, in the order of the menu.

import type { ComponentType } from 'preact';
import type { Route } from './route.ts';
import { Connections } from './views/connections.tsx';
import { Journeys } from './views/journeys.tsx';
import { Now } from './views/now.tsx';

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
];
