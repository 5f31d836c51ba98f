// What one request may take, as a site says it or a path of it.

export interface RequestLimits {
  readonly maxBodyBytes: number;
  /** Longest wait for the head of an answer, and between two pieces of its body. */
  readonly answerTimeoutMs: number;
  /** Longest wait for a connection to an upstream. */
  readonly connectTimeoutMs: number;
  /** Longest wait for room where all upstreams have as much in hand as they may. */
  readonly queueWaitMs: number;
  /** Tries after the first. */
  readonly maxRetries: number;
  readonly minBodyBytesPerSecond: number;
  readonly minBodyGraceMs: number;
  /** How long a gRPC call may be silent both ways, as its client sees it. */
  readonly maxGrpcSilenceMs: number;
  /** Of gRPC messages that clients send; null for no limit. */
  readonly maxGrpcMessageBytes: number | null;
  /** In one call; null for no limit. */
  readonly maxGrpcMessages: number | null;
  /** The same of what applications answer. */
  readonly maxGrpcAnswerMessageBytes: number | null;
  readonly maxGrpcAnswerMessages: number | null;
}

/** Limits that hold under a path: complete, with what it did not say taken from above. */
export interface PathLimits extends RequestLimits {
  /** Path prefix on a segment boundary. */
  readonly path: string;
}
