// One layer of encoding taken off a value; whoever judges calls again until nothing is left or the bound is reached.

import { holdsMarkup } from './cited.ts';
import { AMPERSAND, BACKSLASH, NUL, PERCENT, PLUS } from './classes.ts';
import { base64Decode, mayBeBase64, mayBeginBase64 } from './decodings/base64.ts';
import { entityDecode } from './decodings/entities.ts';
import { scriptDecode } from './decodings/escapes.ts';
import { percentDecode } from './decodings/percent.ts';
import { fold } from './decodings/unicode.ts';
import { mayBeUtf7, utf7Decode } from './decodings/utf7.ts';

/** A value with one layer less. */
export interface Peeled {
  readonly text: string;
  /** The names of the decodings undone so far, outermost first. */
  readonly decoded: readonly string[];
}

/** What shows that a layer can be taken off, save Base64, which is told by shape. */
const PEELABLE = PERCENT | AMPERSAND | BACKSLASH | NUL;

/** Layers that an application might undo by accident; a value with more was made to hide something. */
export const maxHonestLayers = 5;
/** Layers taken off before giving up. */
export const maxLayers = 8;

/**
 * Whether a folded value of these classes may have a layer to take off. False for ordinary values, at the price of
 * a few steps and no allocation.
 */
export function mayBeEncoded(text: string, mask: number): boolean {
  if ((mask & PEELABLE) !== 0 || mayBeBase64(text, 0, text.length) || text.startsWith('data:')) return true;
  return (mask & PLUS) !== 0 && mayBeUtf7(text);
}

/** The same of a sentence of ASCII, of which nothing but its beginning can tell; false is final. */
export function mayBeEncodedProse(codes: Uint8Array): boolean {
  return mayBeginBase64(codes) || (codes[0] === 100 && codes[1] === 97 && codes[2] === 116 && codes[3] === 97);
}

/**
 * `text` with its outermost layer undone, or null where there is none: percent and entities together, then NUL bytes,
 * then UTF-7, then backslash escapes, then Base64; what comes out is folded. `mask` is the text's classes. At most three times as long.
 */
export function peel(text: string, mask: number, decoded: readonly string[]): Peeled | null {
  const names = [...decoded];
  let form = text;
  if ((mask & PERCENT) !== 0) form = step(form, percentDecode(form, false), names, percentName(form));
  if ((mask & AMPERSAND) !== 0) form = step(form, entityDecode(form, holdsMarkup(form)), names, 'htmlEntityDecode');
  if (form === text && (mask & NUL) !== 0) form = step(form, form.replaceAll('\0', ''), names, 'removeNulls');
  if (form === text && (mask & PLUS) !== 0 && mayBeUtf7(form)) form = step(form, utf7Decode(form), names, 'utf7Decode');
  if (form === text && (mask & BACKSLASH) !== 0) form = step(form, scriptDecode(form), names, 'jsDecode');
  if (form === text) form = step(form, base64Decode(form) ?? form, names, 'base64Decode');
  return form === text ? null : { text: foldInto(form, names), decoded: names };
}

/** `text` as Unicode with look-alikes folded; `names` is told where that was more than reading UTF-8. */
export function foldInto(text: string, names: string[]): string {
  const folded = fold(text);
  if (folded.tricky) names.push('unicodeFold');
  return folded.text;
}

function step(before: string, after: string, names: string[], name: string): string {
  if (after !== before) names.push(name);
  return after;
}

function percentName(text: string): string {
  return text.includes('%u') || text.includes('%U') ? 'urlDecodeUni' : 'urlDecode';
}
