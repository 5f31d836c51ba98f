// The two sides of one exchange as the spine sees them: a client's and an upstream's, whatever protocol each of them speaks.

import type { Connection } from './connection.ts';
import type { Headers } from './headers.ts';
import type { OutgoingRequest } from './outgoing.ts';
import type { AnswerHead, RequestHead } from './wire.ts';

/** An answer that the gate gives itself: its fields as validated lines, each with its CRLF, and its body as latin1 text. */
export interface OwnAnswer {
  readonly status: number;
  readonly fields: string;
  readonly body: string;
}

/** The slowest body that is waited for, judged over each grace period; of gRPC, how long neither side may say anything. */
export interface BodyPace {
  readonly minBodyBytesPerSecond: number;
  readonly minBodyGraceMs: number;
  readonly maxGrpcSilenceMs: number;
}

/** A client's side of one exchange at a time: an HTTP/1.1 connection, or a stream of an HTTP/2 connection. Framing, and whether
 * another request may follow, are its own affair. */
export interface ClientStream {
  readonly connection: Connection;
  /** Does its connection end with it? */
  readonly isConnection: boolean;
  readonly isTunnel: boolean;
  /** Has the client said that it will send nothing more? */
  readonly hasEnded: boolean;
  /** Has the head of the answer in hand been handed over? Then no other answer can be given. */
  readonly isAnswerBegun: boolean;
  /** A request was read: what comes next answers it. */
  beginExchange(head: RequestHead): void;
  /** Tells the client to send the body it announced (RFC 9110 10.1.1). */
  sendContinue(): void;
  /** The body in hand is held to this pace, and not to that of the whole gate. */
  paceBody(pace: BodyPace): void;
  /** Reads nothing more of the body (or of the tunnel) until `resumeBody`. */
  pauseBody(): void;
  resumeBody(): void;
  /** An interim answer (RFC 9110 15.2). */
  sendInterim(head: AnswerHead): void;
  /** The head of the answer; `own` holds the lines that the gate adds. It may be sent with what follows, at `flushAnswer` at the latest. */
  beginAnswer(head: AnswerHead, own: string): void;
  /** A piece of the body, or of the tunnel; the bytes are lent. False asks to wait for `onDrain`. */
  writeAnswer(bytes: Buffer, from: number, to: number): boolean;
  /** Sends what was gathered. */
  flushAnswer(): void;
  /** The answer is whole. `finish` follows once its journey is told. */
  endAnswer(trailers: Headers | null): void;
  /** An answer of our own, whole. `finish` follows. */
  answerOwn(own: OwnAnswer): void;
  /** The exchange is over in order: on to the next one. */
  finish(): void;
  /** Breaks the exchange off so that the client cannot take what it has for a whole answer. */
  abort(why: string): void;
  /** Answers a WebSocket handshake; from here on bytes go both ways as they come. Gives what came behind the handshake already. */
  openTunnel(head: AnswerHead, own: string): Buffer | null;
  /** The tunnel's upstream has nothing more to say. */
  endTunnel(): void;
}

/** An upstream's side of one exchange: an HTTP/1.1 connection while it carries it, or a stream of an HTTP/2 connection. */
export interface UpstreamSide {
  /** Our own end of the 4-tuple, '' before it is connected. */
  readonly from: string;
  /** The address the name led to, '' before it is connected. */
  readonly to: string;
  readonly isReused: boolean;
  /** Has any byte of an answer come? */
  readonly hasAnswered: boolean;
  /** A further piece of the body or of the tunnel, unframed; the bytes are lent. False asks to wait for `onUpstreamDrain`. */
  write(piece: Buffer): boolean;
  /** The request is whole. */
  endRequest(trailers: Headers | null): void;
  /** All of the request that came so far, where it failed before a byte of it was sent. */
  takeUnsent(): OutgoingRequest;
  /** Reads no more of the answer until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends the exchange without its answer. */
  abort(): void;
  /** The answer cannot be taken: the receiver hears of a failure. */
  reject(says: string): void;
  /** From here on every byte is handed on; nothing is timed. */
  becomeTunnel(): void;
  /** The tunnel's client has nothing more to say. */
  endTunnel(): void;
}
