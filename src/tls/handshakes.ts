// Handshakes on sockets that somebody else accepted, by tls.Servers that never listen: one for each certificate, chosen by the ClientHello.

import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import type { ClientIdentity, TlsFacts } from '../traffic/connection.ts';
import type { Timekeeper } from '../traffic/deadline.ts';
import { type ClientPolicy, judgeClient } from './client-certificates.ts';
import type { ClientHello } from './client-hello.ts';
import { sentenceOf, whyOf } from './failures.ts';
import { errorCode } from './files.ts';
import { type Classify, Handshake, type HandshakeHandler, type HandshakeTools, type ReadFrom } from './handshake.ts';
import { HandshakeRates } from './handshake-rates.ts';
import type { Identity } from './identity.ts';
import { Ja4 } from './ja4.ts';
import { type NameIndex, shownName } from './names.ts';
import { type Binding, contextOf, Handles, nativeTls, nodesBinding, protocolBytes } from './native-tls.ts';
import { optionsOf, type PolicyName } from './policies.ts';
import { SecureStream, type StreamTools } from './secure-stream.ts';
import type { Shelf } from './shelf.ts';
import { TicketKeys } from './ticket-keys.ts';
import { type Want, WantedNames } from './wanted-names.ts';

/** What handshakes are held to. */
export interface HandshakeSettings {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly policy: PolicyName;
  readonly unknownNames: 'default' | 'refuse';
}

/** What of the outside they need. */
export interface HandshakesTools {
  readonly timekeeper: Timekeeper;
  readonly clock: Clock;
  readonly classify: Classify;
  /** For the whole handshake, from the moment the socket is handed in; bytes that drip do not put it off. */
  readonly handshakeTimeoutMs: number;
  readonly maxHandshakesPerClientPerSecond: number;
  /** Has a certificate on the shelf for a name that nobody serves, or says false; left out where none is had on demand. */
  readonly want?: Want;
  /** Node's own modules; those of this process where it is left out. */
  readonly binding?: Binding;
}

/** Who serves which name. `files` win over the shelf, and that over the local CA; null where there is nobody. */
export interface Identities {
  readonly files: NameIndex<Identity | null>;
  readonly shelf: Shelf;
  readonly local: NameIndex<Identity | null>;
  /** What clients have to show, by the name they ask for. */
  readonly clients: NameIndex<ClientPolicy | null>;
  /** Serves clients whose name nobody serves; null for the newest of the shelf. */
  readonly first: Identity | null;
}

/** What is spoken within TLS. */
const protocols = ['h2', 'http/1.1'];

/** Most bytes that Node decrypts at once. */
const decryptedBytes = 16_384;

/** The protocol of TLS-ALPN-01 (RFC 8737 6.2). */
const challengeProtocol = 'acme-tls/1';

/** How long a session may be resumed, in seconds: as long as its ticket's key is kept at least. */
const ticketLifeSeconds = 43_200;

/** Node's own deadline comes later than ours, which is watched by the one timer of all connections. */
const nodesDeadlineMs = 3_600_000;

/** Performs handshakes with the certificates of one generation. */
export class Handshakes {
  readonly #identities: Identities;
  readonly #common: TlsOptions;
  readonly #isStrict: boolean;
  readonly #rates: HandshakeRates;
  readonly #wanted: WantedNames | null;
  readonly #tools: HandshakeTools;
  /** Null where this Node does not show what it has beneath a TLSSocket. */
  readonly #streams: StreamTools | null;
  readonly #protocolBytes = protocolBytes(protocols);
  readonly #ticketKeys = new TicketKeys();
  readonly #ja4 = new Ja4();
  /** Keyed weakly by certificates that are in use, and by sockets in their handshake: they cannot outgrow them. */
  readonly #servers = new WeakMap<Identity, Map<ClientPolicy | null, Server>>();
  /** Servers whose clients show no certificate. */
  readonly #streamed = new WeakSet<Server>();
  readonly #challengeServers = new WeakMap<Identity, Server>();
  readonly #running = new WeakMap<Socket, Handshake>();

  constructor(identities: Identities, settings: HandshakeSettings, tools: HandshakesTools) {
    const { timekeeper, classify, handshakeTimeoutMs: timeoutMs, clock } = tools;
    this.#identities = identities;
    this.#common = commonOptions(settings);
    this.#isStrict = settings.unknownNames === 'refuse';
    this.#rates = new HandshakeRates(tools.maxHandshakesPerClientPerSecond, () => clock.monotonicMs());
    this.#wanted = tools.want === undefined ? null : new WantedNames(tools.want, () => clock.monotonicMs());
    const answer = (handshake: Handshake, hello: ClientHello): void => this.#answer(handshake, hello);
    const secured = (handshake: Handshake, stream: SecureStream): void => this.#secured(handshake, stream);
    this.#tools = { timekeeper, classify, timeoutMs, answer, secured };
    const native = nativeTls(tools.binding ?? nodesBinding);
    this.#streams =
      native === null ? null : { native, handles: new Handles(), buffer: Buffer.allocUnsafeSlow(decryptedBytes) };
  }

  /** Begins a handshake with `peer` on a socket that nobody reads; `rest` is what was read of it. */
  secure(socket: Socket, peer: string, rest: Buffer | null, readFrom: ReadFrom, handler: HandshakeHandler): Handshake {
    const handshake = new Handshake(socket, handler, this.#tools);
    if (socket.destroyed) handshake.fail('tls/client-gone', '');
    else if (!this.#rates.admit(peer)) handshake.fail('tls/too-many-handshakes', '');
    else handshake.start(readFrom, rest);
    return handshake;
  }

  /** Keys that session tickets are sealed with, the newest first: workers that share them resume each other's sessions. */
  useTicketKeys(keys: readonly Buffer[]): void {
    this.#ticketKeys.use(keys);
  }

  #answer(handshake: Handshake, hello: ClientHello): void {
    if (this.#wanted === null || this.#isKnown(hello)) this.#serve(handshake, hello);
    else void this.#serveOnDemand(handshake, hello, this.#wanted);
  }

  /** The client waits, within the deadline of its handshake, until there is a certificate for the name, or none. */
  async #serveOnDemand(handshake: Handshake, hello: ClientHello, wanted: WantedNames): Promise<void> {
    const isThere = await wanted.ask(hello.serverName);
    if (handshake.isOver) return;
    if (isThere && this.#isKnown(hello)) this.#serve(handshake, hello);
    else handshake.refuseName('tls/not-on-demand', shownName(hello.serverName));
  }

  #isKnown({ serverName, protocols }: ClientHello): boolean {
    if (serverName === '' || protocols.includes(challengeProtocol)) return true;
    return this.#named(serverName) !== undefined;
  }

  #named(serverName: string): Identity | undefined {
    const { files, shelf, local } = this.#identities;
    return files.lookUp(serverName) ?? shelf.find(serverName) ?? local.lookUp(serverName) ?? undefined;
  }

  #serve(handshake: Handshake, hello: ClientHello): void {
    const server = this.#serverFor(hello);
    if (server === null) {
      handshake.refuseName(this.#isStrict ? 'tls/unknown-name' : 'tls/no-certificate', shownName(hello.serverName));
      return;
    }
    const isOlder = this.#ticketKeys.prepare(server, hello.ticketKeyName);
    if (this.#stream(server, handshake)) {
      if (isOlder) this.#ticketKeys.settle(server);
      return;
    }
    this.#running.set(handshake.socket, handshake);
    server.emit('connection', handshake.release());
    // Node hands the hello to OpenSSL in the next tick, which reads it to its end: in the one after that it has the older key no more.
    if (isOlder) process.nextTick(() => this.#ticketKeys.settle(server));
  }

  /** Has OpenSSL read the hello without a TLSSocket; false where that cannot be, or where the client has to show a certificate. */
  #stream(server: Server, handshake: Handshake): boolean {
    const context = this.#streams === null || !this.#streamed.has(server) ? null : contextOf(server);
    const detached = context === null ? null : handshake.detach(this.#streams!.handles);
    if (context === null || detached === null) return false;
    const stream = new SecureStream(detached.handle, context, this.#protocolBytes, handshake, this.#streams!);
    handshake.carryOn(stream, detached.hello);
    return true;
  }

  #secured(handshake: Handshake, stream: SecureStream): void {
    const hello = handshake.hello!;
    const { version, cipher, alpn, resumed } = stream.agreed;
    const sni = shownName(hello.serverName);
    const ja4 = this.#ja4.of(hello);
    handshake.succeed(stream, { version, cipher, alpn, sni, resumed, group: '', ja4, client: null, clientPolicy: '' });
  }

  #serverFor({ serverName, protocols }: ClientHello): Server | null {
    const { shelf, first } = this.#identities;
    if (protocols.includes(challengeProtocol)) {
      const challenge = shelf.findChallenge(serverName);
      if (challenge !== undefined) return this.#challengeServer(challenge);
    }
    const named = this.#named(serverName);
    // A client without SNI is no liar: it is older, or came to an address.
    if (named === undefined && this.#isStrict && serverName !== '') return null;
    const identity = named ?? first ?? shelf.identities()[0] ?? null;
    return identity === null ? null : this.#serverOf(identity, this.#identities.clients.find(serverName));
  }

  #serverOf(identity: Identity, policy: ClientPolicy | null): Server {
    const byPolicy = this.#servers.get(identity) ?? new Map<ClientPolicy | null, Server>();
    this.#servers.set(identity, byPolicy);
    let server = byPolicy.get(policy);
    if (server !== undefined) return server;
    server = this.#newServer(identity, protocols, policy);
    server.on('secureConnection', (tlsSocket) => this.#succeed(tlsSocket, policy));
    if (policy === null) this.#streamed.add(server);
    byPolicy.set(policy, server);
    return server;
  }

  /** Its only word is the certificate itself: nothing is spoken behind it (RFC 8737 3). */
  #challengeServer(identity: Identity): Server {
    let server = this.#challengeServers.get(identity);
    if (server !== undefined) return server;
    server = this.#newServer(identity, [challengeProtocol], null);
    server.on('secureConnection', (tlsSocket) => {
      tlsSocket.on('error', () => {});
      tlsSocket.end();
      const handshake = this.#take(tlsSocket);
      handshake?.fail('tls/acme-challenge', shownName(handshake.hello!.serverName));
    });
    this.#challengeServers.set(identity, server);
    return server;
  }

  #newServer({ chainPem, keyPem }: Identity, protocols: string[], policy: ClientPolicy | null): Server {
    const own = { cert: chainPem, key: keyPem, ALPNProtocols: protocols };
    const server = createServer({
      ...this.#common,
      ...(policy === null ? {} : clientOptions(this.#common, policy)),
      ...own,
    });
    server.on('tlsClientError', (error, tlsSocket) => this.#fail(error, tlsSocket));
    return server;
  }

  #succeed(tlsSocket: TLSSocket, policy: ClientPolicy | null): void {
    const handshake = this.#take(tlsSocket);
    const client = policy === null ? null : judgeClient(tlsSocket, policy);
    if (handshake === null) tlsSocket.destroy();
    else if (client !== null && 'why' in client) handshake.fail(client.why, client.about);
    else
      handshake.succeed(
        tlsSocket,
        factsOf(tlsSocket, handshake.hello!, this.#ja4.of(handshake.hello!), client, policy?.id ?? ''),
      );
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

function commonOptions({ policy, minVersion }: HandshakeSettings): TlsOptions {
  return {
    ...optionsOf(policy, minVersion),
    // Because node would otherwise derive it from the command line, which differs between workers and upgrades.
    sessionIdContext: 'portcullis',
    // Tickets live as long as their keys are used, at least (RFC 8446 4.6.1 allows 7 days).
    sessionTimeout: ticketLifeSeconds,
    handshakeTimeout: nodesDeadlineMs,
    requestCert: false,
  };
}

/** Sessions under a policy are not resumed at all, and would be no other policy's if they were. */
function clientOptions({ secureOptions = 0 }: TlsOptions, { id, options }: ClientPolicy): TlsOptions {
  return {
    ...options,
    sessionIdContext: `portcullis ${id}`,
    secureOptions: secureOptions | constants.SSL_OP_NO_TICKET,
  };
}

/** Gathered once. `group` stays '': node tells a server nothing of the key exchange (`getEphemeralKeyInfo()` is null). */
function factsOf(
  tlsSocket: TLSSocket,
  hello: ClientHello,
  ja4: string,
  client: ClientIdentity | null,
  clientPolicy: string,
): TlsFacts {
  return {
    version: tlsSocket.getProtocol() ?? '',
    cipher: tlsSocket.getCipher().standardName,
    alpn: tlsSocket.alpnProtocol || '',
    sni: shownName(hello.serverName),
    resumed: tlsSocket.isSessionReused(),
    group: '',
    ja4,
    client,
    clientPolicy,
  };
}

/** The socket that was handed in. Undocumented, but node documents no way from the one to the other; every test here leans on it. */
function plainSocketOf(tlsSocket: TLSSocket): Socket {
  return (tlsSocket as TLSSocket & { readonly _parent: Socket })._parent;
}
