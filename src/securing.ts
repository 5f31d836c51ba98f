// Connections within their TLS handshake: they have no passage yet, and must not outlive the gate.

import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Listener } from './gate.ts';
import type { Generation } from './generation.ts';
import type { ReadFrom, Running, Tls } from './tls/tls.ts';
import type { ClientSocket } from './traffic/client-socket.ts';
import type { Connection } from './traffic/connection.ts';
import type { Exchange } from './traffic/exchange.ts';
import { answer, type Refusal } from './traffic/verdict.ts';

/** Who hears how a handshake went, once. */
export interface Securing {
  /** The connection speaks TLS, and its facts are in its record; or it does not and `listener` redirects, `rest` being what was read. */
  secured(socket: ClientSocket, connection: Connection, listener: Listener, rest: Buffer | null): void;
  /** The socket is destroyed. */
  unsecured(connection: Connection, why: string, says: string): void;
}

/** A request for a site whose rules for client certificates this connection was not made under (RFC 9110 15.5.20), or null. */
export function misdirection({ connection, host }: Exchange, { settings, tls }: Generation): Refusal | null {
  if (tls === null || settings.tls.clientCertificates.length === 0) return null;
  // A rehearsal has no handshake.
  if (connection.secure && connection.tls === null) return null;
  const policy = tls.clientPolicyOf(host);
  if ((policy?.id ?? '') === (connection.tls?.clientPolicy ?? '')) return null;
  if (connection.tls === null && policy?.mode === 'request') return null;
  return answer(421, 'tls/misdirected', `${host} has other rules for client certificates than this connection`);
}

/** One of them; `handshake` is null until it has begun. */
interface Entry {
  readonly connection: Connection;
  handshake: Running | null;
}

/** All that are within their handshake, in one process. */
export class SecuringSockets {
  readonly #running = new Set<Entry>();
  readonly #securing: Securing;
  readonly #readFrom: ReadFrom;

  constructor(securing: Securing, readFrom: ReadFrom) {
    this.#securing = securing;
    this.#readFrom = readFrom;
  }

  /** Begins the handshake of an admitted connection; `rest` is what came with its PROXY header. */
  add(socket: Socket, connection: Connection, listener: Listener, tls: Tls, rest: Buffer | null): void {
    const before = performance.now();
    connection.stage = 'handshake';
    const entry: Entry = { connection, handshake: null };
    this.#running.add(entry);
    entry.handshake = tls.secure(socket, connection.peer, rest, this.#readFrom, {
      onSecure: (secured, facts) => {
        this.#running.delete(entry);
        connection.tls = facts;
        connection.tlsMicroseconds = (performance.now() - before) * 1000;
        this.#securing.secured(secured, connection, listener, null);
      },
      // Somebody wrote http:// before the port of https://: the same request is sent to where it belongs.
      onPlain: (bytes) => {
        this.#running.delete(entry);
        this.#securing.secured(socket, connection, { ...listener, redirectPort: listener.port }, bytes);
      },
      onFailed: (why, says) => {
        this.#running.delete(entry);
        this.#securing.unsecured(connection, why, says);
      },
    });
  }

  /** How many there are. */
  get size(): number {
    return this.#running.size;
  }

  /** Ends those of which `isToEnd` says so; false where there are none. */
  end(isToEnd: (connection: Connection) => boolean): boolean {
    const found = [...this.#running].filter(({ connection }) => isToEnd(connection));
    for (const { handshake } of found) handshake?.abort();
    return found.length > 0;
  }
}
