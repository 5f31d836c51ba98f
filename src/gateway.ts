// The spine: one connection's life, then one exchange's life, station by station. Who is asked about a head is in `judge-head.ts`.
//
//   accept → firewall → connections → tls → http → site → rates → waf → proxy → answer, and everything is told to observe

import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { Arrivals, type Caller, callerOf, type Reception } from './arrivals.ts';
import { AddressReader, normalise } from './base/address.ts';
import { latin1 } from './base/bytes.ts';
import { Writes } from './base/writes.ts';
import { drain, until } from './drain.ts';
import type { Gate, GatewayTools, Listener, Passing } from './gate.ts';
import type { Generation } from './generation.ts';
import { ClientSide, Http1Stream, Http2Side, Http2Tools, preface, SeenFields } from './http/http.ts';
import { judgeHead } from './judge-head.ts';
import { markRule, markShutOut } from './markings.ts';
import { weigh } from './offending.ts';
import { Passage } from './passage.ts';
import { SharedReads } from './ports/ports.ts';
import { type Securing, SecuringSockets } from './securing.ts';
import { Tarpit } from './tarpit.ts';
import type { ClientSocket } from './traffic/client-socket.ts';
import { Connection } from './traffic/connection.ts';
import type { Exchange } from './traffic/exchange.ts';
import { close, type Refusal } from './traffic/verdict.ts';

const deniedNumber = 0;
/** How long a destroyed socket may take to say that it is closed; it takes a turn of the event loop. */
const maxFarewellMs = 1000;

/** The gate itself. `generation` may be replaced whole at any time; a running exchange keeps the one it came under. */
export class Gateway implements Gate, Reception, Securing {
  generation: Generation;
  readonly tools: GatewayTools;
  readonly tarpit: Tarpit;
  /** A record that may be renewed for the next exchange, or null. */
  spare: Exchange | null = null;
  readonly #passages = new Map<Passing, Connection>();
  readonly #securing = new SecuringSockets(this, (socket, read) => this.#readInto(socket, read));
  /** Sockets of balancers that have not announced yet whom they bring. */
  readonly #arrivals = new Arrivals(this);
  readonly #seen = new SeenFields();
  readonly #http2: Http2Tools;
  readonly #reader = new AddressReader();
  #isEnding = false;
  readonly #writes = new Writes();
  /** One for all connections: what a read brings is consumed before the next one. */
  readonly #reads = new SharedReads(Buffer.allocUnsafeSlow(65_536));

  constructor(generation: Generation, tools: GatewayTools) {
    this.generation = generation;
    this.tools = tools;
    this.tarpit = new Tarpit(tools.timekeeper);
    this.#http2 = new Http2Tools(() => tools.clock.monotonicMs());
  }

  /** One accepted socket: judged by who calls which port before one byte is read, counted, and secured. */
  accept(socket: Socket, listener: Listener): void {
    listener.accepted++;
    const remote = socket.remoteAddress;
    if (remote === undefined) {
      // The client reset the connection before we could ask who it was.
      socket.destroy();
      return;
    }
    const peer = normalise(remote);
    if (listener.announcers?.has(peer)) this.#await(socket, listener, peer);
    else this.arrived(socket, listener, callerOf(peer, socket));
  }

  /** A balancer's connection waits until it is known whom it brings; those that wait count like those that are admitted. */
  #await(socket: Socket, listener: Listener, peer: string): void {
    const { connections, timekeeper } = this.tools;
    const { maxConnections } = connections.settings;
    if (connections.size + this.#arrivals.size < maxConnections)
      this.#arrivals.add(socket, listener, peer, timekeeper, this.generation.limits.headerTimeoutMs);
    else {
      const refusal = close('connections/too-many', `all ${maxConnections} connections are taken`);
      this.#turnAway(socket, this.#unadmitted(socket, listener, callerOf(peer, socket)), 'connections', refusal);
    }
  }

  /** It is known who calls: judged, counted and secured. */
  arrived(socket: Socket, listener: Listener, caller: Caller): void {
    const admitted = this.#judgeConnection(socket, caller, listener);
    if (admitted !== null) this.#secure(socket, admitted, listener, caller.rest);
  }

  /** A balancer that said nothing that can be understood. */
  lost(socket: Socket, listener: Listener, caller: Caller, why: string, says: string): void {
    this.#turnAway(socket, this.#unadmitted(socket, listener, caller), 'ports', close(why, `${caller.peer}: ${says}`));
  }

  /** The record of a connection that never got a row. */
  #unadmitted(socket: Socket, listener: Listener, caller: Caller): Connection {
    const { port, name, tls } = listener;
    const { peer, peerPort, via, viaVersion } = caller;
    const local = localOf(socket, listener);
    const connection = new Connection(deniedNumber, peer, peerPort, local, port, name, tls, this.tools.clock.now());
    connection.via = via;
    connection.viaVersion = viaVersion;
    connection.firewallDescription = 'not asked';
    return connection;
  }

  /** The connection's row in the table, or null where it was turned away. */
  #judgeConnection(socket: Socket, caller: Caller, listener: Listener): Connection | null {
    const { peer, peerPort, via, viaVersion } = caller;
    const { firewall, callers } = this.generation;
    const { connections } = this.tools;
    const before = performance.now();
    const reader = this.#reader;
    reader.readPeer(peer);
    const shutOut = callers.judge(reader);
    if (shutOut !== null) {
      this.#shutOut(socket, this.#unadmitted(socket, listener, caller), shutOut, before);
      return null;
    }
    const rule = firewall.judgeRead('tcp', reader, listener.port);
    const microseconds = (performance.now() - before) * 1000;
    const isAllowed = firewall.isAllowed(rule);
    const judged = isAllowed
      ? connections.admit(peer, peerPort, localOf(socket, listener), listener.port, listener.name, listener.tls, via)
      : firewall.refusal(rule, 'tcp', peer, listener.port);
    if (judged instanceof Connection) {
      judged.viaVersion = viaVersion;
      markRule(judged, firewall, rule, microseconds);
      return judged;
    }
    const turnedAway = this.#unadmitted(socket, listener, caller);
    markRule(turnedAway, firewall, rule, microseconds);
    this.#turnAway(socket, turnedAway, isAllowed ? 'connections' : 'firewall', judged);
    return null;
  }

  /** Turns away whoever is banned or on a blocklist, whatever the rules say. */
  #shutOut(socket: Socket, connection: Connection, refusal: Refusal, before: number): void {
    markShutOut(connection, refusal, (performance.now() - before) * 1000);
    this.#turnAway(socket, connection, 'firewall', refusal);
  }

  /** Closes at once, before one byte was read; its journey says why. */
  #turnAway(socket: Socket, connection: Connection, station: string, refusal: Refusal): void {
    const { observe, identifiers } = this.tools;
    connection.endedWhy = refusal.why;
    socket.destroy();
    observe.tellConnection(connection, identifiers.next(connection.openedAt), station, refusal.says);
  }

  #secure(socket: Socket, connection: Connection, listener: Listener, rest: Buffer | null): void {
    const { tls } = this.generation;
    if (listener.tls && tls !== null) this.#securing.add(socket, connection, listener, tls, rest);
    else this.secured(socket, connection, listener, rest);
  }

  /** The handshake failed, or was not meant to lead to anything. */
  unsecured(connection: Connection, why: string, says: string): void {
    connection.endedWhy = why;
    connection.lastActiveAt = this.tools.clock.now();
    this.tools.connections.end(connection);
    if (why !== 'tls/acme-challenge') this.generation.callers.offend('handshake', connection.peer);
    this.tools.observe.tellConnection(connection, this.tools.identifiers.next(connection.lastActiveAt), 'tls', says);
  }

  /** Its bytes are those of exchanges from here on. */
  secured(socket: ClientSocket, connection: Connection, listener: Listener, rest: Buffer | null): void {
    let read: (bytes: Buffer, count: number) => void;
    if (connection.tls?.alpn === 'h2') {
      this.#readFrom(socket, (bytes, count) => read(bytes, count));
      read = this.#startHttp2(socket, connection, listener);
      return;
    }
    const { timekeeper, clock } = this.tools;
    const side = new ClientSide(
      connection,
      this.generation.limits,
      timekeeper,
      () => clock.monotonicMs(),
      this.#seen,
      this.#writes,
    );
    const passage = new Passage(this, new Http1Stream(side), listener, side);
    const readHttp1 = (bytes: Buffer, count: number): void => {
      try {
        side.read(bytes, count);
      } catch (error) {
        passage.fail(error);
      }
    };
    read = (bytes, count) => {
      read = readHttp1;
      // HTTP/2 with prior knowledge (RFC 9113 3.3).
      if (connection.tls === null && beginsAsHttp2(bytes, count)) {
        side.handOver();
        this.#passages.delete(side);
        read = this.#startHttp2(socket, connection, listener);
      }
      read(bytes, count);
    };
    this.#passages.set(side, connection);
    this.#readFrom(socket, (bytes, count) => read(bytes, count));
    side.start(socket, passage);
    if (rest !== null) read(rest, rest.length);
  }

  /** Gives what is to be called with the bytes that come. */
  #startHttp2(
    socket: ClientSocket,
    connection: Connection,
    listener: Listener,
  ): (bytes: Buffer, count: number) => void {
    const side = new Http2Side(connection, this.generation.limits, this.tools.timekeeper, this.#http2);
    this.#passages.set(side, connection);
    side.start(socket, {
      onStream: (stream) => new Passage(this, stream, listener, side),
      onFault: (why, says) => this.#tellConnection(connection, why, says),
      onClose: (why) => {
        if (connection.requests === 0 && connection.endedWhy === '')
          this.#tellConnection(connection, why || 'http/no-request', 'the connection ended without a request');
        this.forget(side, connection);
      },
    });
    return (bytes, count) => {
      try {
        side.read(bytes, count);
      } catch (error) {
        this.#tellConnection(connection, 'http/internal-error', String(error));
        side.destroy('http/internal-error');
      }
    };
  }

  /** The journey of a connection whose end is not that of one exchange. */
  #tellConnection(connection: Connection, why: string, says: string): void {
    const { clock, identifiers, observe } = this.tools;
    connection.endedWhy = why;
    connection.lastActiveAt = clock.now();
    observe.tellConnection(connection, identifiers.next(connection.lastActiveAt), 'http', says);
  }

  #readFrom(socket: ClientSocket, read: (bytes: Buffer, count: number) => void): void {
    if (socket.readTo !== undefined) socket.readTo(read);
    else this.#readInto(socket as Socket, read);
  }

  #readInto(socket: Socket, read: (bytes: Buffer, count: number) => void): void {
    const { buffer } = this.#reads;
    if (this.#reads.readInto(socket, (count) => read(buffer, count))) return;
    socket.removeAllListeners('data').on('data', (bytes: Buffer) => read(bytes, bytes.length));
  }

  /** Only requests that say to come from a robot are waited for, and only where the settings name robots. */
  await(exchange: Exchange, generation: Generation, resume: () => void): boolean {
    if (generation.settings.bots.verified.length === 0) return false;
    exchange.client = generation.clientResolver.resolve(exchange.connection.peer, exchange.headers);
    return generation.bots.await(exchange, resume);
  }

  /** Asks the stations about the head of an exchange, under the generation that stands. */
  judgeHead(exchange: Exchange, generation: Generation): Refusal | null {
    exchange.trace = this.tools.observe.trace(exchange);
    return judgeHead(exchange, generation, this.tools.guard);
  }

  /** The connection of a passage is over. */
  forget(passage: Passing, connection: Connection): void {
    this.#passages.delete(passage);
    this.tools.connections.end(connection);
  }

  /** An exchange that ended: what it counts against its client. */
  weigh(exchange: Exchange): void {
    weigh(exchange, this.generation);
  }

  /** Ends, in the next turn, every connection that would not be let in any more: after a ban, a new list or new rules. */
  endShutOut(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    // Because a flood brings bans by the hundred, all of one turn are seen to at once.
    setImmediate(() => {
      this.#isEnding = false;
      this.#securing.end((connection) => this.#whyShutOut(connection) !== null);
      for (const [passage, connection] of this.#passages) {
        const why = this.#whyShutOut(connection);
        if (why !== null) passage.destroy(why);
      }
    });
  }

  /** Ends the connection with this number because its owner says so; false where there is none. */
  close(number: number): boolean {
    if (this.#securing.end((connection) => connection.number === number)) return true;
    for (const [passage, connection] of this.#passages)
      if (connection.number === number) {
        passage.destroy('http/closed-by-owner');
        return true;
      }
    return false;
  }

  #whyShutOut({ peer, localPort }: Connection): string | null {
    const { firewall, callers } = this.generation;
    const reader = this.#reader;
    reader.readPeer(peer);
    const refusal = callers.judge(reader);
    if (refusal !== null) return refusal.why;
    const rule = firewall.simulate('tcp', peer, localPort);
    return firewall.isAllowed(rule) ? null : firewall.refusal(rule, 'tcp', peer, localPort).why;
  }

  /** Connections that are read as exchanges now. */
  get passages(): number {
    return this.#passages.size;
  }

  /** Another generation takes over. What runs ends under the one it came under; limits of connections hold at once. */
  swap(next: Generation): void {
    const { callers, proxy } = this.generation;
    next.proxy.adopt(proxy);
    next.proxy.start();
    this.tools.connections.adopt(next.connections);
    callers.adopt(next.callers);
    this.tools.guard.reset();
    this.generation = { ...next, callers };
    proxy.stop();
  }

  /** `drain` for the connections of one listener alone. */
  drainListener(name: string, ms: number): Promise<void> {
    const its = () => [...this.#passages].flatMap(([passage, { listener }]) => (listener === name ? [passage] : []));
    return drain({ left: its, isQuiet: () => true }, false, ms, this.tools.clock);
  }

  /** No further request on any connection; idle ones close now, or `gently` after their next answer. Resolves when all are over, after `ms` at most. */
  async drain(ms: number, gently: boolean): Promise<void> {
    const { clock } = this.tools;
    this.tarpit.stop();
    if (!gently) this.#endUnread();
    const isQuiet = () => this.#securing.size + this.#arrivals.size === 0;
    await drain({ left: () => [...this.#passages.keys()], isQuiet }, gently, ms, clock);
    this.#endUnread();
    // A journey is told when its socket has closed, and the journal must still be there to hear it.
    await until(() => this.#passages.size === 0, maxFarewellMs, clock);
  }

  /** Ends what has not said anything yet. */
  #endUnread(): void {
    this.#arrivals.abort();
    this.#securing.end(() => true);
  }
}

/** The address that was called: the kernel is asked (some 3 µs) only where there could be several. */
function localOf(socket: Socket, { local }: Listener): string {
  return local === '' ? normalise(socket.localAddress ?? '') : local;
}

function beginsAsHttp2(bytes: Buffer, count: number): boolean {
  return bytes[0] === 80 && count >= preface.length && latin1(bytes, 0, preface.length) === preface;
}
