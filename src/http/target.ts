// The request target and the authority (RFC 9112 3.2, RFC 9110 7.2): what is asked of whom, and by which path it is placed.

import { AddressReader } from '../base/address.ts';
import { Fault } from '../traffic/fault.ts';
import type { RequestHead } from '../traffic/wire.ts';
import { characterClass, hostBit } from './tokens.ts';

/** Splits the target into path and query and settles host and authority from it and from the Host field, which came `hosts` times. */
export function readTarget(head: RequestHead, hosts: number, host: string): Fault | null {
  const { target } = head;
  const hostField = hosts === 0 ? null : host;
  if (hosts > 1) return new Fault(400, 'http/repeated-host', 'more than one Host field (RFC 9112 3.2)');
  if (hosts === 0 && head.version === '1.1')
    return new Fault(400, 'http/no-host', 'an HTTP/1.1 request without a Host field (RFC 9112 3.2)');
  if (hostField !== null) {
    const fault = readAuthority(head, hostField, head.version === '1.0');
    if (fault !== null) return fault;
  }
  if (target.charCodeAt(0) === 47) return splitPath(head, target);
  if (target === '*') {
    if (head.method !== 'OPTIONS')
      return new Fault(
        400,
        'http/asterisk-form',
        `the target "*" belongs to OPTIONS only, not ${head.method} (RFC 9112 3.2.4)`,
      );
    head.path = '*';
    return null;
  }
  return readAbsolute(head, hostField);
}

function splitPath(head: RequestHead, target: string): null {
  const mark = target.indexOf('?');
  if (mark < 0) head.path = target;
  else {
    head.path = target.slice(0, mark);
    head.query = target.slice(mark + 1);
  }
  return null;
}

/** Absolute-form: RFC 9112 3.2.2 lets the target win over Host; two readers may not agree on that, so here both must say the same. */
function readAbsolute(head: RequestHead, hostField: string | null): Fault | null {
  const { target } = head;
  const schemeTo = target.indexOf('://');
  const scheme = target.slice(0, Math.max(0, schemeTo)).toLowerCase();
  if (scheme !== 'http' && scheme !== 'https')
    return new Fault(
      400,
      'http/bad-target',
      'the target is neither a path, nor "*", nor an http(s) URL (RFC 9112 3.2)',
    );
  let authorityTo = schemeTo + 3;
  while (authorityTo < target.length && target[authorityTo] !== '/' && target[authorityTo] !== '?') authorityTo++;
  const authority = target.slice(schemeTo + 3, authorityTo);
  if (hostField !== null && authority.toLowerCase() !== hostField.toLowerCase())
    return new Fault(
      400,
      'http/authority-mismatch',
      'the authority in the target is not the one in Host (RFC 9112 3.2.2)',
    );
  const fault = readAuthority(head, authority, false);
  if (fault !== null) return fault;
  const rest = target.slice(authorityTo);
  return splitPath(head, rest.startsWith('/') ? rest : `/${rest}`);
}

/** `host[:port]` without user information (RFC 9110 4.2.4), a name, an IPv4 or a bracketed IPv6 literal. */
function readAuthority(head: RequestHead, authority: string, mayBeEmpty: boolean): Fault | null {
  if (authority === '') return mayBeEmpty ? null : badHost();
  let hostTo: number;
  if (authority.charCodeAt(0) === 91) {
    hostTo = authority.indexOf(']') + 1;
    const colon = authority.indexOf(':');
    if (colon < 0 || colon >= hostTo || new AddressReader().read(authority, 1, hostTo - 1) === 0) return badHost();
  } else {
    hostTo = authority.indexOf(':');
    if (hostTo < 0) hostTo = authority.length;
    if (hostTo === 0 || hostTo > 255) return badHost();
    for (let index = 0; index < hostTo; index++) {
      const code = authority.charCodeAt(index);
      if (code > 255 || (characterClass[code]! & hostBit) === 0) return badHost();
    }
  }
  if (hostTo < authority.length && !isPort(authority, hostTo)) return badHost();
  head.host = withoutDot(authority.slice(0, hostTo).toLowerCase());
  head.authority = authority;
  return null;
}

function isPort(authority: string, colonAt: number): boolean {
  if (authority.charCodeAt(colonAt) !== 58 || authority.length - colonAt > 6) return false;
  let port = 0;
  for (let index = colonAt + 1; index < authority.length; index++) {
    const digit = authority.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port <= 65535;
}

/** `example.com.` is `example.com` (RFC 9110 4.2.3 leaves it open; DNS does not). */
function withoutDot(host: string): string {
  return host.length > 1 && host.endsWith('.') ? host.slice(0, -1) : host;
}

function badHost(): Fault {
  return new Fault(
    400,
    'http/bad-host',
    'the host is not a name, an address or a bracketed IPv6 address with an optional port (RFC 9110 7.2)',
  );
}

/** The path as an application would understand it: percent-decoded once, separators single, dot segments resolved.
 * Sites, rates and exclusions match on this one, so that `/code/../users` is not taken for something under `/code`. */
export function placingPath(path: string): string {
  if (isPlain(path)) return path;
  const segments: string[] = [];
  const decoded = percentDecoded(path);
  for (const part of decoded.replaceAll('\\', '/').split('/')) {
    // Path parameters (`/a;v=1/b`) are dropped by servlet containers before they resolve dots.
    const segment = part.split(';', 1)[0]!;
    if (segment === '' || segment === '.') continue;
    if (segment === '..') segments.pop();
    else segments.push(part);
  }
  const last = decoded.charCodeAt(decoded.length - 1);
  return `/${segments.join('/')}${segments.length > 0 && (last === 47 || last === 92) ? '/' : ''}`;
}

function isPlain(path: string): boolean {
  let previous = 0;
  for (let index = 0; index < path.length; index++) {
    const code = path.charCodeAt(index);
    if (code === 37 || code === 92 || code === 59) return false;
    if (previous === 47 && (code === 47 || code === 46)) return false;
    previous = code;
  }
  return true;
}

function percentDecoded(path: string): string {
  let decoded = '';
  for (let index = 0; index < path.length; index++) {
    const code = path.charCodeAt(index);
    const high = code === 37 ? hexValue(path.charCodeAt(index + 1)) : -1;
    const low = high < 0 ? -1 : hexValue(path.charCodeAt(index + 2));
    if (low < 0) decoded += path[index];
    else {
      decoded += String.fromCharCode(high * 16 + low);
      index += 2;
    }
  }
  return decoded;
}

function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
