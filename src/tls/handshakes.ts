// Handshakes on sockets that somebody else accepted: a tls.Server that never listens, and who waits for each socket.

import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  createSecureContext,
  createServer,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls';
import type { TlsFacts } from '../traffic/connection.ts';
import { reasons, sentenceOf, whyOf } from './failures.ts';
import { errorCode } from './files.ts';
import type { Identity } from './identity.ts';
import { NameIndex, shownName } from './names.ts';

/** Told of a socket once its handshake is complete. */
export type OnSecure = (tlsSocket: TLSSocket, facts: TlsFacts) => void;
/** Told of a socket whose handshake failed and which is destroyed: a name of `reasons`, and this case in a sentence. */
export type OnFailed = (why: string, says: string) => void;

/** What a handshake is held to. */
export interface HandshakeSettings {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** For the whole handshake, from the moment the socket is handed in; bytes that drip do not put it off. */
  readonly timeoutMs: number;
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

/** Sent in the clear to whoever speaks HTTP to this port: the same bytes for everybody, nothing of the request. */
const plainHttpAnswer = httpAnswer(
  'This port speaks HTTPS, and the request came without TLS. Write https:// in the URL.\n',
);

interface Waiting {
  readonly onSecure: OnSecure;
  readonly onFailed: OnFailed;
}

/** Performs handshakes with a fixed set of certificates; the first serves clients that name no other. */
export class Handshakes {
  readonly #server: Server;
  /** Keyed by sockets in their handshake only, and weakly: it cannot outgrow them. */
  readonly #waiting = new WeakMap<Socket, Waiting>();

  constructor(identities: readonly [Identity, ...Identity[]], settings: HandshakeSettings) {
    const common = contextOptions(settings.minVersion);
    const [first, ...others] = identities;
    const index = new NameIndex<SecureContext | null>(null);
    for (const name of first.description.names) index.add(name, null);
    for (const other of others) {
      const context = createSecureContext({ ...common, cert: other.chainPem, key: other.keyPem });
      for (const name of other.description.names) index.add(name, context);
    }
    this.#server = createServer({
      ...common,
      cert: first.chainPem,
      key: first.keyPem,
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: settings.timeoutMs,
      requestCert: false,
      // Because a callback costs each handshake a detour through JavaScript, there is one only where there is a choice.
      ...(others.length > 0 && { SNICallback: chooseBy(index) }),
    });
    this.#server.on('secureConnection', (tlsSocket) => this.#succeed(tlsSocket));
    this.#server.on('tlsClientError', (error, tlsSocket) => this.#fail(error, tlsSocket));
  }

  /** Begins a handshake; exactly one of the two is called, later, and after `onFailed` the socket is destroyed. */
  secure(socket: Socket, onSecure: OnSecure, onFailed: OnFailed): void {
    if (socket.destroyed) {
      process.nextTick(failGone, onFailed);
      return;
    }
    this.#waiting.set(socket, { onSecure, onFailed });
    // Because a client that is gone before its first byte would otherwise be waited for until the deadline.
    socket.allowHalfOpen = false;
    this.#server.emit('connection', socket);
  }

  /** Keys (48 random bytes) that session tickets are sealed with: workers that share them resume each other's sessions. */
  useTicketKeys(keys: Buffer): void {
    this.#server.setTicketKeys(keys);
  }

  #succeed(tlsSocket: TLSSocket): void {
    const waiting = this.#take(plainSocketOf(tlsSocket));
    if (waiting === null) tlsSocket.destroy();
    else {
      // A client may end its side with its last request and still read the answer.
      tlsSocket.allowHalfOpen = true;
      waiting.onSecure(tlsSocket, factsOf(tlsSocket));
    }
  }

  #fail(error: Error, tlsSocket: TLSSocket): void {
    const socket = plainSocketOf(tlsSocket);
    const why = whyOf(errorCode(error));
    // Because OpenSSL says nothing to such a client, the plain socket is still whole; a small write goes out at once.
    if (why === 'tls/plain-http' && socket.writable) socket.write(plainHttpAnswer);
    tlsSocket.destroy();
    socket.destroy();
    this.#take(socket)?.onFailed(why, sentenceOf(why, error));
  }

  #take(socket: Socket): Waiting | null {
    const waiting = this.#waiting.get(socket) ?? null;
    this.#waiting.delete(socket);
    return waiting;
  }
}

function chooseBy(index: NameIndex<SecureContext | null>): NonNullable<TlsOptions['SNICallback']> {
  return (sni, answer) => answer(null, index.find(sni) ?? undefined);
}

function contextOptions(minVersion: HandshakeSettings['minVersion']): SecureContextOptions {
  return {
    ciphers,
    ecdhCurve: groups(),
    honorCipherOrder: true,
    minVersion,
    // A client that puts ChaCha20 first has no AES in hardware; renegotiation is a gift to whoever wants our CPU.
    secureOptions: constants.SSL_OP_PRIORITIZE_CHACHA | constants.SSL_OP_NO_RENEGOTIATION,
    // Because node would otherwise derive it from the command line, which differs between workers and upgrades.
    sessionIdContext: 'portcullis',
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
function factsOf(tlsSocket: TLSSocket): TlsFacts {
  const sni: unknown = 'servername' in tlsSocket ? tlsSocket.servername : '';
  return {
    version: tlsSocket.getProtocol() ?? '',
    cipher: tlsSocket.getCipher().standardName,
    alpn: tlsSocket.alpnProtocol || '',
    sni: typeof sni === 'string' ? shownName(sni) : '',
    resumed: tlsSocket.isSessionReused(),
    group: '',
  };
}

/** The socket that was handed in. Undocumented, but node documents no way from the one to the other; every test here leans on it. */
function plainSocketOf(tlsSocket: TLSSocket): Socket {
  return (tlsSocket as TLSSocket & { readonly _parent: Socket })._parent;
}

function failGone(onFailed: OnFailed): void {
  onFailed('tls/client-gone', reasons['tls/client-gone']!.says);
}

function httpAnswer(page: string): string {
  return [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(page)}`,
    'Connection: close',
    '',
    page,
  ].join('\r\n');
}
