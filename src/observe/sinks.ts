// Places for lines that are no files: syslog over TLS, TCP, UDP or a Unix stream socket, and the stream of systemd's journal.
// Each is opened by its name and written to as a file is, so that what holds for the journal (whole lines, a bound, counters) holds for them.

import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectSecurely, TLSSocket } from 'node:tls';
import { type LogTarget, targetName } from '../traffic/log-target.ts';
import type { AppendedFile, Files } from './files.ts';
import { type Credentials, materialOf } from './log-credentials.ts';

/** Longest time that a server may take to take a batch, and to be reached, in ms. */
const sendMs = 5000;
/** How long a server may take to end its side when all was sent, in ms. */
const lingerMs = 250;
/** Longest message over UDP, in bytes: what is longer is cut (RFC 5426 3.2 lets a receiver take no more than that). */
const maxDatagram = 8192;
/** Where systemd's journal takes streams (sd_journal_stream_fd(3)); its datagram socket is out of reach for Node. */
export const journaldSocket = '/run/systemd/journal/stdout';

/** Files and sinks: `targets` are those that are no files, opened by their names. */
export function sinksOver(files: Files, targets: readonly LogTarget[], journaldPath = journaldSocket): Files {
  const byName = new Map(targets.map((target) => [targetName(target), target]));
  return {
    open: async (name) => {
      const target = byName.get(name);
      if (target === undefined || target.kind === 'file') return files.open(name);
      if (target.kind === 'journald') return new StreamSink({ path: journaldPath }, journaldStream);
      if (target.transport === 'udp') return new DatagramSink(target.host, target.port);
      return new StreamSink(target, syslogStream);
    },
  };
}

/** How lines are framed on a stream, and what is said before the first. */
interface Framing {
  readonly greeting: string;
  frame(line: string): string;
}

/** RFC 6587 3.4.1: the length in bytes before each message, so that no message can look like two. */
const syslogStream: Framing = {
  greeting: '',
  frame: (line) => `${Buffer.byteLength(line)} ${line}`,
};

/** What sd_journal_stream_fd() says: identifier, unit, priority, whether lines begin with one, and three times that nothing is passed on. */
const journaldStream: Framing = {
  greeting: 'portcullis\n\n6\n1\n0\n0\n0\n',
  frame: (line) => `${line}\n`,
};

/** Where a stream leads to; over TLS where there are credentials. */
type Place =
  | { readonly path: string }
  | ({ readonly host: string; readonly port: number } & (Credentials | { readonly ca?: never }));

/** Opens it. Over TLS nothing is sent before the server has proved to be the one that was named (RFC 5425 5.2). Throws where its files cannot be read. */
function opened(to: Place): Socket {
  if ('path' in to || to.ca === undefined) return connect(to);
  const { host, port } = to;
  return connectSecurely({
    host,
    port,
    minVersion: 'TLSv1.2',
    ...(isIP(host) === 0 ? { servername: host } : {}),
    // Read for each connection, so that a file that was renewed counts.
    ...materialOf(to, readFileSync),
  });
}

/** A stream that is connected when there is something to send, and anew after it broke. */
class StreamSink implements AppendedFile {
  readonly #to: Place;
  readonly #framing: Framing;
  #socket: Socket | null = null;

  constructor(to: Place, framing: Framing) {
    this.#to = to;
    this.#framing = framing;
  }

  async append(text: string): Promise<void> {
    const lines = linesOf(text).map((line) => this.#framing.frame(line));
    const fresh = this.#socket === null;
    const socket = this.#socket ?? this.#connected();
    this.#socket = socket;
    try {
      if (fresh && socket instanceof TLSSocket) await believed(socket);
      await written(socket, (fresh ? this.#framing.greeting : '') + lines.join(''));
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null || socket.destroyed) return;
    await new Promise<void>((resolve) => {
      socket.setTimeout(sendMs, () => socket.destroy());
      // A server that keeps its side open has all the same: whoever reloads need not wait for it.
      socket.once('finish', () => socket.setTimeout(lingerMs));
      socket.once('close', () => resolve());
      socket.end();
    });
  }

  #connected(): Socket {
    const socket = opened(this.#to);
    socket.unref();
    // Servers have nothing to say; what they say is read, so that their end is heard of.
    socket.resume();
    socket.on('error', () => this.#drop(socket));
    socket.on('close', () => this.#drop(socket));
    return socket;
  }

  #drop(which: Socket | null = this.#socket): void {
    which?.destroy();
    if (this.#socket === which) this.#socket = null;
  }
}

/** Messages of their own, of which some may be lost on the way: nobody hears of that. */
class DatagramSink implements AppendedFile {
  readonly #host: string;
  readonly #port: number;
  #socket: DatagramSocket | null = null;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  async append(text: string): Promise<void> {
    this.#socket ??= this.#opened();
    const socket = this.#socket;
    for (const line of linesOf(text)) {
      const bytes = Buffer.from(line, 'utf8').subarray(0, maxDatagram);
      await new Promise<void>((resolve, reject) =>
        socket.send(bytes, this.#port, this.#host, (error) => (error === null ? resolve() : reject(error))),
      );
    }
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  #opened(): DatagramSocket {
    const socket = createSocket(this.#host.includes(':') ? 'udp6' : 'udp4');
    socket.unref();
    socket.on('error', () => {
      this.#socket = null;
      socket.close();
    });
    return socket;
  }
}

/** How long a server over TLS may take to object to us after the handshake, in ms. */
const objectionMs = 300;

/**
 * Resolves when the server has taken us for who we are; rejects where it has not. With TLS 1.3 a client is done before its certificate was
 * looked at: what it writes then is taken by the kernel and lost. Servers that go on send a ticket, or at least no alert.
 */
function believed(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer = setTimeout(() => end(new Error(`nothing was taken for ${sendMs} ms`)), sendMs);
    const end = (error?: Error): void => {
      clearTimeout(timer);
      socket.off('error', onError).off('close', onClose).off('session', onSession).off('secureConnect', onSecure);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onClose = (): void => end(new Error('the server closed the connection: it may want another certificate'));
    // OpenSSL's whole message has its source files in it.
    const onError = (error: Error & { readonly library?: string; readonly reason?: string }): void =>
      end(error.library === undefined ? error : new Error(`TLS with the server failed: ${error.reason}`));
    const onSession = (): void => end();
    const onSecure = (): void => {
      clearTimeout(timer);
      timer = setTimeout(end, objectionMs);
    };
    socket.once('error', onError).once('close', onClose).once('session', onSession).once('secureConnect', onSecure);
  });
}

/** Resolves when the kernel has all of it; rejects where it does not come to that in time. */
function written(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(new Error(`nothing was taken for ${sendMs} ms`)), sendMs);
    const end = (error: Error | null | undefined): void => {
      clearTimeout(timer);
      socket.off('error', end);
      socket.off('close', onClose);
      if (error) reject(error);
      else resolve();
    };
    const onClose = (): void => end(new Error('the connection was closed'));
    socket.once('error', end);
    socket.once('close', onClose);
    socket.write(text, 'utf8', end);
  });
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
