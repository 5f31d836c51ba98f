// Opens the connection to an upstream: TCP or a Unix socket, from the source address that is its turn, with a PROXY header
// and under TLS where the upstream asks for them.

import net, { isIP, isIPv6, type Socket } from 'node:net';
import tls from 'node:tls';
import type { Announced } from './announcing.ts';
import { proxyHeader } from './announcing.ts';
import { connectFailure, type Failure, secureFailure, sourceFailure } from './failure.ts';
import type { Source, SourcePorts } from './source-ports.ts';
import { labelOf, type Target } from './target.ts';

/** Where to connect, and how patient to be. */
export interface UpstreamOptions {
  readonly target: Target;
  /** The addresses its name led to, tried in their order; none where the name is to be looked up on the way. */
  addresses: readonly string[];
  /** Null where the kernel chooses where connections leave from. */
  readonly sources: SourcePorts | null;
  readonly connectTimeoutMs: number;
  readonly idleMs: number;
  /** The TLS session of the last connection, with which the next is resumed. */
  session: Buffer | null;
}

/** Reads into one buffer: it is lent to `callback` for the time of the call; false stops the reading. */
export interface ReadInto {
  readonly buffer: Buffer;
  callback(count: number): boolean;
}

/** Who waits for a connection; exactly one of the two is called, later, unless it is given up before. */
export interface DialHandler {
  /** Bytes may go. The socket's events are the handler's from here on. */
  onDialled(socket: Socket): void;
  onDialFailed(failure: Failure): void;
}

/** Ports that are tried one after the other where the 4-tuple is taken by somebody else or in TIME_WAIT. */
const maxSourceTries = 32;
/** Silence after which the kernel asks whether the upstream is still there. */
const keepAliveMs = 30_000;

/** Protocols that are offered under TLS (RFC 7301). */
const offers = { h1: ['http/1.1'], h2: ['h2'], auto: ['h2', 'http/1.1'] };

/** One connection on its way. */
export class Dialling {
  /** Our own end, where we chose it; given back when the socket closes. */
  #source: Source | null = null;
  #socket: Socket | null = null;
  #tries = 0;
  #isOver = false;
  readonly #options: UpstreamOptions;
  readonly #read: ReadInto;
  readonly #handler: DialHandler;
  readonly #client: Announced | null;

  /** Begins to connect. `client` is whom a PROXY header announces; null for the gate itself. */
  constructor(options: UpstreamOptions, read: ReadInto, handler: DialHandler, client: Announced | null) {
    this.#options = options;
    this.#read = read;
    this.#handler = handler;
    this.#client = client;
    this.#open();
  }

  /** Gives it up; nobody is called any more. */
  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket?.destroy();
  }

  #open(): void {
    const { target } = this.#options;
    const isPlain = target.tls === null;
    // Under TLS that begins behind a header, the socket below must not read for itself.
    const isDirect = isPlain || target.proxyVersion === 0;
    const place = target.socketPath === '' ? this.#place() : { path: target.socketPath };
    if (place === null) return;
    const common = { ...place, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs };
    const onread = { buffer: this.#read.buffer, callback: (count: number) => this.#read.callback(count) };
    const socket =
      target.tls !== null && isDirect
        ? tls.connect(withReader({ ...common, ...this.#security() }, onread))
        : net.connect(isPlain ? { ...common, onread } : common);
    this.#watch(socket);
    socket.once('connect', () => this.#onConnect(socket));
    if (target.tls !== null && isDirect) socket.once('secureConnect', () => this.#done(socket));
  }

  /** Host, port, and what is bound; null where no source is left, of which the handler hears later. */
  #place(): net.TcpSocketConnectOpts | null {
    const { target, addresses, sources } = this.#options;
    const [first] = addresses;
    const host = addresses.length === 1 ? first! : target.host;
    const place: net.TcpSocketConnectOpts = { host, port: target.port };
    // Several addresses of one machine, as localhost has, are tried in turn by Node (RFC 8305).
    if (addresses.length > 1) place.lookup = lookupIn(addresses);
    if (sources === null) return place;
    const isFamily6 = isIP(host) === 0 ? null : isIPv6(host);
    this.#source = sources.take(isFamily6);
    if (this.#source === null) {
      queueMicrotask(() => this.#fail(connectFailure('EADDRNOTAVAIL', this.#label())));
      return null;
    }
    const { address, port } = this.#source;
    return { ...place, localAddress: address, localPort: port, family: isIPv6(address) ? 6 : 4 };
  }

  #security(): tls.ConnectionOptions {
    const { target, session } = this.#options;
    const { context, serverName, isVerified } = target.tls!;
    return {
      secureContext: context,
      // An address is no name to ask for (RFC 6066 3), but the certificate must have it all the same.
      ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
      checkServerIdentity: (_host, certificate) => tls.checkServerIdentity(serverName, certificate),
      rejectUnauthorized: isVerified,
      ALPNProtocols: offers[target.protocol],
      ...(session === null ? {} : { session }),
    };
  }

  #watch(socket: Socket): void {
    this.#socket = socket;
    const source = this.#source;
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(socket, error));
    socket.on('close', () => {
      if (source !== null) this.#options.sources?.give(source);
      if (this.#socket === socket) this.#fail(connectFailure('ECONNRESET', this.#label()));
    });
    if (socket instanceof tls.TLSSocket)
      socket.on('session', (session: Buffer) => {
        this.#options.session = session;
      });
  }

  #onConnect(socket: Socket): void {
    const { target } = this.#options;
    if (target.proxyVersion !== 0) socket.write(proxyHeader(target.proxyVersion, this.#client));
    if (target.tls === null) this.#done(socket);
    else if (!(socket instanceof tls.TLSSocket)) this.#secure(socket);
  }

  /** TLS over a connection that has begun with a PROXY header. */
  #secure(plain: Socket): void {
    const socket = tls.connect({ socket: plain, ...this.#security() });
    // Closing the one closes the other; the plain one keeps its own end of the 4-tuple until then.
    this.#socket = socket;
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(socket, error));
    socket.on('close', () => {
      if (this.#socket === socket) this.#fail(connectFailure('ECONNRESET', this.#label()));
    });
    socket.once('secureConnect', () => {
      this.#done(socket);
      socket.on('data', (bytes: Buffer) => this.#onData(socket, bytes));
    });
  }

  /** Hands on what came in a buffer of its own by way of the one that readers know. */
  #onData(socket: Socket, bytes: Buffer): void {
    const { buffer } = this.#read;
    for (let at = 0; at < bytes.length; at += buffer.length) {
      const count = bytes.copy(buffer, 0, at);
      if (!this.#read.callback(count)) socket.pause();
    }
  }

  #done(socket: Socket): void {
    if (this.#isOver) return;
    if (socket instanceof tls.TLSSocket && this.#options.target.protocol === 'h2' && socket.alpnProtocol !== 'h2') {
      this.#fail(secureFailure('ALPN', `it does not speak HTTP/2 under TLS`, this.#label()));
      return;
    }
    this.#isOver = true;
    this.#socket = null;
    this.#handler.onDialled(socket);
  }

  #onError(socket: Socket, error: NodeJS.ErrnoException): void {
    if (this.#isOver || this.#socket !== socket) return;
    const code = error.code ?? '';
    if (this.#source !== null && code === 'EADDRNOTAVAIL' && error.syscall === 'bind') {
      this.#fail(sourceFailure(this.#source.address, this.#label()));
      return;
    }
    const isTaken = code === 'EADDRNOTAVAIL' || code === 'EADDRINUSE';
    if (this.#source !== null && isTaken && ++this.#tries < maxSourceTries) {
      this.#socket = null;
      socket.destroy();
      this.#open();
      return;
    }
    const isSecuring = this.#options.target.tls !== null && !isOfConnecting(error);
    this.#fail(
      isSecuring ? secureFailure(code, error.message, this.#label()) : connectFailure(codeOf(error), this.#label()),
    );
  }

  #fail(failure: Failure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket?.destroy();
    this.#handler.onDialFailed(failure);
  }

  #label(): string {
    return labelOf(this.#options.target, this.#options.addresses);
  }
}

/** `tls.connect` takes `onread` as `net.connect` does (Node's manual, tls.connect); its types do not know yet. */
function withReader(options: tls.ConnectionOptions, onread: net.OnReadOpts): tls.ConnectionOptions {
  return Object.assign(options, { onread });
}

/** Did the error come before there was a connection? Node says which call failed; of several addresses it says each. */
function isOfConnecting(error: NodeJS.ErrnoException): boolean {
  return (
    error.syscall === 'connect' || error.syscall === 'getaddrinfo' || error.syscall === 'bind' || 'errors' in error
  );
}

function codeOf(error: NodeJS.ErrnoException): string {
  return error.code ?? error.message;
}

function lookupIn(addresses: readonly string[]): net.LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, options, done) => {
    if (options.all === true) done(null, found);
    else done(null, found[0]!.address, found[0]!.family);
  };
}
