// A listener as a worker's gateway has it, made of what the supervisor told.

import type { Listener } from '../gate.ts';
import { buildAnnouncers } from '../ports/ports.ts';
import type { ListenerFacts } from './messages.ts';

/** The listener, which has accepted so many connections already. */
export function listenerOf(
  { name, port, tls, redirectPort, proxyProtocol }: ListenerFacts,
  accepted: number,
): Listener {
  // The build of the generation has found these networks to be right.
  const announcers = buildAnnouncers(proxyProtocol);
  const some = announcers.ok && proxyProtocol.length > 0 ? announcers.value : null;
  return { name, port, tls, redirectPort, announcers: some, accepted };
}
