// The journey of a connection that never brought a request: it says why.

import type { GatewayTools } from './gate.ts';
import type { Connection } from './traffic/connection.ts';

/** Tells the journey of `connection` and gives its id; `why` is a reason, `status` what was answered or 0. */
export function tellWithoutRequest(
  { clock, identifiers, observe }: GatewayTools,
  connection: Connection,
  why: string,
  status: number,
  says: string,
): string {
  const now = clock.now();
  const id = identifiers.next(now);
  connection.endedWhy = why;
  if (status > 0) connection.endedStatus = status;
  connection.lastActiveAt = now;
  observe.tellConnection(connection, id, 'http', says);
  return id;
}
