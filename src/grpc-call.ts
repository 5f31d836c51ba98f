// A call of gRPC under way: who watches the messages of both sides, and whether its answer still has words for a failure.

import { GrpcMessages, grpcTrailers, isGrpcType, type RequestLimits } from './http/http.ts';
import type { Headers } from './traffic/headers.ts';
import type { Refusal } from './traffic/verdict.ts';
import type { AnswerHead } from './traffic/wire.ts';

/** One call. */
export class GrpcCall {
  /** Has its answer begun as one that ends with gRPC's status? */
  #hasTrailers = false;
  readonly #limits: RequestLimits;
  readonly #asked: GrpcMessages | null;
  #answered: GrpcMessages | null = null;

  /** `isHeld`: what its client sends has to be gRPC, bounded or not. */
  constructor(limits: RequestLimits, isHeld: boolean) {
    this.#limits = limits;
    this.#asked = GrpcMessages.ofClient(limits, isHeld);
  }

  /** A piece of what the client sends (null: its end): why it may not go on, or null. */
  feed(piece: Uint8Array | null): Refusal | null {
    if (this.#asked === null) return null;
    return piece === null ? this.#asked.end() : this.#asked.feed(piece);
  }

  /** The answer begins. One whose length is known ends with it, and one of another type has no words for a failure. */
  begin({ framing, headers }: AnswerHead): void {
    this.#hasTrailers = framing === 'chunked' && isGrpcType(headers.get('content-type') ?? '');
    if (this.#hasTrailers) this.#answered = GrpcMessages.ofAnswer(this.#limits);
  }

  /** A piece of the answer: why it may not go on, or null. */
  answer(piece: Uint8Array): Refusal | null {
    return this.#answered === null ? null : this.#answered.feed(piece);
  }

  /** How many bytes of a refused piece of the answer may still pass. */
  get passed(): number {
    return this.#answered?.passed ?? 0;
  }

  /** What ends an answer that has begun; null where it can only be broken off. */
  trailers({ status, trailers }: Pick<Refusal, 'status' | 'trailers'>, id: string): Headers | null {
    return this.#hasTrailers ? (trailers ?? grpcTrailers(status, id)) : null;
  }
}
