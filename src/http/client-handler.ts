// What a client's side of a connection asks of the spine, and the bounds that it keeps.

import type { Fault } from '../traffic/fault.ts';
import type { Headers } from '../traffic/headers.ts';
import type { BodyPace, ClientStream } from '../traffic/sides.ts';
import type { HeadLimits, RequestHead } from '../traffic/wire.ts';

/** What the spine does with what is read. `onBody` lends its bytes for the time of the call. */
export interface ClientHandler {
  onRequest(head: RequestHead): void;
  onBody(bytes: Buffer, from: number, to: number): void;
  onBodyEnd(trailers: Headers | null): void;
  /** What came is not HTTP, or came too slowly. In an exchange or between two; the handler answers and closes. */
  onFault(fault: Fault): void;
  /** The client has ended its side of the connection while its request is in hand. */
  onClientEnd(): void;
  /** The client takes bytes again after `write` said false. */
  onDrain(): void;
  /** The socket is gone. Called exactly once, last. */
  onClose(why: string): void;
}

/** The same for one stream of an HTTP/2 connection. */
export interface StreamHandler extends ClientHandler {
  /** A failure of our own while the stream was served: it is the stream's end and nobody else's. */
  fail(error: unknown): void;
}

/** What the spine does with an HTTP/2 connection. */
export interface Http2Handler {
  /** A client opened a stream: gives who hears of it. */
  onStream(stream: ClientStream): StreamHandler;
  /** The client broke the protocol or a bound; the connection is over. */
  onFault(why: string, says: string): void;
  /** The socket is gone. Called exactly once, last. */
  onClose(why: string): void;
}

/** Bounds that a client's side keeps. */
export interface ClientLimits extends HeadLimits, BodyPace {
  readonly headerTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxRequestsPerConnection: number;
  readonly maxConcurrentStreams: number;
  readonly maxStreamResetsPerSecond: number;
  readonly maxControlFramesPerSecond: number;
}
