// UTF-7 undone (RFC 2152): `+ADw-script+AD4-`, which a reader that guesses character sets takes for markup.

/** Whether a character of ASCII may stand in a shifted part: `+` and the two digits with which all of them begin. */
export function mayBeUtf7(text: string): boolean {
  for (let at = text.indexOf('+A'); at >= 0; at = text.indexOf('+A', at + 2)) {
    const second = text.charCodeAt(at + 2);
    if (second >= 65 && second <= 72) return true;
  }
  return false;
}

/** `text` with every shifted part that ends by `-` and holds nothing but ASCII undone, or the same string. Never longer than `text`. */
export function utf7Decode(text: string): string {
  let out = '';
  let from = 0;
  for (let at = text.indexOf('+A'); at >= 0; at = text.indexOf('+A', at + 1)) {
    let end = at + 1;
    while (end < text.length && isDigit(text.charCodeAt(end))) end++;
    const plain = text.charCodeAt(end) === 45 ? shifted(text.slice(at + 1, end)) : null;
    if (plain !== null) {
      out += text.slice(from, at) + plain;
      from = end + 1;
    }
    at = end - 1;
  }
  return from === 0 ? text : out + text.slice(from);
}

/** The characters of a shifted part, or null where one is none of ASCII. */
function shifted(digits: string): string | null {
  const bytes = Buffer.from(digits, 'base64');
  if (bytes.length < 2) return null;
  let plain = '';
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const low = bytes[at + 1]!;
    if (bytes[at] !== 0 || low >= 0x80) return null;
    plain += String.fromCharCode(low);
  }
  return plain;
}

function isDigit(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || (code >= 48 && code <= 57) || code === 43 || code === 47;
}
