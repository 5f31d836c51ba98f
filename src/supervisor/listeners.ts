// Opens every listener of a generation, or none; and says why one cannot be opened and what would help.

import type { Socket } from 'node:net';
import type { CidrSet } from '../base/cidr.ts';
import type { Listener } from '../gate.ts';
import {
  buildAnnouncers,
  findHolder,
  ListenFailure,
  machineReader,
  type OpenListener,
  openListener,
  sayHolder,
} from '../ports/ports.ts';
import { endpoint } from '../traffic/connection.ts';
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

/** A listener that is open, and the spine's record of it. */
export interface Opened {
  readonly socket: OpenListener;
  readonly listener: Listener;
}

/** Opens all; where one fails those before it are closed again and `GateTrouble` says why. TLS ones come first, because a
 * redirect needs to know which port they really got. */
export async function openListeners(
  settings: readonly ListenSetting[],
  accept: (socket: Socket, listener: Listener) => void,
): Promise<Opened[]> {
  const opened: Opened[] = [];
  const ordered = [...settings].sort((a, b) => Number(b.tls) - Number(a.tls));
  try {
    for (const setting of ordered) {
      const tlsPort = opened.find(({ listener }) => listener.tls)?.listener.port ?? 443;
      opened.push(await openOne(setting, setting.redirect === null ? 0 : tlsPort, accept));
    }
  } catch (error) {
    for (const { socket } of opened) void socket.close();
    throw error instanceof ListenFailure ? new GateTrouble(sentenceOf(error)) : error;
  }
  return opened;
}

async function openOne(
  setting: ListenSetting,
  redirectPort: number,
  accept: (socket: Socket, listener: Listener) => void,
): Promise<Opened> {
  let listener: Listener | null = null;
  const onAccept = (socket: Socket): void => accept(socket, listener!);
  const socket = await openListener(setting.address, setting.port, onAccept).catch((error: unknown) => {
    // A machine without IPv6 has no `::`; all addresses are then those of IPv4.
    const isMissing =
      error instanceof ListenFailure && (error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL');
    if (setting.address === '::' && isMissing) return openListener('0.0.0.0', setting.port, onAccept);
    throw error;
  });
  const words = [setting.tls ? ' tls' : '', redirectPort > 0 ? ' redirect' : ''].join('');
  listener = {
    name: `:${socket.port}${words}`,
    port: socket.port,
    tls: setting.tls,
    redirectPort,
    announcers: announcersOf(setting.proxyProtocol),
    accepted: 0,
  };
  return { socket, listener };
}

/** The build of the generation has found these networks to be right. */
function announcersOf(networks: readonly string[]): CidrSet | null {
  const built = buildAnnouncers(networks);
  return built.ok && networks.length > 0 ? built.value : null;
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
