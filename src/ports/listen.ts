// Opens listening sockets, and says in words why one cannot be opened: who has the port, or which capability is missing.

import net, { type Server, type Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';

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

/** A socket that is bound to its address, in a form that a child process can be sent. It accepts nothing by itself. */
export interface BoundSocket {
  /** What `acceptOn` takes, here or in the process that it was sent to. */
  readonly handle: object;
  readonly address: string;
  /** The bound port, also where 0 was asked for. */
  readonly port: number;
  /** Gives this process's hold of the socket up. Other processes that hold it go on; with the last one it is closed. */
  close(): void;
}

/** What Node's module `net` has beside what it documents: `node:cluster` binds its shared sockets with it. */
interface Binder {
  _createServerHandle(address: string, port: number, type: 4 | 6, fd: number, flags: number): NativeHandle | number;
}

interface NativeHandle {
  getsockname(out: { port?: number }): number;
  close(): void;
}

/**
 * Binds a socket without accepting on it, so that several processes may: the supervisor holds it open while workers come and go, and no
 * connection that the kernel has queued is lost with one of them. Throws `ListenFailure`; a port in use may show only in `acceptOn`.
 */
export function bindSocket(address: string, port: number): BoundSocket {
  const handle = (net as unknown as Binder)._createServerHandle(address, port, net.isIPv6(address) ? 6 : 4, -1, 0);
  if (typeof handle === 'number') throw new ListenFailure(getSystemErrorName(handle), address, port);
  const bound: { port?: number } = {};
  const error = handle.getsockname(bound);
  // A bind that failed because the port is in use is told late, and the socket then stands on no port or on another.
  if (error !== 0 || bound.port === undefined || (port !== 0 && bound.port !== port)) {
    handle.close();
    throw new ListenFailure('EADDRINUSE', address, port);
  }
  return { handle, address, port: bound.port, close: () => handle.close() };
}

/** Accepts on a bound socket. Accepted sockets come paused, so that nothing is read before the firewall has judged. */
export function acceptOn(
  handle: object,
  address: string,
  port: number,
  accept: (socket: Socket) => void,
): Promise<OpenListener> {
  return new Promise((resolve, reject) => {
    const server = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, accept);
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new ListenFailure(error.code ?? error.message, address, port)),
    );
    server.listen(handle, backlog, () => {
      server.removeAllListeners('error');
      // Errors of a listening socket after it is open (EMFILE on accept) must not end the process; accepting goes on by itself.
      server.on('error', () => {});
      resolve({ address, port, close: () => stopAccepting(server) });
    });
  });
}

/** Its socket is given up at once. Node tells of the end of a server only when the last connection it ever accepted has ended, which nobody here waits for. */
function stopAccepting(server: Server): Promise<void> {
  server.close();
  return Promise.resolve();
}

/** Binds a socket and accepts on it, all in this process. */
export async function openListener(
  address: string,
  port: number,
  accept: (socket: Socket) => void,
): Promise<OpenListener> {
  const bound = bindSocket(address, port);
  return acceptOn(bound.handle, address, bound.port, accept);
}

/** What Node itself sets on a socket that is made with the option `onread`. */
interface ReadState {
  [name: symbol]: unknown;
  readonly _handle: { useUserBuffer?: (buffer: Buffer) => void } | null;
}

/** Makes accepted sockets read into one `buffer` and call `onBytes`, instead of making a Buffer for each read. `net.connect` has the option
 * `onread` for it, accepting has none, and the Buffers cost a tenth of a small request's CPU (bench). */
export class SharedReads {
  readonly buffer: Buffer;
  /** What Node calls them; found with the first socket, because looking for them takes longer than all the rest. */
  #bufferName: symbol | undefined;
  #callbackName: symbol | undefined;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  /** False where this Node cannot do that, and the socket then reads as any other. It must be called before anything was read; it may be called
   * again, and `onBytes` then takes the place of the one before. */
  readInto(socket: Socket, onBytes: (count: number) => void): boolean {
    const state = socket as unknown as ReadState;
    if (this.#bufferName === undefined) this.#learn(state);
    const [bufferName, callbackName] = [this.#bufferName, this.#callbackName];
    const handle = state._handle;
    if (bufferName === undefined || callbackName === undefined || typeof handle?.useUserBuffer !== 'function')
      return false;
    const { buffer } = this;
    const isAgain = state[bufferName] === buffer;
    if ((state[bufferName] !== null && !isAgain) || socket.readableLength > 0) return false;
    state[bufferName] = buffer;
    state[callbackName] = (count: number): boolean => {
      onBytes(count);
      return true;
    };
    if (!isAgain) handle.useUserBuffer(buffer);
    return true;
  }

  #learn(state: ReadState): void {
    const names = Object.getOwnPropertySymbols(state);
    this.#bufferName = names.find(({ description }) => description === 'kBuffer');
    this.#callbackName = names.find(({ description }) => description === 'kBufferCb');
  }
}
