// The messages of a gRPC call as its client sends them: where each begins and ends, how long each is and how many there are.
// Nothing is held: what a piece may not bring is known before the piece goes on.

import { Headers } from '../traffic/headers.ts';
import { answer, type Refusal } from '../traffic/verdict.ts';

/** Bounds of one call; null for none. */
export interface GrpcLimits {
  readonly maxGrpcMessageBytes: number | null;
  readonly maxGrpcMessages: number | null;
  readonly maxGrpcAnswerMessageBytes: number | null;
  readonly maxGrpcAnswerMessages: number | null;
}

/** The bounds of one side's messages, and how their breach is called. */
interface Bounds {
  readonly maxBytes: number | null;
  readonly maxMessages: number | null;
  readonly tooLong: string;
  readonly tooMany: string;
  readonly noMessage: (what: string) => Refusal;
}

/** A flag and a length stand before each message (gRPC over HTTP/2, Length-Prefixed-Message). */
const prefixBytes = 5;
/** RESOURCE_EXHAUSTED of the codes of gRPC. */
const resourceExhausted = '8';

/** Reads the body of one call, or of its answer, piece by piece. */
export class GrpcMessages {
  /** How far the piece that was refused is made of messages that may pass. */
  passed = 0;
  readonly #bounds: Bounds;
  readonly #maxBytes: number;
  readonly #maxMessages: number;
  #messages = 0;
  /** Bytes of a prefix that came, and the length as far as it was read. */
  #prefixAt = 0;
  #length = 0;
  /** Bytes of the message in hand still to come. */
  #left = 0;

  private constructor(bounds: Bounds) {
    this.#bounds = bounds;
    this.#maxBytes = bounds.maxBytes ?? Number.POSITIVE_INFINITY;
    this.#maxMessages = bounds.maxMessages ?? Number.POSITIVE_INFINITY;
  }

  /** Who watches what a client sends; null where nothing is bounded and it need not be held to be gRPC, either. */
  static ofClient(limits: GrpcLimits, isHeld: boolean): GrpcMessages | null {
    const { maxGrpcMessageBytes: maxBytes, maxGrpcMessages: maxMessages } = limits;
    if (!isHeld && maxBytes === null && maxMessages === null) return null;
    return new GrpcMessages({
      maxBytes,
      maxMessages,
      tooLong: 'http/grpc-message-too-long',
      tooMany: 'http/too-many-grpc-messages',
      noMessage: (what) => answer(400, 'http/not-grpc', `the body says it is gRPC and ${what}`),
    });
  }

  /** Who watches what an application answers; null where nothing is bounded. */
  static ofAnswer(limits: GrpcLimits): GrpcMessages | null {
    const { maxGrpcAnswerMessageBytes: maxBytes, maxGrpcAnswerMessages: maxMessages } = limits;
    if (maxBytes === null && maxMessages === null) return null;
    return new GrpcMessages({
      maxBytes,
      maxMessages,
      tooLong: 'http/grpc-answer-too-long',
      tooMany: 'http/too-many-grpc-answers',
      noMessage: (what) => answer(502, 'http/answer-not-grpc', `the answer says it is gRPC and ${what}`),
    });
  }

  /** A piece of the body came: why it may not go on, or null. */
  feed(piece: Uint8Array): Refusal | null {
    let at = 0;
    this.passed = 0;
    while (at < piece.length) {
      if (this.#left > 0) {
        const count = Math.min(this.#left, piece.length - at);
        this.#left -= count;
        at += count;
        this.passed = at;
        continue;
      }
      const refusal = this.#takePrefix(piece[at++]!);
      if (refusal !== null) return refusal;
      // The prefix of a message without content is all of it.
      if (this.#left === 0 && this.#prefixAt === 0) this.passed = at;
    }
    return null;
  }

  /** The body is whole. */
  end(): Refusal | null {
    return this.#left === 0 && this.#prefixAt === 0 ? null : this.#bounds.noMessage('ends within a message');
  }

  #takePrefix(byte: number): Refusal | null {
    if (this.#prefixAt++ === 0) {
      this.#length = 0;
      // The first byte says whether the message is compressed: no text begins so.
      if (byte > 1) return this.#bounds.noMessage('has something else where a message begins');
      return ++this.#messages > this.#maxMessages ? this.#tooMany() : null;
    }
    this.#length = this.#length * 256 + byte;
    if (this.#prefixAt < prefixBytes) return null;
    this.#prefixAt = 0;
    this.#left = this.#length;
    return this.#length > this.#maxBytes ? this.#tooLong() : null;
  }

  #tooLong(): Refusal {
    const says = `a message of ${this.#length} bytes, where ${this.#maxBytes} are allowed`;
    return exhausted(this.#bounds.tooLong, says);
  }

  #tooMany(): Refusal {
    return exhausted(this.#bounds.tooMany, `more than the ${this.#maxMessages} messages that a call may have`);
  }
}

/** A refusal in the words of gRPC: an answer that is nothing but trailers, or the trailers of one that has begun. `says` is plain ASCII without
 * `%`, as `grpc-message` wants it. */
export function exhausted(why: string, says: string): Refusal {
  const fields = `Content-Type: application/grpc\r\nGrpc-Status: ${resourceExhausted}\r\nGrpc-Message: ${says}\r\n`;
  const trailers = new Headers();
  trailers.add('grpc-status', resourceExhausted);
  trailers.add('grpc-message', says);
  return { ...answer(200, why, says), page: { fields, body: '' }, trailers };
}
