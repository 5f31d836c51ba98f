// A listener as a worker's gateway has it, made of what the supervisor told.

import { normalise } from '../base/address.ts';
import type { Listener } from '../gate.ts';
import { buildAnnouncers } from '../ports/ports.ts';
import type { ListenerFacts } from './messages.ts';

/** The listener, which has accepted so many connections already. */
export function listenerOf(
  { name, address, port, tls, redirectPort, proxyProtocol }: ListenerFacts,
  accepted: number,
): Listener {
  // The build of the generation has found these networks to be right.
  const announcers = buildAnnouncers(proxyProtocol);
  const some = announcers.ok && proxyProtocol.length > 0 ? announcers.value : null;
  const local = isAny(address) ? '' : normalise(address);
  return { name, port, local, tls, redirectPort, announcers: some, accepted };
}

/** Whether a socket that is bound to `address` takes connections to every address of this machine. */
function isAny(address: string): boolean {
  const plain = normalise(address);
  return plain === '0.0.0.0' || plain === '::';
}
