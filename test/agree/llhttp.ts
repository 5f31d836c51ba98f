// What node:http's own parser (llhttp, strict) makes of bytes that come over a loopback connection, in the shape of our own readings.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Message } from '../http-reading.ts';

/** What llhttp read. `error` is its code, '' where it had none; the end of input within a message is no error. */
export interface ForeignReading {
  readonly messages: Message[];
  error: string;
}

/** A node:http server that answers everything at once and remembers what it was asked. */
export class Llhttp {
  readonly #server: Server;
  readonly #readings = new WeakMap<Socket, ForeignReading>();
  /** Who waits, by the port that its connection comes from. */
  readonly #waiting = new Map<number, (reading: ForeignReading) => void>();

  private constructor() {
    this.#server = createServer({
      insecureHTTPParser: false,
      requireHostHeader: false,
      maxHeaderSize: 65_536,
      shouldUpgradeCallback: () => false,
    });
    this.#server.maxHeadersCount = 0;
    this.#server.keepAliveTimeout = 0;
    this.#server.on('connection', (socket: Socket) => this.#onConnection(socket));
    for (const event of ['request', 'checkContinue', 'checkExpectation'])
      this.#server.on(event, (request: IncomingMessage, response: ServerResponse) =>
        this.#onRequest(request, response),
      );
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      const reading = this.#readings.get(socket as Socket);
      const isEnd = error.code === 'HPE_INVALID_EOF_STATE' || error.code === 'ECONNRESET';
      if (reading !== undefined && !isEnd) reading.error ||= error.code ?? error.message;
      socket.destroy();
    });
  }

  static async open(): Promise<Llhttp> {
    const llhttp = new Llhttp();
    await new Promise<void>((resolve) => llhttp.#server.listen(0, '127.0.0.1', resolve));
    return llhttp;
  }

  /** Sends `bytes` over a connection of their own, ends it, and gives what was read. */
  read(bytes: Buffer): Promise<ForeignReading> {
    const { port } = this.#server.address() as AddressInfo;
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        this.#waiting.set(socket.localPort!, resolve);
        socket.end(bytes);
      });
      socket.on('error', () => {});
      socket.resume();
    });
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #onConnection(socket: Socket): void {
    const reading: ForeignReading = { messages: [], error: '' };
    const port = socket.remotePort!;
    this.#readings.set(socket, reading);
    socket.on('close', () => {
      this.#waiting.get(port)?.(reading);
      this.#waiting.delete(port);
    });
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const message: Message = {
      method: request.method!,
      target: request.url!,
      version: request.httpVersion,
      fields: pairs(request.rawHeaders),
      body: '',
      trailers: [],
      whole: false,
    };
    this.#readings.get(request.socket)!.messages.push(message);
    request.on('data', (piece: Buffer) => {
      message.body += piece.toString('latin1');
    });
    request.on('end', () => {
      message.trailers.push(...pairs(request.rawTrailers));
      message.whole = true;
    });
    request.on('error', () => {});
    response.on('error', () => {});
    response.end();
  }
}

function pairs(raw: readonly string[]): [string, string][] {
  const list: [string, string][] = [];
  for (let index = 0; index < raw.length; index += 2) list.push([raw[index]!, raw[index + 1]!]);
  return list;
}
