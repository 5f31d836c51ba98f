// The shapes of HTTP messages between the codec (http) and those who carry them (gateway, proxy): heads and body framings.

import type { Fault } from './fault.ts';
import type { Headers } from './headers.ts';

/** How the end of a body is found: it has none, a length, chunks, or the end of the connection (answers only). */
export type Framing = 'none' | 'length' | 'chunked' | 'until-close';

/** A request head that was read without objection. */
export class RequestHead {
  /** The fields that travel on to the upstream, as lines; hop-by-hop fields and framing are not among them. */
  forwarded = '';
  method = '';
  target = '';
  /** Begins with '/', or is '*' (OPTIONS only). Still percent-encoded. */
  path = '';
  query = '';
  version: '1.0' | '1.1' | '2.0' = '1.1';
  /** Host without port, lower case; '' where a 1.0 request names none. */
  host = '';
  /** Host as it goes upstream: with the port where there was one. */
  authority = '';
  headers: Headers;
  framing: Framing = 'none';
  /** -1 unless framing is `length`. */
  contentLength = -1;
  keepAlive = true;
  expectsContinue = false;
  /** The client takes trailer fields (RFC 9110 10.1.4). */
  takesTrailers = false;
  /** A complete WebSocket handshake (RFC 6455 4.1). */
  isWebSocket = false;
  /** A body that is said to be empty and whose end is still to come (HTTP/2). */
  isDeclaredEmpty = false;
  /** Messages of gRPC both ways at their own pace: the body may not be held back to its end. */
  isGrpc = false;
  /** Bytes of the head, blank line included; in HTTP/2 those of its frame. */
  bytes = 0;

  constructor(headers: Headers) {
    this.headers = headers;
  }
}

/** An answer head that was read without objection. */
export class AnswerHead {
  /** The fields that travel on to the client, as lines; hop-by-hop fields and framing are not among them. */
  forwarded = '';
  status = 0;
  reason = '';
  version: '1.0' | '1.1' | '2.0' = '1.1';
  headers: Headers;
  framing: Framing = 'none';
  contentLength = -1;
  keepAlive = true;
  bytes = 0;

  constructor(headers: Headers) {
    this.headers = headers;
  }
}

/** Who receives the pieces of a body while it is read. `data` lends the bytes for the time of the call only. */
export interface BodySink {
  data(bytes: Buffer, from: number, to: number): void;
  /** The body is whole. */
  end(trailers: Headers | null): void;
}

/** An incremental reader of one body. `read` consumes from `from` and returns where it stopped, or a fault. */
export interface BodyReader {
  /** Is the end of the connection the end of this body? */
  readonly endsWithConnection: boolean;
  readonly done: boolean;
  read(bytes: Buffer, from: number, to: number, sink: BodySink): number | Fault;
}

/** Bounds of a head. */
export interface HeadLimits {
  readonly maxRequestLineBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
}

/** The part of the codec that reads answers, handed to the proxy so that stations stay apart. */
export interface AnswerCodec {
  /** The head of an answer at `from`; null while it is not whole. */
  readAnswerHead(bytes: Buffer, from: number, to: number, toMethod: string): AnswerHead | Fault | null;
  /** A reader for the body that `head` announces; null where there is none. */
  openAnswerBody(head: AnswerHead): BodyReader | null;
}
