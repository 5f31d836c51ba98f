// The bytes of a body as the text an application would see in them.

/** What a declared character set means here: bytes kept as they are, decoded, or nothing that can be inspected. */
export type Charset = { readonly kind: 'bytes' } | { readonly kind: 'decode'; readonly label: string } | null;

/** Character sets whose ASCII characters are single bytes of the same value: the detectors see through them. */
const transparent: ReadonlySet<string> = new Set([
  'utf-8',
  'utf8',
  'us-ascii',
  'ascii',
  'iso-8859-1',
  'iso-8859-15',
  'latin1',
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'iso-8859-2',
  'koi8-r',
]);

/** Character sets in which ASCII is written in another way, or swallowed by a lead byte: judged after decoding. */
const decodable: ReadonlyMap<string, string> = new Map([
  ['utf-16', 'utf-16'],
  ['utf-16le', 'utf-16le'],
  ['utf-16be', 'utf-16be'],
  ['gbk', 'gbk'],
  ['gb2312', 'gbk'],
  ['gb18030', 'gb18030'],
  ['big5', 'big5'],
  ['shift_jis', 'shift_jis'],
  ['euc-jp', 'euc-jp'],
  ['euc-kr', 'euc-kr'],
]);

/** The charset that a Content-Type declares; null for one that hides what it says (UTF-7, EBCDIC, an unknown word). */
export function charsetOf(declared: string | undefined): Charset {
  if (declared === undefined || declared === '') return { kind: 'bytes' };
  const name = declared.trim().toLowerCase();
  if (transparent.has(name)) return { kind: 'bytes' };
  const label = decodable.get(name);
  return label === undefined ? null : { kind: 'decode', label };
}

/**
 * The text of a body given as latin1 text of its bytes. UTF-16 is seen by its mark, or by the NUL of an ASCII character, even
 * where nobody declared it, because frameworks do the same. Never longer than the bytes.
 */
export function bodyText(bytes: string, charset: Charset): string {
  const guessed = guessWide(bytes);
  const label = guessed !== '' ? guessed : charset?.kind === 'decode' ? charset.label : '';
  if (label === '') return bytes.startsWith('\xef\xbb\xbf') ? bytes.slice(3) : bytes;
  const wide = label === 'utf-16' ? 'utf-16be' : label;
  return new TextDecoder(wide).decode(Buffer.from(bytes, 'latin1'));
}

/** `utf-16le` or `utf-16be` by the first bytes, or ''. */
function guessWide(bytes: string): string {
  if (bytes.length < 4) return '';
  const first = bytes.charCodeAt(0);
  const second = bytes.charCodeAt(1);
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (first === 0 && second !== 0 && bytes.charCodeAt(2) === 0 && bytes.charCodeAt(3) !== 0) return 'utf-16be';
  return first !== 0 && second === 0 && bytes.charCodeAt(2) !== 0 && bytes.charCodeAt(3) === 0 ? 'utf-16le' : '';
}
