// What attackers do to a value before they send it: encodings that an application undoes, and spellings that mean the same.

import type { Chance } from './slots.ts';

/** Another spelling of a value. */
export type Spelling = (text: string, chance: Chance) => string;

const each = (text: string, spell: (code: number) => string): string =>
  [...text].map((one) => spell(one.codePointAt(0)!)).join('');
const hex = (code: number, length: number): string => code.toString(16).padStart(length, '0');
const isWordCode = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

/** Every byte as %HH. */
export function percentAll(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${hex(byte, 2)}`).join('');
}

/** Encodings by name. What comes out is encoded once more for its place. */
export const encodings: Readonly<Record<string, Spelling>> = {
  plain: (text) => text,
  url: (text) => encodeURIComponent(text),
  'url-all': (text) => percentAll(text),
  'url-twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'entities-hex': (text) => each(text, (code) => `&#x${hex(code, 2)};`),
  'entities-decimal': (text) => each(text, (code) => (isWordCode(code) ? String.fromCodePoint(code) : `&#${code};`)),
  'js-unicode': (text) => each(text, (code) => (code > 0xffff ? String.fromCodePoint(code) : `\\u${hex(code, 4)}`)),
  'js-hex': (text) =>
    each(text, (code) => (code > 255 || isWordCode(code) ? String.fromCodePoint(code) : `\\x${hex(code, 2)}`)),
  base64: (text) => Buffer.from(text).toString('base64'),
  'base64-flat': (text) => Buffer.from(text).toString('base64').replaceAll('=', ''),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  'percent-u': (text) =>
    each(text, (code) => (isWordCode(code) || code > 0xffff ? String.fromCodePoint(code) : `%u${hex(code, 4)}`)),
  fullwidth: (text) =>
    each(text, (code) =>
      code > 32 && code < 127 && !isWordCode(code) ? String.fromCodePoint(code + 0xfee0) : String.fromCodePoint(code),
    ),
};

/** How often each encoding is drawn, of 20. */
const draw: readonly string[] = [
  ...Array<string>(9).fill('plain'),
  'url',
  'url-all',
  'url-twice',
  'entities-hex',
  'entities-decimal',
  'js-unicode',
  'js-hex',
  'base64',
  'base64-flat',
  'base64url',
  'percent-u',
];

/** An encoding by chance; Base64 of a few bytes is a word like any other, and is left out. */
export function drawEncoding(text: string, chance: Chance): string {
  const name = chance.of(draw);
  return name.startsWith('base64') && text.length < 8 ? 'plain' : name;
}

function randomCase(text: string, chance: Chance): string {
  return [...text].map((one) => (chance.below(2) === 0 ? one.toUpperCase() : one.toLowerCase())).join('');
}

/** Keywords in mixed case, the text in quotes left as it is. */
function mixedWords(text: string, chance: Chance): string {
  return text.replace(/(?<![A-Za-z0-9_'"%\\/.])[a-z]{2,}(?![a-z0-9_'"]|:\/)/gi, (word) => randomCase(word, chance));
}

function blanks(text: string, chance: Chance): string {
  const blank = chance.of(['/**/', '\t', '\n', '\r\n', '  ', '/*x*/', '+', '\v', '\u00a0']);
  return text.includes('://') ? text : text.replaceAll(' ', blank);
}

const asSql: readonly Spelling[] = [
  (text) => text,
  (text) => text.toUpperCase(),
  mixedWords,
  (text, chance) => (/--|#/.test(text) ? text : blanks(text, chance)),
  (text) => text.replaceAll(' ', '/**/').replace(/--\/\*\*\/$/, '-- '),
  (text) => text.replace(/\b(union|select|or|and)\b/gi, '/*!$1*/'),
  (text) => text.replace(/=/g, ' like '),
  (text) => text.replace(/ /g, '%20'),
];

const asHtml: readonly Spelling[] = [
  (text) => text,
  (text, chance) => text.replace(/<\/?[a-z]+|on[a-z]+(?==)/gi, (name) => randomCase(name, chance)),
  (text) => text.replace(/<([a-z]+) /gi, '<$1/'),
  (text) => text.replace(/<([a-z]+) /gi, '<$1\n'),
  (text) => text.replace(/<([a-z]+) /gi, '<$1 x=y '),
  (text) => `x${text}`,
  (text) => `">${text}`,
  (text) => text.replaceAll('alert', '\\u0061lert'),
];

/** `text` behind a value, where it ends that value: a command, or an option, in the middle of a word is none. */
function behind(value: string, text: string): string {
  return /^[;|&`$\n\r'")<>%]/.test(text) ? value + text : text;
}

const asShell: readonly Spelling[] = [
  (text) => text,
  (text) => text,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what a shell reads
  (text) => text.replaceAll(/(?<=[a-z]) (?=[/a-z-])/g, '${IFS}'),
  (text) => text.replace(/\b(cat|whoami|id|uname|ls)\b/, (word) => `${word[0]}''${word.slice(1)}`),
  (text) => text.replace(/\b(cat|whoami|uname|ls)\b/, (word) => `${word[0]}\\${word.slice(1)}`),
  (text) => `${text} 2>&1`,
  (text) => behind('x=1', text),
  (text) => behind('file.txt', text),
];

const asPath: readonly Spelling[] = [
  (text) => text,
  (text) => text,
  (text) => text.replaceAll('../', '..%2f'),
  (text) => text.replaceAll('../', '..\\'),
  (text) => text.replaceAll('../', '....//'),
  (text) => text.replaceAll('../', '%2e%2e/'),
  (text) => text.replaceAll('../', '..%252f'),
  (text) => text.replaceAll('../', '.././'),
];

/** Spellings that keep what a payload of this class means; the first changes nothing. */
export function spellingsOf(section: string): readonly Spelling[] {
  if (section.startsWith('sql')) return asSql;
  if (section === 'xss-tag') return asHtml;
  if (section === 'shell-posix') return asShell;
  if (section === 'traversal') return asPath;
  return [(text) => text];
}
