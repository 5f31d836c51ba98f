// One handshake: reads the ClientHello off the socket before OpenSSL sees it, and hears how the rest went. It ends once.

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ClientSocket } from '../traffic/client-socket.ts';
import type { TlsFacts } from '../traffic/connection.ts';
import type { Expiring, Timekeeper } from '../traffic/deadline.ts';
import type { ClientHello } from './client-hello.ts';
import { alert, alerts, reasons, sentenceOf, whyOf } from './failures.ts';
import { errorCode } from './files.ts';
import { HelloRecords } from './hello-records.ts';
import type { Handles, TcpHandle } from './native-tls.ts';
import { type HandshakeOwner, SecureStream } from './secure-stream.ts';

/** Who hears how a handshake went: exactly one of the three is called, once. */
export interface HandshakeHandler {
  onSecure(socket: ClientSocket, facts: TlsFacts): void;
  /** The socket is destroyed. `why` is a name of `reasons`, `says` this case in a sentence. */
  onFailed(why: string, says: string): void;
  /** The client speaks HTTP without TLS: `bytes` is what it has sent, and the socket is as it was. */
  onPlain(bytes: Buffer): void;
}

/** Makes a socket give its bytes to `onBytes` (and to nobody else it gave them to before); `bytes` is used again after the call. */
export type ReadFrom = (socket: Socket, onBytes: (bytes: Buffer, count: number) => void) => void;

/** Which protocol first bytes speak; `more` where that cannot be said yet. */
export type Classify = (bytes: Uint8Array) => string;

/** What a handshake asks of who began it. */
export interface HandshakeTools {
  readonly timekeeper: Timekeeper;
  readonly classify: Classify;
  /** For the whole handshake, from the first moment; bytes that drip do not put it off. */
  readonly timeoutMs: number;
  /** The hello is whole: has OpenSSL take the socket over, or turns the client away. */
  answer(handshake: Handshake, hello: ClientHello): void;
  /** OpenSSL has come to an end on a stream of ours, and who is there is not asked for. */
  secured(handshake: Handshake, stream: SecureStream): void;
}

const handshakeRecord = 22;
const ignore = (): void => {};
/** Less than the first buffer between Node and OpenSSL holds. */
export const maxPieceBytes = 1000;

/** One connection on its way to TLS. */
export class Handshake implements Expiring, HandshakeOwner {
  due = 0;
  readonly socket: Socket;
  readonly #handler: HandshakeHandler;
  readonly #tools: HandshakeTools;
  /** Null once the bytes were handed on: the socket holds on to this object for as long as it lives, and should hold nothing large. */
  #records: HelloRecords | null = new HelloRecords();
  readonly #onGone = (): void => this.fail('tls/client-gone', '');
  #readFrom: ReadFrom | null = null;
  #isOver = false;
  /** What has the connection in place of the socket, where that gave its handle away. */
  #stream: SecureStream | null = null;
  hello: ClientHello | null = null;

  constructor(socket: Socket, handler: HandshakeHandler, tools: HandshakeTools) {
    this.socket = socket;
    this.#handler = handler;
    this.#tools = tools;
  }

  /** Begins to read; `rest` was read before. */
  start(readFrom: ReadFrom, rest: Buffer | null): void {
    const { socket } = this;
    this.#tools.timekeeper.set(this, this.#tools.timeoutMs);
    // Because a client that is gone before its first byte would otherwise be waited for until the deadline.
    socket.allowHalfOpen = false;
    socket.on('end', this.#onGone).on('close', this.#onGone).on('error', this.#onGone);
    this.#readFrom = readFrom;
    readFrom(socket, (bytes, count) => this.#take(bytes.subarray(0, count)));
    if (rest !== null) this.#take(rest);
    if (this.#isOver || this.#records === null) return;
    // Where bytes come without events the socket need not flow, and so not be paused before OpenSSL takes it over.
    if (socket.listenerCount('data') > 0) socket.resume();
    else socket.read(0);
  }

  expire(): void {
    this.fail('tls/handshake-timeout', '');
  }

  #take(bytes: Buffer): void {
    if (this.#isOver || this.#records === null) return;
    if (this.hello !== null) {
      // It waits for its certificate, and the client should be silent meanwhile.
      if (!this.#records.keep(bytes)) this.#refuse('tls/hello-too-large', alerts.decodeError);
      return;
    }
    const reading = this.#records.add(bytes);
    if (typeof reading === 'object') {
      this.hello = reading;
      this.#tools.answer(this, reading);
    } else if (reading === 'too-large') this.#refuse('tls/hello-too-large', alerts.decodeError);
    else if (reading === 'sslv2') this.#refuse('tls/protocol-too-old', alerts.protocolVersion, 'an SSLv2 hello');
    else if (reading === 'broken') this.#takeOther(this.#records.bytes);
  }

  /** The socket as if nobody had read of it: OpenSSL gets the hello from the front of its queue. */
  release(): Socket {
    const { socket } = this;
    this.#leave();
    // Where bytes came as events, they flow no longer.
    if (socket.listenerCount('data') > 0) socket.removeAllListeners('data').pause();
    // Because it would hold on to this handshake for as long as it lives.
    else this.#readFrom?.(socket, ignore);
    socket.unshift(this.#records!.bytes);
    this.#records = null;
    readInPieces(socket);
    return socket;
  }

  /**
   * The handle without the socket, and what was read of it, for `carryOn`; null where the socket does not give it. Nobody else may have begun
   * to write to it.
   */
  detach(handles: Handles): { handle: TcpHandle; hello: Buffer } | null {
    const { socket } = this;
    const handle = handles.detach(socket);
    if (handle === null) return null;
    this.#leave();
    socket.removeAllListeners('data');
    this.#readFrom = null;
    const hello = this.#records!.bytes;
    this.#records = null;
    return { handle, hello };
  }

  /** The stream has the connection from here on; its handshake begins. */
  carryOn(stream: SecureStream, hello: Buffer): void {
    this.#stream = stream;
    stream.feed(hello, maxPieceBytes);
  }

  onDone(stream: SecureStream): void {
    this.#tools.secured(this, stream);
  }

  onError(error: Error): void {
    this.fail(whyOf(errorCode(error)), sentenceOf(error));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Nobody serves the name that the client wants. */
  refuseName(why: string, name: string): void {
    this.#refuse(why, alerts.unrecognizedName, name);
  }

  /** What came is no ClientHello. */
  #takeOther(bytes: Buffer): void {
    if (bytes[0] === handshakeRecord) {
      this.#refuse('tls/garbage', alerts.decodeError, 'a ClientHello that contradicts itself');
      return;
    }
    const speaks = this.#tools.classify(bytes);
    if (speaks === 'more') return;
    if (speaks !== 'http1' && speaks !== 'http2') {
      this.#refuse('tls/garbage', null, speaks === 'unknown' ? '' : `it speaks ${speaks.toUpperCase()}`);
      return;
    }
    this.#end();
    this.#leave();
    this.#records = null;
    this.socket.allowHalfOpen = true;
    this.#handler.onPlain(bytes);
  }

  /** Tells a client that OpenSSL never sees why it is turned away (RFC 8446 6.2); a small write goes out at once. */
  #refuse(why: string, description: number | null, about = ''): void {
    if (description !== null && this.socket.writable) this.socket.write(alert(description));
    this.fail(why, about);
  }

  succeed(secured: TLSSocket | SecureStream, facts: TlsFacts): void {
    if (!this.#end()) {
      secured.destroy();
      return;
    }
    this.hello = null;
    // A client may end its side with its last request and still read the answer.
    if (!(secured instanceof SecureStream)) secured.allowHalfOpen = true;
    this.#handler.onSecure(secured, facts);
  }

  /** Ends the connection, whatever it is at. */
  abort(): void {
    this.fail('tls/client-gone', '');
  }

  /** Ends the connection; `about` says more of this case, or is ''. */
  fail(why: string, about: string): void {
    if (!this.#end()) return;
    this.#leave();
    this.socket.on('error', () => {});
    this.socket.destroy();
    this.#stream?.destroy();
    const { says } = reasons[why]!;
    const sentence = about === '' ? says : `${says} (${about})`;
    // Because who began the handshake is not to hear of its end before that call returns.
    process.nextTick(() => this.#handler.onFailed(why, sentence));
  }

  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#tools.timekeeper.clear(this);
    return true;
  }

  #leave(): void {
    this.socket.off('end', this.#onGone).off('close', this.#onGone).off('error', this.#onGone);
  }
}

/**
 * Makes `socket` give what lies in its queue in small pieces, which is how Node hands it to OpenSSL. The buffer between them starts with 1 KiB and gets
 * a successor of 16 KiB, for as long as the connection lives, once a piece fills it; a long request or upload still has it then.
 */
function readInPieces(socket: Socket): void {
  const { read } = socket;
  socket.read = (bytes?: number): Buffer | null => {
    if (bytes !== undefined) return read.call(socket, bytes);
    if (socket.readableLength > maxPieceBytes) return read.call(socket, maxPieceBytes);
    // Not deleted: V8 gives an object that lost a property a kilobyte more.
    socket.read = read;
    return read.call(socket);
  };
}
