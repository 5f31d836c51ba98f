// The server's end of TLS over an accepted TCP handle, as a client's side uses a socket: no stream of Node is in between.

import { EventEmitter } from 'node:events';
import type { ClientSocket } from '../traffic/client-socket.ts';
import type { Handles, NativeTls, PendingWrite, ShutdownRequest, TcpHandle, TlsHandle } from './native-tls.ts';

/** Who hears how the handshake goes: one of both, once. */
export interface HandshakeOwner {
  onDone(stream: SecureStream): void;
  /** `error` has Node's code; the stream is destroyed. */
  onError(error: Error): void;
}

/** What was agreed in the handshake. */
export interface Agreed {
  readonly version: string;
  readonly cipher: string;
  readonly alpn: string;
  readonly resumed: boolean;
}

/** What many streams share. */
export interface StreamTools {
  readonly native: NativeTls;
  readonly handles: Handles;
  /** Where bytes are decrypted to: what is read is consumed or copied before the next read. */
  readonly buffer: Buffer;
}

/** Bytes that may wait to be sent before `write` says so: what sockets of Node have. */
const highWaterBytes = 65_536;
/** libuv's number for the end of a stream, and two that mean that the end was reached already. */
const endOfFile = -4095;
const notConnected = -107;
const isOver = 1;

/** The handle with the stream that it belongs to. */
type Owned<T> = T & { stream: SecureStream };

interface Piece {
  readonly bytes: string | Uint8Array;
  readonly done: (() => void) | null;
}

/** One connection. The handshake runs from the first `feed` on. */
export class SecureStream extends EventEmitter implements ClientSocket {
  destroyed = false;
  writableEnded = false;
  writableLength = 0;
  writableCorked = 0;
  readonly encrypted = true;
  readonly connecting = false;
  /** The TLS handle, as sockets of Node have one: what it holds counts as not sent. */
  readonly _handle: TlsHandle;
  readonly #tcp: TcpHandle;
  readonly #tools: StreamTools;
  #owner: HandshakeOwner | null;
  #onBytes: ((bytes: Buffer, count: number) => void) | null = null;
  /** Pieces behind the one that is being sent. */
  #waiting: Piece[] = [];
  /** What is being sent, together; null where nothing is. */
  #sending: readonly Piece[] | null = null;
  #needsDrain = false;
  #isPaused = false;
  #hasEnded = false;
  #isFinished = false;
  #isToClose = false;

  constructor(tcp: TcpHandle, context: object, protocols: Uint8Array, owner: HandshakeOwner, tools: StreamTools) {
    super();
    this.#tcp = tcp;
    this.#owner = owner;
    this.#tools = tools;
    const tls = tools.native.wrap(tcp, context, true, false) as Owned<TlsHandle>;
    this._handle = tls;
    tls.stream = this;
    // The TLS handle is not kept alive by Node: the TCP handle is, as long as it is open.
    tools.handles.give(tcp, this);
    tls.onhandshakedone = onHandshakeDone;
    tls.onerror = onTlsError;
    tls.onread = onRead;
    tls.useUserBuffer(tools.buffer);
    tls.setALPNProtocols(protocols);
    tls.readStart();
  }

  /** Bytes of the client that were read before, in pieces of `pieceBytes` at most. */
  feed(bytes: Buffer, pieceBytes: number): void {
    for (let from = 0; from < bytes.length && !this.destroyed; from += pieceBytes)
      this._handle.receive(bytes.subarray(from, from + pieceBytes));
  }

  /** What is decrypted goes to `onBytes` from here on; the bytes are lent for the time of the call. */
  readTo(onBytes: (bytes: Buffer, count: number) => void): void {
    this.#onBytes = onBytes;
  }

  get agreed(): Agreed {
    const { _handle: tls } = this;
    return {
      version: tls.getProtocol(),
      cipher: tls.getCipher().standardName,
      alpn: tls.getALPNNegotiatedProtocol() || '',
      resumed: tls.isSessionReused(),
    };
  }

  // ---- what OpenSSL and the kernel say

  /** The handshake is over. */
  secured(): void {
    const owner = this.#owner;
    this.#owner = null;
    if (!this.destroyed) owner?.onDone(this);
  }

  /** Bytes were read into the shared buffer, or it is known why nothing more comes. */
  took(): void {
    const { state, read } = this.#tools.native;
    const count = state[read]!;
    if (this.destroyed || count === 0) return;
    if (count > 0) {
      const { buffer } = this.#tools;
      if (this.#onBytes !== null) this.#onBytes(buffer, count);
      else this.emit('data', Buffer.from(buffer.subarray(0, count)));
    } else if (count !== endOfFile) this.lose(failureOf('read', count));
    else if (this.#owner !== null) this.lose(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
    else this.#end();
  }

  /** It is broken: nothing can be read or sent any more. */
  lose(error: Error): void {
    const owner = this.#owner;
    this.#owner = null;
    if (this.destroyed) return;
    this.destroy(owner === null ? error : undefined);
    owner?.onError(error);
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.emit('end');
    if (this.#isFinished) this.destroy();
  }

  // ---- reading

  pause(): void {
    if (this.#isPaused || this.destroyed) return;
    this.#isPaused = true;
    this._handle.readStop();
  }

  resume(): void {
    if (!this.#isPaused || this.destroyed) return;
    this.#isPaused = false;
    this._handle.readStart();
  }

  isPaused(): boolean {
    return this.#isPaused;
  }

  setKeepAlive(isOn: boolean, afterMs: number): void {
    if (!this.destroyed) this.#tcp.setKeepAlive(isOn, Math.floor(afterMs / 1000));
  }

  // ---- writing

  write(bytes: string | Uint8Array, how: 'latin1' | (() => void) | null = null): boolean {
    const done = typeof how === 'function' ? how : null;
    if (this.destroyed || this.writableEnded) {
      done?.();
      return true;
    }
    this.writableLength += bytes.length;
    const piece = { bytes, done };
    if (this.#sending !== null || this.writableCorked > 0) this.#waiting.push(piece);
    else this.#send(piece);
    if (this.writableLength >= highWaterBytes) this.#needsDrain = true;
    return !this.#needsDrain;
  }

  cork(): void {
    this.writableCorked++;
  }

  uncork(): void {
    if (this.writableCorked > 0 && --this.writableCorked === 0 && this.#sending === null) this.#sendWaiting();
  }

  #send(piece: Piece): void {
    const { bytes } = piece;
    this.#sending = [piece];
    const { _handle: tls } = this;
    this.#await(typeof bytes === 'string' ? tls.writeLatin1String(null, bytes) : tls.writeBuffer(null, bytes), bytes);
  }

  /** One write to OpenSSL at a time: what came meanwhile goes together. */
  #sendWaiting(): void {
    const pieces = this.#waiting;
    if (pieces.length === 0) return;
    this.#waiting = [];
    if (pieces.length === 1) {
      this.#send(pieces[0]!);
      return;
    }
    this.#sending = pieces;
    const flat = pieces.flatMap(({ bytes }) => [bytes, typeof bytes === 'string' ? 'latin1' : 'buffer']);
    this.#await(this._handle.writev(null, flat, false), flat);
  }

  #await(result: number | PendingWrite, bytes: unknown): void {
    if (typeof result === 'number') {
      this.sent(result);
      return;
    }
    const { state, writeError } = this.#tools.native;
    const failure = state[writeError]!;
    if (failure !== 0) {
      this.sent(failure);
      return;
    }
    const write = result as Owned<PendingWrite>;
    write.stream = this;
    write.buffer = bytes;
    write.oncomplete = onSent;
    const { writeStatus } = write;
    if (writeStatus === null || writeStatus === undefined) return;
    write.writeStatus = null;
    this.sent(writeStatus);
  }

  /** What was being sent is sent, or is not where `status` is an error. */
  sent(status: number): void {
    const pieces = this.#sending;
    if (pieces === null) return;
    this.#sending = null;
    this.#give(pieces);
    if (this.destroyed) return;
    if (status !== 0) this.lose(failureOf('write', status));
    else if (this.#waiting.length > 0) {
      if (this.writableCorked === 0) this.#sendWaiting();
    } else if (this.writableEnded) this.#shutDown();
    else if (this.#needsDrain) {
      this.#needsDrain = false;
      this.emit('drain');
    }
  }

  /** Gives bytes back to whom they belong. */
  #give(pieces: readonly Piece[]): void {
    for (const { bytes, done } of pieces) {
      this.writableLength -= bytes.length;
      done?.();
    }
  }

  // ---- the end

  end(text = ''): void {
    if (this.destroyed || this.writableEnded) return;
    if (text !== '') this.write(text);
    this.writableEnded = true;
    this.writableCorked = 0;
    if (this.#sending !== null) return;
    if (this.#waiting.length > 0) this.#sendWaiting();
    else this.#shutDown();
  }

  #shutDown(): void {
    const request = new this.#tools.native.ShutdownWrap() as Owned<ShutdownRequest>;
    request.stream = this;
    request.oncomplete = onShutDown;
    const result = this._handle.shutdown(request);
    if (result === isOver || result === notConnected) this.finished();
    else if (result !== 0) this.lose(failureOf('shutdown', result));
  }

  /** This half is ended, and the kernel has it all. */
  finished(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    if (this.#isToClose || this.#hasEnded) this.destroy();
  }

  destroySoon(): void {
    this.#isToClose = true;
    this.end();
    if (this.#isFinished) this.destroy();
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.#tcp.close(() => this.#closed(error));
    return this;
  }

  /** The client hears of a reset instead of an end. */
  resetAndDestroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    const closed = (): void => this.#closed(undefined);
    if (this.#tcp.reset(closed) !== 0) this.#tcp.close(closed);
    return this;
  }

  #closed(error: Error | undefined): void {
    this._handle.destroySSL();
    this.sent(0);
    this.#give(this.#waiting);
    this.#waiting = [];
    this.#owner = null;
    if (error !== undefined) this.emit('error', error);
    this.emit('close');
  }
}

function onHandshakeDone(this: Owned<TlsHandle>): void {
  this.stream.secured();
}

function onTlsError(this: Owned<TlsHandle>, error: Error): void {
  this.stream.lose(error);
}

function onRead(this: Owned<TlsHandle>): void {
  this.stream.took();
}

function onSent(this: Owned<PendingWrite>, status: number): void {
  this.stream.sent(status);
}

function onShutDown(this: Owned<ShutdownRequest>): void {
  this.stream.finished();
}

/** Names of errno(3) that clients who are gone give. */
const codes: Readonly<Record<number, string>> = {
  [-32]: 'EPIPE',
  [-71]: 'EPROTO',
  [-104]: 'ECONNRESET',
  [-110]: 'ETIMEDOUT',
  [-113]: 'EHOSTUNREACH',
};

function failureOf(syscall: string, status: number): Error {
  const code = codes[status] ?? `errno ${-status}`;
  return Object.assign(new Error(`${syscall} ${code}`), { code, errno: status, syscall });
}
