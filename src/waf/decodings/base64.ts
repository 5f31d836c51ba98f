// Base64 and Base64url undone where it is plausible that somebody encoded text.

/** Shortest text taken for Base64: below that, half the words of a language are. */
const minLength = 16;

/**
 * Whether `text` from `start` to `end` may be Base64 of readable text: the alphabet, the length, and the first groups.
 * Costs a few steps for words and random tokens.
 */
export function mayBeBase64(text: string, start: number, end: number): boolean {
  if (end - start < minLength) return false;
  for (let at = start; at < start + 12; at += 4) {
    const group =
      (sextet(text.charCodeAt(at)) << 18) |
      (sextet(text.charCodeAt(at + 1)) << 12) |
      (sextet(text.charCodeAt(at + 2)) << 6) |
      sextet(text.charCodeAt(at + 3));
    if (group < 0 || !isReadable(group >> 16) || !isReadable((group >> 8) & 255) || !isReadable(group & 255))
      return false;
  }
  return true;
}

/**
 * The readable text (as latin1 of its bytes) that `text` encodes, or null. `data:…;base64,` is stripped first;
 * a space counts as the `+` that a form made of it. At most three quarters as long.
 */
export function base64Decode(text: string): string | null {
  const comma = text.startsWith('data:') ? text.indexOf(';base64,') : -1;
  const start = comma < 0 ? 0 : comma + 8;
  if (!mayBeBase64(text, start, text.length)) return null;
  let end = text.length;
  while (end > start && text.charCodeAt(end - 1) === 61) end--;
  if (text.length - end > 2) return null;
  for (let index = start; index < end; index++) if (sextet(text.charCodeAt(index)) < 0) return null;
  const decoded = Buffer.from(text.slice(start, end).replaceAll(' ', '+'), 'base64').toString('latin1');
  let unreadable = 0;
  for (let index = 0; index < decoded.length; index++) if (!isReadable(decoded.charCodeAt(index))) unreadable++;
  return unreadable * 10 > decoded.length ? null : decoded;
}

/** The value of a digit of either alphabet, or -1. */
function sextet(code: number): number {
  if (code >= 65 && code <= 90) return code - 65;
  if (code >= 97 && code <= 122) return code - 71;
  if (code >= 48 && code <= 57) return code + 4;
  if (code === 43 || code === 45 || code === 32) return 62;
  return code === 47 || code === 95 ? 63 : -1;
}

function isReadable(byte: number): boolean {
  return (byte >= 32 && byte < 127) || byte === 9 || byte === 10 || byte === 13;
}
