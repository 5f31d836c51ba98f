// The messages of a gRPC call as its client sends them: where each begins and ends, how long each is and how many there are.
// Nothing is held: what a piece may not bring is known before the piece goes on.

import { Headers } from '../traffic/headers.ts';
import { answer, type Refusal } from '../traffic/verdict.ts';

/** Bounds of one call; null for none. */
export interface GrpcLimits {
  readonly maxGrpcMessageBytes: number | null;
  readonly maxGrpcMessages: number | null;
}

/** A flag and a length stand before each message (gRPC over HTTP/2, Length-Prefixed-Message). */
const prefixBytes = 5;
/** RESOURCE_EXHAUSTED of the codes of gRPC. */
const resourceExhausted = '8';

/** Whether the messages of a call are bounded at all. */
export function isGrpcBounded({ maxGrpcMessageBytes, maxGrpcMessages }: GrpcLimits): boolean {
  return maxGrpcMessageBytes !== null || maxGrpcMessages !== null;
}

/** Reads the body of one call, piece by piece. */
export class GrpcMessages {
  readonly #maxBytes: number;
  readonly #maxMessages: number;
  #messages = 0;
  /** Bytes of a prefix that came, and the length as far as it was read. */
  #prefixAt = 0;
  #length = 0;
  /** Bytes of the message in hand still to come. */
  #left = 0;

  constructor({ maxGrpcMessageBytes, maxGrpcMessages }: GrpcLimits) {
    this.#maxBytes = maxGrpcMessageBytes ?? Number.POSITIVE_INFINITY;
    this.#maxMessages = maxGrpcMessages ?? Number.POSITIVE_INFINITY;
  }

  /** A piece of the body came: why it may not go on, or null. */
  feed(piece: Uint8Array): Refusal | null {
    let at = 0;
    while (at < piece.length) {
      if (this.#left > 0) {
        const count = Math.min(this.#left, piece.length - at);
        this.#left -= count;
        at += count;
        continue;
      }
      const refusal = this.#takePrefix(piece[at++]!);
      if (refusal !== null) return refusal;
    }
    return null;
  }

  /** The body is whole. */
  end(): Refusal | null {
    return this.#left === 0 && this.#prefixAt === 0 ? null : notGrpc('ends within a message');
  }

  #takePrefix(byte: number): Refusal | null {
    if (this.#prefixAt++ === 0) {
      this.#length = 0;
      // The first byte says whether the message is compressed: no text begins so.
      if (byte > 1) return notGrpc('has something else where a message begins');
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
    return exhausted('http/grpc-message-too-long', says);
  }

  #tooMany(): Refusal {
    return exhausted('http/too-many-grpc-messages', `more than the ${this.#maxMessages} messages that a call may have`);
  }
}

function notGrpc(what: string): Refusal {
  return answer(400, 'http/not-grpc', `the body says it is gRPC and ${what}`);
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
