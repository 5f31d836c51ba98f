// Text that may hold anything an attacker sent, made safe to write down and to look at.

/** `text` with every character that steers, hides or reorders what a terminal shows written as `\xNN` or `\u{NNNN}`. */
export function plain(text: string): string {
  let out = '';
  let kept = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.codePointAt(index)!;
    const length = code > 0xffff ? 2 : 1;
    if (steers(code)) {
      out += text.slice(kept, index) + (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u{${hex(code, 4)}}`);
      kept = index + length;
    }
    index += length - 1;
  }
  return kept === 0 ? text : out + text.slice(kept);
}

/** Like `plain`, in double quotes, with quotes and backslashes inside told apart from ours, and at most `maxLength` long. */
export function quoted(text: string, maxLength = 200): string {
  const cut = text.length > maxLength ? text.slice(0, maxLength) : text;
  let out = '';
  for (const character of cut) out += character === '"' || character === '\\' ? `\\${character}` : plain(character);
  return cut === text ? `"${out}"` : `"${out}"…`;
}

/** JSON of `value` on one line, in which every character is visible; what JSON leaves bare is written as `\uNNNN`. */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value);
  let out = '';
  let kept = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.codePointAt(index)!;
    const length = code > 0xffff ? 2 : 1;
    if (steers(code)) {
      out += text.slice(kept, index);
      for (let unit = index; unit < index + length; unit++) out += `\\u${hex(text.charCodeAt(unit), 4)}`;
      kept = index + length;
    }
    index += length - 1;
  }
  return kept === 0 ? text : out + text.slice(kept);
}

/** Control, format and bidirectional characters, line separators, lone surrogates, variation selectors and tags. */
function steers(code: number): boolean {
  if (code < 0x7f) return code < 0x20;
  if (code < 0x300) return code < 0xa0 || code === 0xad;
  if (code === 0x34f || code === 0x61c || code === 0x115f || code === 0x1160 || code === 0x17b4 || code === 0x17b5)
    return true;
  if (code >= 0x180b && code <= 0x180f) return true;
  if (code >= 0x200b && code <= 0x200f) return true;
  if (code >= 0x2028 && code <= 0x202e) return true;
  if (code >= 0x2060 && code <= 0x206f) return true;
  if (code >= 0xd800 && code <= 0xdfff) return true;
  if (code >= 0xfe00 && code <= 0xfe0f) return true;
  if (code === 0xfeff || code === 0x3164 || code === 0xffa0 || (code >= 0xfff0 && code <= 0xfffb)) return true;
  return code >= 0xe0000 && code <= 0xe0fff;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
