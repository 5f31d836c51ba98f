// Handshakes on sockets that somebody else accepted, by tls.Servers that never listen: one for each certificate, chosen by the ClientHello.

import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { TlsFacts } from '../traffic/connection.ts';
import type { Timekeeper } from '../traffic/deadline.ts';
import type { ClientHello } from './client-hello.ts';
import { sentenceOf, whyOf } from './failures.ts';
import { errorCode } from './files.ts';
import { type Classify, Handshake, type HandshakeHandler, type HandshakeTools, type ReadFrom } from './handshake.ts';
import type { Identity } from './identity.ts';
import { ja4Of } from './ja4.ts';
import { type NameIndex, shownName } from './names.ts';
import type { Shelf } from './shelf.ts';
import { TicketKeys } from './ticket-keys.ts';

/** What a handshake is held to. */
export interface HandshakeSettings {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** For the whole handshake, from the moment the socket is handed in; bytes that drip do not put it off. */
  readonly timeoutMs: number;
}

/** Who serves which name. `files` win over the shelf, and that over the local CA; null where there is nobody. */
export interface Identities {
  readonly files: NameIndex<Identity | null>;
  readonly shelf: Shelf;
  readonly local: NameIndex<Identity | null>;
  /** Serves clients whose name nobody serves; null for the newest of the shelf. */
  readonly first: Identity | null;
}

/** Mozilla's intermediate list without the DHE ciphers, which cost much and serve nobody who lacks ECDHE. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

const classicGroups = 'X25519:P-256:P-384';

/** The protocol of TLS-ALPN-01 (RFC 8737 6.2). */
const challengeProtocol = 'acme-tls/1';

/** Node's own deadline comes later than ours, which is watched by the one timer of all connections. */
const nodesDeadlineMs = 3_600_000;

/** Performs handshakes with the certificates of one generation. */
export class Handshakes {
  readonly #identities: Identities;
  readonly #common: TlsOptions;
  readonly #tools: HandshakeTools;
  readonly #ticketKeys = new TicketKeys();
  /** Keyed weakly by certificates that are in use, and by sockets in their handshake: they cannot outgrow them. */
  readonly #servers = new WeakMap<Identity, Server>();
  readonly #challengeServers = new WeakMap<Identity, Server>();
  readonly #running = new WeakMap<Socket, Handshake>();

  constructor(identities: Identities, settings: HandshakeSettings, timekeeper: Timekeeper, classify: Classify) {
    this.#identities = identities;
    this.#common = commonOptions(settings.minVersion);
    const answer = (handshake: Handshake, hello: ClientHello): void => this.#answer(handshake, hello);
    this.#tools = { timekeeper, classify, timeoutMs: settings.timeoutMs, answer };
  }

  /** Begins a handshake on a socket that nobody reads; `rest` is what was read of it. */
  secure(socket: Socket, rest: Buffer | null, readFrom: ReadFrom, handler: HandshakeHandler): void {
    const handshake = new Handshake(socket, handler, this.#tools);
    if (socket.destroyed) handshake.fail('tls/client-gone', '');
    else handshake.start(readFrom, rest);
  }

  /** Keys that session tickets are sealed with, the newest first: workers that share them resume each other's sessions. */
  useTicketKeys(keys: readonly Buffer[]): void {
    this.#ticketKeys.use(keys);
  }

  #answer(handshake: Handshake, hello: ClientHello): void {
    const server = this.#serverFor(hello);
    if (server === null) {
      handshake.refuseName(shownName(hello.serverName));
      return;
    }
    this.#running.set(handshake.socket, handshake);
    const isOlder = this.#ticketKeys.prepare(server, hello.ticketKeyName);
    server.emit('connection', handshake.release());
    // Node hands the hello to OpenSSL in the next tick, which reads it to its end: in the one after that it has the older key no more.
    if (isOlder) process.nextTick(() => this.#ticketKeys.settle(server));
  }

  #serverFor({ serverName, protocols }: ClientHello): Server | null {
    const { files, shelf, local, first } = this.#identities;
    if (protocols.includes(challengeProtocol)) {
      const challenge = shelf.findChallenge(serverName);
      if (challenge !== undefined) return this.#challengeServer(challenge);
    }
    const named = files.lookUp(serverName) ?? shelf.find(serverName) ?? local.lookUp(serverName);
    const identity = named ?? first ?? shelf.identities()[0] ?? null;
    return identity === null ? null : this.#serverOf(identity);
  }

  #serverOf(identity: Identity): Server {
    let server = this.#servers.get(identity);
    if (server !== undefined) return server;
    server = this.#newServer(identity, ['h2', 'http/1.1']);
    server.on('secureConnection', (tlsSocket) => this.#succeed(tlsSocket));
    this.#servers.set(identity, server);
    return server;
  }

  /** Its only word is the certificate itself: nothing is spoken behind it (RFC 8737 3). */
  #challengeServer(identity: Identity): Server {
    let server = this.#challengeServers.get(identity);
    if (server !== undefined) return server;
    server = this.#newServer(identity, [challengeProtocol]);
    server.on('secureConnection', (tlsSocket) => {
      tlsSocket.on('error', () => {});
      tlsSocket.end();
      const handshake = this.#take(tlsSocket);
      handshake?.fail('tls/acme-challenge', shownName(handshake.hello!.serverName));
    });
    this.#challengeServers.set(identity, server);
    return server;
  }

  #newServer({ chainPem, keyPem }: Identity, protocols: string[]): Server {
    const server = createServer({ ...this.#common, cert: chainPem, key: keyPem, ALPNProtocols: protocols });
    server.on('tlsClientError', (error, tlsSocket) => this.#fail(error, tlsSocket));
    return server;
  }

  #succeed(tlsSocket: TLSSocket): void {
    const handshake = this.#take(tlsSocket);
    if (handshake === null) tlsSocket.destroy();
    else handshake.succeed(tlsSocket, factsOf(tlsSocket, handshake.hello!));
  }

  #fail(error: Error, tlsSocket: TLSSocket): void {
    const handshake = this.#take(tlsSocket);
    tlsSocket.destroy();
    handshake?.fail(whyOf(errorCode(error)), sentenceOf(error));
  }

  #take(tlsSocket: TLSSocket): Handshake | null {
    const socket = plainSocketOf(tlsSocket);
    const handshake = this.#running.get(socket) ?? null;
    this.#running.delete(socket);
    return handshake;
  }
}

function commonOptions(minVersion: HandshakeSettings['minVersion']): TlsOptions {
  return {
    ciphers,
    ecdhCurve: groups(),
    honorCipherOrder: true,
    minVersion,
    // A client that puts ChaCha20 first has no AES in hardware; renegotiation is a gift to whoever wants our CPU.
    secureOptions: constants.SSL_OP_PRIORITIZE_CHACHA | constants.SSL_OP_NO_RENEGOTIATION,
    // Because node would otherwise derive it from the command line, which differs between workers and upgrades.
    sessionIdContext: 'portcullis',
    handshakeTimeout: nodesDeadlineMs,
    requestCert: false,
  };
}

/** Key exchanges in our order; the hybrid against quantum computers where this OpenSSL has it (3.5 and newer). */
function groups(): string {
  const hybridFirst = `X25519MLKEM768:${classicGroups}`;
  try {
    createSecureContext({ ecdhCurve: hybridFirst });
    return hybridFirst;
  } catch {
    return classicGroups;
  }
}

/** Gathered once. `group` stays '': node tells a server nothing of the key exchange (`getEphemeralKeyInfo()` is null). */
function factsOf(tlsSocket: TLSSocket, hello: ClientHello): TlsFacts {
  return {
    version: tlsSocket.getProtocol() ?? '',
    cipher: tlsSocket.getCipher().standardName,
    alpn: tlsSocket.alpnProtocol || '',
    sni: shownName(hello.serverName),
    resumed: tlsSocket.isSessionReused(),
    group: '',
    ja4: ja4Of(hello),
  };
}

/** The socket that was handed in. Undocumented, but node documents no way from the one to the other; every test here leans on it. */
function plainSocketOf(tlsSocket: TLSSocket): Socket {
  return (tlsSocket as TLSSocket & { readonly _parent: Socket })._parent;
}
