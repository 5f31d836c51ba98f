// XML bodies: every text, attribute, comment and section judged as a value; entity declarations and inclusions are findings.

import { entityDecode } from '../decodings/entities.ts';
import { Subject } from '../detectors/detection.ts';
import { detectEntity } from '../detectors/entity.ts';
import { detectHtml } from '../detectors/html.ts';
import { signSet } from '../detectors.ts';
import type { Inspection } from '../inspection.ts';
import { xmlText } from '../places.ts';
import { charsetOf } from './charset.ts';

const none: readonly string[] = Object.freeze([]);
const entityDecoded: readonly string[] = Object.freeze(['htmlEntityDecode']);

/** Whether a body begins as markup does. */
export function looksLikeXml(text: string): boolean {
  let at = 0;
  while (at < text.length && text.charCodeAt(at) <= 32) at++;
  return text.charCodeAt(at) === 60;
}

/** Judges an XML document. It need not be well formed: what is no markup is judged as text. */
export function judgeXml(inspection: Inspection, text: string): void {
  judgeDeclarations(inspection, text);
  let element = '';
  for (let at = 0; at < text.length && !inspection.stopped; ) {
    const open = text.indexOf('<', at);
    judgeText(inspection, element, text.slice(at, open < 0 ? text.length : open));
    if (open < 0) return;
    const end = markupEnd(text, open);
    if (text.startsWith('<![CDATA[', open)) inspection.value(xmlText, element, text.slice(open + 9, end - 3));
    else if (text.startsWith('<!', open) || text.startsWith('<?', open))
      inspection.value(xmlText, element, text.slice(open + 2, end - 1));
    else element = judgeTag(inspection, text, open, end);
    at = end;
  }
}

/** Text or an attribute's value as the parser hands it on: its references undone. */
function judgeText(inspection: Inspection, element: string, raw: string): void {
  const text = raw.includes('&') ? entityDecode(raw) : raw;
  inspection.value(xmlText, element, text, text === raw ? none : entityDecoded);
}

/** DOCTYPE with entities or a foreign subset, XInclude, and an encoding that hides the text. */
function judgeDeclarations(inspection: Inspection, text: string): void {
  const subject = new Subject(signSet, text, '', false, false);
  const { lower } = subject;
  const declared = detectEntity(subject);
  if (declared !== null) inspection.found('xml-entity', declared, xmlText, '', text, none);
  const encoding = lower.startsWith('<?xml') ? declaredEncoding(lower) : '';
  if (encoding !== '' && charsetOf(encoding) === null)
    inspection.refuse(415, 'waf/unknown-charset', 1050005, `the document is declared in ${encoding}`, 'REQUEST_BODY');
}

function declaredEncoding(lower: string): string {
  const head = lower.slice(0, 256);
  const at = head.indexOf('encoding=');
  const quote = at < 0 ? '' : head.charAt(at + 9);
  const end = quote === '"' || quote === "'" ? head.indexOf(quote, at + 10) : -1;
  return end < 0 ? '' : head.slice(at + 10, end);
}

/** Where the markup that begins at `open` ends: behind its `>`, or at the end of the text. */
function markupEnd(text: string, open: number): number {
  if (text.startsWith('<!--', open)) return behind(text, '-->', open + 4);
  if (text.startsWith('<![CDATA[', open)) return behind(text, ']]>', open + 9);
  if (text.startsWith('<?', open)) return behind(text, '?>', open + 2);
  let quote = 0;
  for (let at = open + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if (code === 34 || code === 39) quote = code;
    else if (code === 62) return at + 1;
  }
  return text.length;
}

function behind(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at + mark.length;
}

/** Judges the attribute values of a tag, and a script element as what it is; the element's name. */
function judgeTag(inspection: Inspection, text: string, open: number, end: number): string {
  let nameEnd = open + 1;
  while (nameEnd < end && !isSpace(text.charCodeAt(nameEnd)) && text.charCodeAt(nameEnd) !== 62) nameEnd++;
  const name = text.slice(open + 1, nameEnd);
  if (name.toLowerCase().endsWith('script')) {
    const script = detectHtml(`<${name.slice(name.indexOf(':') + 1)}>`);
    if (script !== null) inspection.found('cross-site-scripting', script, xmlText, name, text.slice(open, end), none);
  }
  for (let at = nameEnd; at < end && !inspection.stopped; ) {
    const start = quoteIndex(text, at, end);
    if (start < 0) break;
    const close = text.indexOf(text.charAt(start), start + 1);
    const stop = close < 0 || close > end ? end : close;
    judgeText(inspection, name, text.slice(start + 1, stop));
    at = stop + 1;
  }
  return name.startsWith('/') ? '' : name;
}

function quoteIndex(text: string, from: number, end: number): number {
  for (let at = from; at < end; at++) if (text.charCodeAt(at) === 34 || text.charCodeAt(at) === 39) return at;
  return -1;
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}
