// Writes to sockets, past the stream machinery where the kernel takes everything at once, as it nearly always does: no request object,
// no turn of the tick queue, no bookkeeping (a tenth of a small request's CPU, bench). Whatever waits goes the ordinary way.

import { Slabs } from './slabs.ts';

/** What is used of a socket of Node, TLS or not. */
interface Socket {
  readonly writableLength: number;
  readonly writableCorked: number;
  readonly writableEnded: boolean;
  readonly connecting: boolean;
  readonly destroyed: boolean;
  write(text: string, encoding: 'latin1'): boolean;
  write(bytes: Uint8Array, done?: () => void): boolean;
  destroy(error?: Error): unknown;
  emit(event: 'drain'): boolean;
}

/** A write that the kernel did not take at once. */
interface Pending {
  oncomplete: ((status: number) => void) | null;
  /** Where it was over before anybody could listen: how it ended. */
  writeStatus: number | null;
  /** Keeps the bytes alive. */
  buffer: unknown;
}

/** The part of a TCP socket's handle that is used. Since Node 26 a write without a request object gives a number where it is over
 * (0, or an error), and otherwise the request. */
interface Handle {
  writeLatin1String(request: null, text: string): number | Pending;
  writeBuffer(request: null, bytes: Uint8Array): number | Pending;
  readonly writeQueueSize?: number;
}

interface Inside {
  readonly _handle: Handle | null;
  readonly encrypted?: boolean;
}

/** Writes for all sockets of a process. */
export class Writes {
  readonly #slabs = new Slabs();
  /** Does this Node write without a request object? Seen at its own first write, because asking an older one would abort it. */
  #isDirect: boolean | null = null;

  /** Writes latin1 text; false asks to wait for `drain`. */
  text(socket: Socket, text: string): boolean {
    const handle = this.#handleOf(socket);
    if (handle === null) return socket.write(text, 'latin1');
    if (this.#isDirect === null) {
      this.#learn(handle);
      return socket.write(text, 'latin1');
    }
    return take(socket, handle.writeLatin1String(null, text), null);
  }

  /** Writes a copy of lent bytes where the kernel does not take them at once; false asks to wait for `drain`. */
  lent(socket: Socket, bytes: Buffer, from: number, to: number): boolean {
    const length = to - from;
    const handle = this.#isDirect === true ? this.#handleOf(socket) : null;
    if (!this.#slabs.pays(length)) {
      const copy = Buffer.from(bytes.subarray(from, to));
      return handle === null ? socket.write(copy) : take(socket, handle.writeBuffer(null, copy), null, copy);
    }
    const slab = this.#slabs.holding(bytes, from, to);
    const piece = slab.buffer.subarray(0, length);
    if (handle === null) return socket.write(piece, slab.giveBack);
    return take(socket, handle.writeBuffer(null, piece), slab.giveBack, piece);
  }

  /** Does `lent` spare the collector something for so many bytes? */
  pays(bytes: number): boolean {
    return this.#slabs.pays(bytes);
  }

  /** The handle where a direct write keeps the order: nothing waits in the stream, and it is plain TCP (TLS takes one write at a time). */
  #handleOf(socket: Socket): Handle | null {
    if (this.#isDirect === false || socket.writableLength > 0 || socket.writableCorked > 0) return null;
    if (socket.connecting || socket.writableEnded || socket.destroyed) return null;
    const { _handle: handle, encrypted } = socket as unknown as Inside;
    return encrypted === true || typeof handle?.writeQueueSize !== 'number' ? null : handle;
  }

  /** Looks at how Node itself writes, once. */
  #learn(handle: Handle): void {
    const original = handle.writeLatin1String;
    handle.writeLatin1String = (request, text) => {
      this.#isDirect = request === null;
      handle.writeLatin1String = original;
      return original.call(handle, request, text);
    };
  }
}

/** Bytes that wait to be sent, in the stream or behind it. */
export function unsentBytes(socket: Socket): number {
  return socket.writableLength + ((socket as unknown as Inside)._handle?.writeQueueSize ?? 0);
}

/** What became of a direct write; `done` is called once nobody reads its bytes any more. */
function take(socket: Socket, result: number | Pending, done: (() => void) | null, bytes: unknown = null): boolean {
  if (typeof result === 'number') {
    done?.();
    if (result !== 0) socket.destroy(failureOf(result));
    return true;
  }
  result.buffer = bytes;
  result.oncomplete = (status) => {
    done?.();
    if (socket.destroyed) return;
    if (status !== 0) socket.destroy(failureOf(status));
    else socket.emit('drain');
  };
  const { writeStatus } = result;
  if (writeStatus === null || writeStatus === undefined) return false;
  result.writeStatus = null;
  result.oncomplete(writeStatus);
  return true;
}

/** Names of errno(3) that a write to a peer which is gone gives; others are rare enough to stand as numbers. */
const names: Readonly<Record<number, string>> = {
  [-32]: 'EPIPE',
  [-104]: 'ECONNRESET',
  [-110]: 'ETIMEDOUT',
  [-113]: 'EHOSTUNREACH',
};

function failureOf(status: number): Error {
  const code = names[status] ?? `errno ${-status}`;
  return Object.assign(new Error(`write ${code}`), { code, errno: status, syscall: 'write' });
}
