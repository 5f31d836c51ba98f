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
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new ListenFailure(error.code ?? error.message, address, port)),
    );
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

/** What Node itself sets on a socket that is made with the option `onread`. */
interface ReadState {
  [name: symbol]: unknown;
  readonly _handle: { useUserBuffer?: (buffer: Buffer) => void } | null;
}

/** Makes an accepted socket read into `buffer` and call `onBytes`, instead of making a Buffer for each read; false where this Node
 * cannot do that, and the socket then reads as any other. `net.connect` has the option `onread` for it, accepting has none, and
 * the Buffers cost a tenth of a small request's CPU (bench). It must be called before anything was read. */
export function readInto(socket: Socket, buffer: Buffer, onBytes: (count: number) => void): boolean {
  const state = socket as unknown as ReadState;
  const names = Object.getOwnPropertySymbols(state);
  const bufferName = names.find(({ description }) => description === 'kBuffer');
  const callbackName = names.find(({ description }) => description === 'kBufferCb');
  const handle = state._handle;
  if (bufferName === undefined || callbackName === undefined || typeof handle?.useUserBuffer !== 'function')
    return false;
  if (state[bufferName] !== null || socket.readableLength > 0) return false;
  state[bufferName] = buffer;
  state[callbackName] = (count: number): boolean => {
    onBytes(count);
    return true;
  };
  handle.useUserBuffer(buffer);
  return true;
}
