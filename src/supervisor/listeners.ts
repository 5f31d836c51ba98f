// Binds the sockets of a configuration, keeping those that are bound already; and says why one cannot be bound and what would help.

import { type BoundSocket, bindSocket, findHolder, ListenFailure, machineReader, sayHolder } from '../ports/ports.ts';
import { endpoint } from '../traffic/connection.ts';
import type { ListenerFacts } from './messages.ts';
import { GateTrouble } from './trouble.ts';

/** A listener as the settings have it. */
export interface ListenSetting {
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  readonly redirect: 'https' | null;
  /** CIDRs of the balancers that announce their clients. */
  readonly proxyProtocol: readonly string[];
}

/** A bound socket, and what the settings make of it. */
export interface Bound {
  readonly socket: BoundSocket;
  readonly facts: ListenerFacts;
}

/** A socket that is bound already, and where. */
export interface Held {
  readonly socket: BoundSocket;
  readonly facts: Pick<ListenerFacts, 'key'>;
}

/** Sockets for all listeners. Those of `held` that have the same place are used again, and stay bound where another cannot be: then
 * `GateTrouble` says why. TLS ones come first, because a redirect needs to know which port they really got. */
export function bindAll(settings: readonly ListenSetting[], held: readonly Held[] = []): Bound[] {
  const fresh: BoundSocket[] = [];
  const bound: Bound[] = [];
  const ordered = [...settings].sort((a, b) => Number(b.tls) - Number(a.tls));
  try {
    for (const setting of ordered) {
      const key = keyOf(setting, bound);
      let socket = held.find(({ facts }) => facts.key === key)?.socket;
      if (socket === undefined) {
        socket = bindOne(setting);
        fresh.push(socket);
      }
      const tlsPort = bound.find(({ facts }) => facts.tls)?.facts.port ?? 443;
      bound.push({ socket, facts: factsOf(key, setting, socket, setting.redirect === null ? 0 : tlsPort) });
    }
  } catch (error) {
    for (const socket of fresh) socket.close();
    throw troubleOf(error);
  }
  return bound;
}

/** Why a listener cannot be opened, for people; other errors as they are. */
export function troubleOf(error: unknown): unknown {
  return error instanceof ListenFailure ? new GateTrouble(sentenceOf(error)) : error;
}

/** Where it listens as the settings have it; of several that leave the port to the kernel, which. */
function keyOf({ address, port }: ListenSetting, before: readonly Bound[]): string {
  const place = endpoint(address, port);
  const same = before.filter(({ facts }) => facts.key === place || facts.key.startsWith(`${place}#`)).length;
  return same === 0 ? place : `${place}#${same}`;
}

function bindOne({ address, port }: ListenSetting): BoundSocket {
  try {
    return bindSocket(address, port);
  } catch (error) {
    // A machine without IPv6 has no `::`; all addresses are then those of IPv4.
    const isMissing =
      error instanceof ListenFailure && (error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL');
    if (address === '::' && isMissing) return bindSocket('0.0.0.0', port);
    throw error;
  }
}

function factsOf(
  key: string,
  { tls, proxyProtocol }: ListenSetting,
  socket: BoundSocket,
  redirectPort: number,
): ListenerFacts {
  const words = [tls ? ' tls' : '', redirectPort > 0 ? ' redirect' : ''].join('');
  const { address, port } = socket;
  return { key, name: `:${port}${words}`, address, port, tls, redirectPort, proxyProtocol };
}

function sentenceOf({ code, address, port }: ListenFailure): string {
  const where = endpoint(address, port);
  switch (code) {
    case 'EADDRINUSE': {
      const holder = findHolder(machineReader, port, address);
      return `cannot listen on ${where}: ${holder === null ? `port ${port} is in use` : sayHolder(holder)}\n  stop it, or choose another port`;
    }
    case 'EACCES':
      return (
        `cannot listen on ${where}: ports below 1024 need the capability CAP_NET_BIND_SERVICE, which this process lacks\n` +
        `  run it as a service with AmbientCapabilities=CAP_NET_BIND_SERVICE, or: sysctl net.ipv4.ip_unprivileged_port_start=${port}`
      );
    case 'EADDRNOTAVAIL':
      return `cannot listen on ${where}: no interface of this machine has the address ${address}\n  ip address shows those it has`;
    case 'EMFILE':
      return `cannot listen on ${where}: no file descriptor is left\n  raise the limit: ulimit -n 65536`;
    default:
      return `cannot listen on ${where}: ${code}`;
  }
}
