// Fields of a form by their name, wherever one stands: in a query or in a body.

/**
 * The first `most` values of a field, decoded as forms are (WHATWG URL, urlencoded parsing). All texts have one character a
 * byte, `name` as well.
 */
export function formFields(form: string, name: string, most: number): string[] {
  const found: string[] = [];
  for (let from = 0; from < form.length && found.length < most; ) {
    let end = form.indexOf('&', from);
    if (end < 0) end = form.length;
    let equals = form.indexOf('=', from);
    if (equals < 0 || equals > end) equals = end;
    if (end > from && formDecode(form.slice(from, equals)) === name)
      found.push(formDecode(form.slice(equals + 1, end)));
    from = end + 1;
  }
  return found;
}

/** The first `most` pairs of a form, decoded. */
export function formPairs(form: string, most: number): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let from = 0; from < form.length && pairs.length < most; ) {
    let end = form.indexOf('&', from);
    if (end < 0) end = form.length;
    let equals = form.indexOf('=', from);
    if (equals < 0 || equals > end) equals = end;
    if (end > from) pairs.push([formDecode(form.slice(from, equals)), formDecode(form.slice(equals + 1, end))]);
    from = end + 1;
  }
  return pairs;
}

/** Broken escapes stay as they are. */
function formDecode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  let decoded = '';
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const byte = code === 0x25 ? hexAt(text, at + 1) : -1;
    if (byte >= 0) at += 2;
    decoded += String.fromCharCode(byte >= 0 ? byte : code === 0x2b ? 0x20 : code);
  }
  return decoded;
}

/** The byte of two hexadecimal digits, or -1. */
function hexAt(text: string, at: number): number {
  const high = digitAt(text, at);
  const low = digitAt(text, at + 1);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
