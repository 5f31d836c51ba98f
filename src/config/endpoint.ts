// Hosts and upstream endpoints as people write them, brought to one spelling.

import { isIP, isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';

/** The one spelling, or why the text is none and what to write. */
export type Named = { readonly value: string } | { readonly says: string; readonly instead: string };

/** A site's host: `example.com`, `*.example.com`, `*`, `192.0.2.7` or `[2001:db8::1]`; lower case, IDNA in its ASCII form. */
export function parseHost(text: string): Named {
  if (text === '*') return { value: '*' };
  if (text.includes('://')) {
    const host = text.slice(text.indexOf('://') + 3).split('/', 1)[0]!;
    return { says: `the host "${text}" has a scheme`, instead: `write ${host === '' ? 'example.com' : host} alone` };
  }
  if (text.includes('/'))
    return { says: `the host "${text}" has a path`, instead: 'write the path as `path: /…` beside the host' };
  if (isIPv6(text)) return { value: `[${text.toLowerCase()}]` };
  if (text.startsWith('[') && text.endsWith(']') && isIPv6(text.slice(1, -1))) return { value: text.toLowerCase() };
  if (text.includes(':'))
    return {
      says: `the host "${text}" has a port`,
      instead: `write ${text.slice(0, text.indexOf(':')) || 'example.com'} alone: ports stand under listen, and a site is served on each of them`,
    };
  const wildcard = text.startsWith('*.');
  const name = asciiName(wildcard ? text.slice(2) : text);
  if (name === null || (wildcard && isIP(name) !== 0))
    return {
      says: `"${text}" is not a host name`,
      instead: 'write a name such as example.com, *.example.com, or * for any',
    };
  return { value: wildcard ? `*.${name}` : name };
}

/** An upstream as `host:port`: from `localhost:3000`, `3000`, `[::1]:3000` or `http://localhost:3000/`. */
export function parseUpstream(written: string | number): Named {
  const text = String(written).trim();
  const lower = text.toLowerCase();
  if (lower.startsWith('https://'))
    return {
      says: 'upstreams over TLS come in a later version',
      instead: 'write an endpoint that speaks plain HTTP, such as localhost:3000',
    };
  if (lower.startsWith('unix:') || text.startsWith('/'))
    return {
      says: 'upstreams on Unix sockets come in a later version',
      instead: 'write an endpoint such as localhost:3000',
    };
  const scheme = lower.startsWith('http://');
  const rest = scheme ? text.slice(7) : text;
  const slash = rest.indexOf('/');
  if (slash >= 0 && rest.slice(slash) !== '/')
    return {
      says: `the upstream "${text}" has a path`,
      instead: `write ${rest.slice(0, slash)}: requests keep the path they came with`,
    };
  const endpoint = slash >= 0 ? rest.slice(0, slash) : rest;
  return parseEndpoint(scheme && !hasPort(endpoint) ? `${endpoint}:80` : endpoint, text);
}

function parseEndpoint(endpoint: string, written: string): Named {
  if (isPort(endpoint)) return { value: `localhost:${Number(endpoint)}` };
  const colon = endpoint.lastIndexOf(':');
  const instead = 'write host:port, such as localhost:3000 or [::1]:3000';
  if (isIPv6(endpoint))
    return { says: `the IPv6 address in "${written}" needs brackets`, instead: `write [${endpoint}]:3000` };
  if (!hasPort(endpoint)) return { says: `the upstream "${written}" has no port`, instead };
  const port = endpoint.slice(colon + 1);
  if (!isPort(port)) return { says: `"${port}" is not a port`, instead: 'a port is a whole number from 1 to 65535' };
  const host = endpoint.slice(0, colon);
  if (host.startsWith('[') && host.endsWith(']') && isIPv6(host.slice(1, -1)))
    return { value: `${host.toLowerCase()}:${Number(port)}` };
  const name = asciiName(host);
  if (name === null) return { says: `"${host}" is not a host name`, instead };
  return { value: `${name}:${Number(port)}` };
}

function hasPort(endpoint: string): boolean {
  return endpoint.lastIndexOf(':') > endpoint.lastIndexOf(']');
}

function isPort(text: string): boolean {
  if (text === '' || text.length > 5) return false;
  for (const character of text) if (character < '0' || character > '9') return false;
  const port = Number(text);
  return port >= 1 && port <= 65535;
}

/** The name in ASCII and lower case without its last dot, or null where DNS could not hold it (RFC 1123 2.1, `_` allowed). */
function asciiName(text: string): string | null {
  if (isIPv4(text)) return text;
  const bare = text.endsWith('.') ? text.slice(0, -1) : text;
  let name = bare.toLowerCase();
  for (let index = 0; index < bare.length; index++) {
    if (bare.charCodeAt(index) <= 0x7f) continue;
    name = domainToASCII(bare);
    break;
  }
  if (name === '' || name.length > 253) return null;
  const labels = name.split('.');
  // A last label of digits alone would be read as an IPv4 address by every client (WHATWG URL, "ends in a number").
  if (isDigits(labels.at(-1)!)) return null;
  return labels.every(isLabel) ? name : null;
}

function isDigits(text: string): boolean {
  for (const character of text) if (character < '0' || character > '9') return false;
  return text !== '';
}

function isLabel(label: string): boolean {
  if (label === '' || label.length > 63 || label.startsWith('-') || label.endsWith('-')) return false;
  for (const character of label) {
    const isWord = (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9');
    if (!isWord && character !== '-' && character !== '_') return false;
  }
  return true;
}
