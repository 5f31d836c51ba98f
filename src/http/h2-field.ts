// A header field of HTTP/2 (RFC 9113 8.2): examined once, when its bytes are read, and then used as often as the table names it.

import { codeOf } from '../traffic/field-names.ts';
import { characterClass, fieldValueBit, oddNameBit, tokenBit } from './tokens.ts';

/** What a field is for the reading of a head; everything else is `ordinary`. */
export type FieldKind =
  | 'ordinary'
  | 'invalid'
  | ':method'
  | ':scheme'
  | ':authority'
  | ':path'
  | ':protocol'
  | ':status'
  | 'unknown-pseudo'
  | 'host'
  | 'content-length'
  | 'te'
  | 'cookie'
  | 'expect'
  | 'content-type'
  | 'connection';

const kinds: ReadonlyMap<string, FieldKind> = new Map<string, FieldKind>([
  [':method', ':method'],
  [':scheme', ':scheme'],
  [':authority', ':authority'],
  [':path', ':path'],
  [':protocol', ':protocol'],
  [':status', ':status'],
  ['host', 'host'],
  ['content-length', 'content-length'],
  ['te', 'te'],
  ['cookie', 'cookie'],
  ['expect', 'expect'],
  ['content-type', 'content-type'],
  // Fields that belong to a connection have no place in HTTP/2 (RFC 9113 8.2.2).
  ['connection', 'connection'],
  ['proxy-connection', 'connection'],
  ['keep-alive', 'connection'],
  ['transfer-encoding', 'connection'],
  ['upgrade', 'connection'],
]);

/** A field name, examined. */
export class FieldName {
  readonly text: string;
  readonly kind: FieldKind;
  /** Its code in the table of known names, or -1. */
  readonly code: number;
  /** Has it a token character that is neither letter, digit nor hyphen? */
  readonly isOdd: boolean;

  /** `text` is latin1 and anything at all. */
  constructor(text: string) {
    this.text = text;
    let isOdd = false;
    let isToken = text !== '';
    const isPseudo = text.charCodeAt(0) === 58;
    for (let index = isPseudo ? 1 : 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      const classes = characterClass[code]!;
      // Capital letters are malformed (RFC 9113 8.2.1).
      if ((classes & tokenBit) === 0 || (code >= 65 && code <= 90)) isToken = false;
      else if ((classes & oddNameBit) !== 0) isOdd = true;
    }
    this.isOdd = isOdd;
    this.kind = isToken ? (kinds.get(text) ?? (isPseudo ? 'unknown-pseudo' : 'ordinary')) : 'invalid';
    this.code = codeOf(text);
  }
}

/** A field: a name and a value, with the line that it is in HTTP/1.1. */
export class Field {
  readonly name: FieldName;
  readonly value: string;
  /** `name: value` with CRLF; safe to write where `isValid`. */
  readonly line: string;
  /** Neither control characters in the value nor blanks at its ends (RFC 9113 8.2.1), and a name that is one. */
  readonly isValid: boolean;

  constructor(name: FieldName, value: string) {
    this.name = name;
    this.value = value;
    this.line = `${name.text}: ${value}\r\n`;
    this.isValid = name.kind !== 'invalid' && isFieldValue(value);
  }

  /** Its size as RFC 7541 4.1 counts it. */
  get size(): number {
    return this.name.text.length + this.value.length + 32;
  }
}

function isFieldValue(value: string): boolean {
  const last = value.length - 1;
  if (last < 0) return true;
  if (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(last))) return false;
  for (let index = 0; index <= last; index++)
    if ((characterClass[value.charCodeAt(index)]! & fieldValueBit) === 0) return false;
  return true;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}
