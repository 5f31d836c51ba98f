// Names that a certificate serves: read from settings, from a certificate and from a client's SNI, in one spelling.

import type { X509Certificate } from 'node:crypto';
import { AddressReader } from '../base/address.ts';

/** Longest DNS name in text (RFC 1035 2.3.4). */
export const maxNameLength = 253;

const maxLabelLength = 63;

/** A DNS name (also `*.example.com`) in lower case without its last dot, or an IP address in canonical text; null for neither. */
export function readName(text: string): string | null {
  const reader = new AddressReader();
  if (reader.read(text) !== 0) return reader.print();
  const name = plain(text);
  if (name.length === 0 || name.length > maxNameLength) return null;
  const labels = name.split('.');
  if (labels[0] === '*' && labels.length > 1) labels.shift();
  // Because a name whose last label is a number reads as an address to some clients (RFC 1123 2.1).
  if (isNumber(labels.at(-1)!)) return null;
  return labels.every(isLabel) ? name : null;
}

/** SNI as a client sent it, fit for a journal: lower case, without its last dot, bounded, other than name characters as '?'. */
export function shownName(sni: string): string {
  const name = plain(sni.length > maxNameLength + 1 ? sni.slice(0, maxNameLength) : sni);
  let shown = '';
  let from = 0;
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    if (isNameCode(code) || code === 0x2e || code === 0x3a) continue;
    shown += `${name.slice(from, index)}?`;
    from = index + 1;
  }
  return from === 0 ? name : shown + name.slice(from);
}

/** Every DNS name and IP address of a certificate's subjectAltName, in its order; the subject's CN does not count (RFC 9110 4.3.4). */
export function namesOf(certificate: X509Certificate): string[] {
  const names: string[] = [];
  for (const entry of entriesOf(certificate.subjectAltName ?? '')) {
    const value = entry.startsWith('DNS:') ? entry.slice(4) : entry.startsWith('IP Address:') ? entry.slice(11) : '';
    const name = readName(value);
    if (name !== null) names.push(name);
  }
  return names;
}

/** The SNI with which a CA asks for a challenge of this name (as `readName` gives it): an IP address is turned round (RFC 8738 6). */
export function challengeServerName(name: string): string {
  const reader = new AddressReader();
  const family = reader.read(name);
  if (family === 0) return name;
  if (family === 4) return `${name.split('.').reverse().join('.')}.in-addr.arpa`;
  const words = [reader.word0, reader.word1, reader.word2, reader.word3];
  const digits = words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  return `${[...digits].reverse().join('.')}.ip6.arpa`;
}

/** Finds who serves a name: exact, then wildcard for one label, then the default. Holds only what its owner adds. */
export class NameIndex<T> {
  readonly fallback: T;
  #exact = new Map<string, T>();
  #wildcards = new Map<string, T>();

  constructor(fallback: T) {
    this.fallback = fallback;
  }

  /** Adds a name as `readName` gives it; false where it was there, and the first stays. */
  add(name: string, value: T): boolean {
    const isWildcard = name.startsWith('*.');
    const names = isWildcard ? this.#wildcards : this.#exact;
    const key = isWildcard ? name.slice(2) : name;
    if (names.has(key)) return false;
    names.set(key, value);
    return true;
  }

  /** Who serves this SNI, in any case and with or without its last dot; never fails, whatever a client sends. */
  find(sni: string): T {
    return this.lookUp(sni) ?? this.fallback;
  }

  /** As `find`, but undefined where neither a name nor a wildcard matches. */
  lookUp(sni: string): T | undefined {
    if (sni.length === 0 || sni.length > maxNameLength + 1) return undefined;
    const name = plain(sni);
    const exact = this.#exact.get(name);
    if (exact !== undefined) return exact;
    const dot = name.indexOf('.');
    return dot < 1 ? undefined : this.#wildcards.get(name.slice(dot + 1));
  }
}

function plain(name: string): string {
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
}

function isLabel(label: string): boolean {
  if (label.length === 0 || label.length > maxLabelLength || label.startsWith('-') || label.endsWith('-')) return false;
  for (let index = 0; index < label.length; index++) if (!isNameCode(label.charCodeAt(index))) return false;
  return true;
}

function isNumber(label: string): boolean {
  for (let index = 0; index < label.length; index++) {
    const code = label.charCodeAt(index);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

/** Lower-case letters, digits, '-' and, because people do use it in host names, '_'. */
function isNameCode(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x5f;
}

/** Node puts a value that could be mistaken for two in quotes: those are no host names, and their commas do not part. */
function entriesOf(subjectAltName: string): string[] {
  const entries: string[] = [];
  let from = 0;
  let quoted = false;
  for (let index = 0; index <= subjectAltName.length; index++) {
    const character = subjectAltName[index];
    if (quoted && character === '\\') index++;
    else if (character === '"') quoted = !quoted;
    else if (index >= subjectAltName.length || (character === ',' && !quoted)) {
      entries.push(subjectAltName.slice(from, index).trim());
      from = index + 1;
    }
  }
  return entries;
}
