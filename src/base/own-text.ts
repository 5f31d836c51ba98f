// A text by itself, where it may be a piece of a longer one.

/** The same text by itself: what is kept must not keep the whole request that it is a piece of. */
export function ownText(text: string): string {
  const own = Buffer.from(text, 'latin1').toString('latin1');
  return own === text ? own : text;
}
