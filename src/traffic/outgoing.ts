// A request as it goes to an upstream, whatever protocol is spoken there; and what is sent again where it may be.

import type { Headers } from './headers.ts';
import type { Framing } from './wire.ts';

/** How long is waited for an upstream. */
export interface Patience {
  /** For a connection; null for what holds for the upstream. */
  readonly connectTimeoutMs: number | null;
  /** For room, where all upstreams have as much in hand as they may; null for what holds for the site. */
  readonly queueWaitMs: number | null;
  /** For the head of the answer, and between two pieces of its body. */
  readonly answerTimeoutMs: number;
}

/** That of somebody who watches by himself: a day. */
const patient: Patience = Object.freeze({ connectTimeoutMs: null, queueWaitMs: null, answerTimeoutMs: 86_400_000 });

/** One request on its way out. Field lines were validated, each with its CRLF; neither Host nor framing are among them. */
export class OutgoingRequest {
  readonly method: string;
  /** Path and query as the client wrote them. */
  readonly target: string;
  /** What the upstream is told as Host or `:authority`. */
  readonly host: string;
  /** The client's own fields that travel. */
  readonly forwarded: string;
  /** What the gate says of the client, and the id. */
  readonly added: string;
  readonly framing: Framing;
  /** -1 where the client announced none. */
  readonly contentLength: number;
  readonly takesTrailers: boolean;
  readonly isWebSocket: boolean;
  /** Did it come over TLS? */
  readonly secure: boolean;
  /** What of the body is at hand: it goes with the head. */
  body: Buffer | null = null;
  /** Nothing follows `body`. */
  isWhole = false;
  trailers: Headers | null = null;
  patience = patient;

  constructor(
    method: string,
    target: string,
    host: string,
    forwarded: string,
    added: string,
    framing: Framing,
    contentLength: number,
    takesTrailers: boolean,
    isWebSocket: boolean,
    secure: boolean,
  ) {
    this.method = method;
    this.target = target;
    this.host = host;
    this.forwarded = forwarded;
    this.added = added;
    this.framing = framing;
    this.contentLength = contentLength;
    this.takesTrailers = takesTrailers;
    this.isWebSocket = isWebSocket;
    this.secure = secure;
  }

  /** Takes up pieces of the body that came later, in order. */
  append(pieces: readonly Buffer[]): void {
    if (pieces.length === 0) return;
    this.body = Buffer.concat(this.body === null ? pieces : [this.body, ...pieces]);
  }
}
