// Opens listening sockets, and says in words why one cannot be opened: who has the port, or which capability is missing.

import net, { type Socket } from 'node:net';

/** A listening socket that is open. `port` is the bound one, also where 0 was asked for. */
export interface OpenListener {
  readonly address: string;
  readonly port: number;
  /** Takes no further connections; those that were accepted live on. */
  close(): Promise<void>;
}

/** Why a listener could not be opened. `code` is the system's word. */
export class ListenFailure extends Error {
  readonly code: string;
  readonly address: string;
  readonly port: number;

  constructor(code: string, address: string, port: number) {
    super(`cannot listen on ${address}:${port}: ${code}`);
    this.code = code;
    this.address = address;
    this.port = port;
  }
}

/** Connections that the kernel holds before we accept them; it cuts this to net.core.somaxconn. */
const backlog = 4096;

/** Opens a listener. Accepted sockets come paused, so that nothing is read before the firewall has judged. */
export function openListener(address: string, port: number, accept: (socket: Socket) => void): Promise<OpenListener> {
  return new Promise((resolve, reject) => {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, accept);
    server.once('error', (error: NodeJS.ErrnoException) => reject(new ListenFailure(error.code ?? error.message, address, port)));
    server.listen({ host: address, port, backlog, ipv6Only: false }, () => {
      const bound = server.address();
      server.removeAllListeners('error');
      // Errors of a listening socket after it is open (EMFILE on accept) must not end the process; accepting goes on by itself.
      server.on('error', () => {});
      resolve({
        address,
        port: bound !== null && typeof bound === 'object' ? bound.port : port,
        close: () => new Promise((closed) => server.close(() => closed())),
      });
    });
  });
}

/** What we need of Node's own handle of a socket. */
interface Handle {
  readonly reading?: boolean;
}

/** The same connection as a socket that reads into `buffer` and calls `onBytes`, or null where this Node cannot do that.
 * For sockets that we open, `net.connect` takes `onread`; for those that we accept there is no such option, and a Buffer made
 * for each read costs a sixth of a small request's CPU (bench). `handle` is what `net.Server` itself makes its sockets from. */
export function withReadBuffer(socket: Socket, buffer: Buffer, onBytes: (count: number) => void): Socket | null {
  const holder = socket as unknown as { _handle: Handle | null; server?: unknown; _server?: unknown };
  const handle = holder._handle;
  if (handle === null || handle === undefined || typeof handle !== 'object') return null;
  const options = {
    handle,
    allowHalfOpen: true,
    onread: {
      buffer,
      callback: (count: number): boolean => {
        onBytes(count);
        return true;
      },
    },
  };
  const reader = new net.Socket(options as unknown as net.SocketConstructorOpts);
  holder._handle = null;
  // The server counts its connections through the socket that it made; its `close` waits for them.
  const server = (holder._server ?? holder.server) as { _connections?: number; _emitCloseIfDrained?: () => void } | undefined;
  if (server?._connections !== undefined) {
    server._connections--;
    server._emitCloseIfDrained?.();
  }
  holder._server = null;
  return reader;
}
