// The door of the station: what ports mean, who listens on them, how many are left, and what a URL connects to.

import type { Built } from '../base/problem.ts';
import {
  type EphemeralRange,
  readEphemeralRange,
  readUpstreamUse,
  type Upstream,
  type UpstreamUse,
} from './ephemeral.ts';
import { findHolder, type Holder, type Listener, listListening } from './listening.ts';
import { describePort, type PortDescription } from './port.ts';
import { machineReader, type Reader } from './reader.ts';
import { buildServices } from './services.ts';
import { type UrlEndpoint, urlEndpoint } from './url-endpoint.ts';

export { Arrival, type ArrivalHandler, buildAnnouncers, reasons } from './arrival.ts';
export * from './ephemeral.ts';
export { type Established, listEstablished } from './established.ts';
export * from './first-bytes.ts';
export {
  findHolder,
  type Holder,
  type Listener,
  listListening,
  type Process,
  type Scope,
  sayHolder,
  scopeOf,
} from './listening.ts';
export { browsersRefuse, type PortDescription, type PortRange, portRanges, rangeOf } from './port.ts';
export type { Announcement } from './proxy-header.ts';
export { machineReader, type Reader, readPieces } from './reader.ts';
export { routesOf } from './routes.ts';
export { buildServices, type Service, type Services } from './services.ts';
export { gatewaysOf, peersOf, sshPorts } from './sessions.ts';
export type { Protocol, SocketState } from './socket-table.ts';
export { type UrlEndpoint, urlEndpoint } from './url-endpoint.ts';

/** What the station needs from outside: how to look at the machine. */
export interface Tools {
  readonly reader: Reader;
}

/** The ports of one machine. Every call looks at the machine anew; none throws. */
export interface Ports {
  /** A port by number or by the name of a service. */
  describe(numberOrName: number | string): Built<PortDescription>;
  /** The name of the service on a port: TCP's where both exist, or ''. */
  serviceOn(port: number, protocol?: 'tcp' | 'udp'): string;
  /** What a URL really connects to. */
  endpointOf(url: string): Built<UrlEndpoint>;
  listening(): Listener[];
  /** Who is in the way of binding TCP `port` on `address`, or null. */
  holderOf(port: number, address?: string): Holder | null;
  /** The kernel's range, and what is taken of it towards each upstream. */
  ephemeral(upstreams: readonly Upstream[]): { readonly range: EphemeralRange; readonly upstreams: UpstreamUse[] };
}

/** The station over a machine. /etc/services is read once, at the first question about a service. */
export function build(tools: Tools = { reader: machineReader }): Ports {
  const { reader } = tools;
  let known: ReturnType<typeof buildServices> | null = null;
  const services = () => {
    known ??= buildServices(reader.read('/etc/services') ?? '');
    return known;
  };
  return {
    describe: (numberOrName) => describePort(numberOrName, services()),
    serviceOn: (port, protocol) =>
      services()
        .on(port)
        .find((service) => protocol === undefined || service.protocol === protocol)?.name ?? '',
    endpointOf: urlEndpoint,
    listening: () => listListening(reader),
    holderOf: (port, address) => findHolder(reader, port, address ?? null),
    ephemeral: (upstreams) => ({ range: readEphemeralRange(reader), upstreams: readUpstreamUse(reader, upstreams) }),
  };
}

export {
  acceptOn,
  type BoundSocket,
  bindSocket,
  ListenFailure,
  type OpenListener,
  openListener,
  SharedReads,
} from './listen.ts';
