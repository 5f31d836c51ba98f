// The body of an answer as rules see it: decoded for their eyes only, and no longer than they look.

import type { ContentCodings } from '../../traffic/content-coding.ts';

/** What was read; `isCut` where there is more of it. */
export interface ReadAnswer {
  readonly text: string;
  readonly isCut: boolean;
}

/** Decoded bytes beyond those that are looked at: more than a decoder hands over at once. */
const spareBytes = 65_536;

/** Reads what was held of a body under these codings, at most `maxBytes` of it. What cannot be decoded further ends there. */
export function readAnswer(
  body: Buffer,
  isCut: boolean,
  codings: readonly string[],
  known: ContentCodings,
  maxBytes: number,
): ReadAnswer {
  if (codings.length === 0) return { text: body.toString('latin1'), isCut };
  // Because answers are the owner's own: however well they are packed, the first bytes of them are looked at.
  const room = maxBytes + spareBytes;
  const decoder = known.open(codings, { freeBytes: room, maxRatio: Number.MAX_SAFE_INTEGER, maxBytes: room });
  let isBomb = false;
  let text = '';
  const take = (piece: Buffer): boolean => {
    text += piece.toString('latin1', 0, maxBytes + 1 - text.length);
    return text.length <= maxBytes;
  };
  try {
    const fault = decoder.feed(body, take);
    isBomb = fault?.kind === 'bomb';
    if (fault === null && !isCut && text.length <= maxBytes) decoder.end(take);
  } finally {
    decoder.close();
  }
  return { text: text.slice(0, maxBytes), isCut: isCut || isBomb || text.length > maxBytes };
}
