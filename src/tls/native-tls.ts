// What Node has beneath `tls.TLSSocket`: OpenSSL over the handle of a TCP socket. A TLSSocket is two streams, a dozen listeners and as many
// turns of the tick queue for each connection, which is a fifth of what a handshake costs; nothing of it is used here.

import type { Socket } from 'node:net';
import type { Server } from 'node:tls';

declare global {
  namespace NodeJS {
    interface Process {
      /** What Node has and no longer writes down (DEP0111). */
      binding(name: string): Readonly<Record<string, unknown>>;
    }
  }
}

/** The handle of an accepted TCP socket. */
export interface TcpHandle {
  [name: symbol]: unknown;
  onread: unknown;
  close(done: () => void): void;
  /** A close with a reset; another number than 0 where that cannot be. */
  reset(done: () => void): number;
  setKeepAlive(isOn: boolean, afterSeconds: number): number;
}

/** A write that was not over at once. */
export interface PendingWrite {
  oncomplete: ((status: number) => void) | null;
  writeStatus: number | null;
  /** Keeps the bytes alive. */
  buffer: unknown;
}

/** OpenSSL's state of one connection. Callbacks are called with it as `this`. */
export interface TlsHandle {
  onhandshakedone: unknown;
  onerror: unknown;
  onread: unknown;
  readonly writeQueueSize: number;
  /** Takes bytes as if they had just been read. */
  receive(bytes: Uint8Array): void;
  useUserBuffer(buffer: Uint8Array): void;
  setALPNProtocols(protocols: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  writeLatin1String(request: null, text: string): number | PendingWrite;
  writeBuffer(request: null, bytes: Uint8Array): number | PendingWrite;
  writev(request: null, pieces: readonly unknown[], areBuffers: boolean): number | PendingWrite;
  shutdown(request: ShutdownRequest): number;
  destroySSL(): void;
  getProtocol(): string;
  getCipher(): { readonly standardName: string };
  getALPNNegotiatedProtocol(): string | false;
  isSessionReused(): boolean;
}

export interface ShutdownRequest {
  oncomplete: unknown;
}

/** How a TLS handle is made, and what it says beside its callbacks. */
export interface NativeTls {
  wrap(handle: TcpHandle, context: object, isServer: boolean, hasActiveWrite: boolean): TlsHandle;
  readonly ShutdownWrap: new () => ShutdownRequest;
  /** Numbers that a call leaves behind: at `read` the bytes that came or why none will, at `writeError` why a write failed. */
  readonly state: Int32Array;
  readonly read: number;
  readonly writeError: number;
}

/** Gives one of Node's own modules by name, or throws. */
export type Binding = (name: string) => Readonly<Record<string, unknown>>;

/** The modules of this Node, by a call that it discourages and has all the same. */
export const nodesBinding: Binding = (name) => process.binding(name);

/** The parts of this Node, or null where they are not as they are known here: then a TLSSocket does the work. */
export function nativeTls(binding: Binding): NativeTls | null {
  try {
    const { wrap } = binding('tls_wrap');
    const { ShutdownWrap, streamBaseState, kReadBytesOrError, kLastWriteErr } = binding('stream_wrap');
    // An older Node has no `kLastWriteErr`, and aborts where a write has no request object.
    const isKnown =
      typeof wrap === 'function' &&
      typeof ShutdownWrap === 'function' &&
      streamBaseState instanceof Int32Array &&
      typeof kReadBytesOrError === 'number' &&
      typeof kLastWriteErr === 'number';
    if (!isKnown) return null;
    return {
      wrap: wrap as NativeTls['wrap'],
      ShutdownWrap: ShutdownWrap as NativeTls['ShutdownWrap'],
      state: streamBaseState,
      read: kReadBytesOrError,
      writeError: kLastWriteErr,
    };
  } catch {
    return null;
  }
}

/** The context of OpenSSL that a server has, with its certificate, ciphers and ticket keys; null where it does not show it. */
export function contextOf(server: Server): object | null {
  const { _sharedCreds: credentials } = server as Server & { readonly _sharedCreds?: { readonly context?: object } };
  return credentials?.context ?? null;
}

const ignore = (): void => {};

/** Takes handles out of sockets. */
export class Handles {
  /** What Node calls the owner of a handle; looked for once, with the first. */
  #owner: symbol | undefined;

  /** The handle of an accepted socket, which is nothing any more; null where it has none, or has read what nobody took. */
  detach(socket: Socket): TcpHandle | null {
    const inside = socket as unknown as { _handle: TcpHandle | null };
    const handle = inside._handle;
    if (handle === null || typeof handle?.reset !== 'function' || socket.readableLength + socket.writableLength > 0)
      return null;
    this.#owner ??= Object.getOwnPropertySymbols(handle).find(({ description }) => description === 'owner_symbol');
    if (this.#owner === undefined || handle[this.#owner] !== socket) return null;
    inside._handle = null;
    handle.onread = ignore;
    return handle;
  }

  /** Whom the handle belongs to from here on: it keeps its owner alive as long as it is open, and the socket no more. */
  give(handle: TcpHandle, owner: object): void {
    if (this.#owner !== undefined) handle[this.#owner] = owner;
  }
}

/** Names of protocols as ALPN writes them (RFC 7301 3.1). Not from Node's pool: whoever keeps it keeps nothing beside it. */
export function protocolBytes(names: readonly string[]): Buffer {
  const text = names.map((name) => String.fromCharCode(name.length) + name).join('');
  const bytes = Buffer.allocUnsafeSlow(text.length);
  bytes.write(text, 'latin1');
  return bytes;
}
