// Content codings (RFC 9110 8.4) between who decodes them (http) and who wants to see what they hide (the WAF).

/** How far a decoder goes before what it reads counts as a bomb. */
export interface DecodingBounds {
  /** Decoded bytes that are never too many, whatever they were made of. */
  readonly freeBytes: number;
  /** Beyond that: decoded bytes for each byte that came. */
  readonly maxRatio: number;
  /** Decoded bytes in all, whatever the ratio. */
  readonly maxBytes: number;
}

/** Why decoding ended: the bytes are not what the coding says (`broken`: corrupt, cut short, or something stands behind their end), or
 * there are more of them than the bounds allow (`bomb`). */
export interface DecodingFault {
  readonly kind: 'broken' | 'bomb';
  readonly says: string;
}

/** Takes decoded bytes, lent for the time of the call. False: enough, nothing more is decoded. */
export type DecodedSink = (piece: Buffer) => boolean;

/** Decodes one body, piece by piece, within the call. Whoever opened it closes it. */
export interface ContentDecoder {
  /** Decodes what came; null, or why it cannot go on. */
  feed(bytes: Uint8Array, sink: DecodedSink): DecodingFault | null;
  /** The body is whole: null, or why it cannot be. */
  end(sink: DecodedSink): DecodingFault | null;
  /** Gives the decoder's memory back. Further calls do nothing. */
  close(): void;
}

/** The codings that can be decoded. */
export interface ContentCodings {
  /** Can a coding of this name (in lower case) be decoded? */
  knows(coding: string): boolean;
  /** A decoder for codings in the order in which they were applied (RFC 9110 8.4); each must be known. */
  open(codings: readonly string[], bounds: DecodingBounds): ContentDecoder;
}
