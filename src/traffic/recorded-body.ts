// What is written down of a request's body, where its owner chose so: its shape and a hash, or all of it within a bound.

/** A body as it is recorded. */
export interface RecordedBody {
  /** Its media type as it came, '' where there was none. */
  type: string;
  bytes: number;
  /** Keyed, so that short secrets cannot be tried out: bodies compare within one run of the gate. */
  hash: string;
  /** Names with kinds and lengths of their values; '' where the body is neither form nor JSON. */
  shape: string;
  /** The body itself: as text where it is UTF-8, otherwise Base64; missing where only its shape is recorded, or where it was too long. */
  text?: string;
  base64?: string;
}
