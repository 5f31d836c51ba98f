// Hosts and upstream endpoints as people write them, brought to one spelling.

import { isIP, isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { splitEndpoint } from '../traffic/connection.ts';

/** The one spelling, or why the text is none and what to write. */
export type Named<T = string> = { readonly value: T } | { readonly says: string; readonly instead: string };

/** Where an upstream is and what it speaks. `url` is the one spelling: `localhost:3000`, `https://api.example:443`, `unix:/run/app.sock`. */
export interface UpstreamAddress {
  readonly url: string;
  readonly protocol: 'h1' | 'h2';
  readonly secure: boolean;
  /** Name or address without brackets; '' for a Unix socket. */
  readonly host: string;
  readonly port: number;
  /** Path of a Unix socket, or ''. */
  readonly socketPath: string;
}

/** What the schemes of an upstream mean, and the port where none is written. */
const schemes = {
  'http://': { protocol: 'h1', secure: false, port: 80 },
  'https://': { protocol: 'h1', secure: true, port: 443 },
  'h2c://': { protocol: 'h2', secure: false, port: 80 },
  'h2://': { protocol: 'h2', secure: true, port: 443 },
} as const;

const unixPrefix = 'unix:';
/** A Unix socket where HTTP/2 is spoken. */
const http2Socket = 'h2c+unix:';

/** Longest path of a Unix socket (`sun_path`, unix(7)). */
const maxSocketPath = 107;

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

/** An upstream: from `localhost:3000`, `3000`, `[::1]:3000`, `http://localhost:3000/`, `https://…`, `h2c://…`, `h2://…`, `unix:/run/app.sock` or `h2c+unix:/run/app.sock`. */
export function parseUpstream(written: string | number): Named<UpstreamAddress> {
  const text = String(written).trim();
  const lower = text.toLowerCase();
  if (lower.startsWith(http2Socket)) return parseSocketPath(text.slice(http2Socket.length - unixPrefix.length), 'h2');
  if (lower.startsWith('unix:') || text.startsWith('/')) return parseSocketPath(text, 'h1');
  const scheme = (Object.keys(schemes) as (keyof typeof schemes)[]).find((start) => lower.startsWith(start));
  if (scheme === undefined && text.includes('://'))
    return {
      says: `"${text.slice(0, text.indexOf('://'))}" is no scheme of an upstream`,
      instead: 'write http, https, h2c (HTTP/2 without TLS) or h2 (HTTP/2 under TLS) before ://',
    };
  const rest = scheme === undefined ? text : text.slice(scheme.length);
  const slash = rest.indexOf('/');
  if (slash >= 0 && rest.slice(slash) !== '/')
    return {
      says: `the upstream "${text}" has a path`,
      instead: `write ${rest.slice(0, slash)}: requests keep the path they came with`,
    };
  const endpoint = slash >= 0 ? rest.slice(0, slash) : rest;
  const { protocol, secure, port } = schemes[scheme ?? 'http://'];
  const named = parseEndpoint(scheme !== undefined && !hasPort(endpoint) ? `${endpoint}:${port}` : endpoint, text);
  if (!('value' in named)) return named;
  const { address, port: found } = splitEndpoint(named.value);
  const url = scheme === undefined || scheme === 'http://' ? named.value : scheme + named.value;
  return { value: { url, protocol, secure, host: address, port: found, socketPath: '' } };
}

function parseSocketPath(text: string, protocol: 'h1' | 'h2'): Named<UpstreamAddress> {
  const bare = text.startsWith('/') ? text : text.slice(unixPrefix.length);
  const path = bare.startsWith('//') ? bare.slice(2) : bare;
  if (!path.startsWith('/'))
    return { says: `"${path}" is not the whole path of a socket`, instead: 'write unix:/run/app.sock' };
  if (path.includes('\0') || Buffer.byteLength(path) > maxSocketPath)
    return {
      says: `the path of the socket has ${Buffer.byteLength(path)} bytes, and the kernel takes ${maxSocketPath}`,
      instead: 'put the socket into a directory with a shorter name',
    };
  const url = `${protocol === 'h2' ? http2Socket : unixPrefix}${path}`;
  return { value: { url, protocol, secure: false, host: '', port: 0, socketPath: path } };
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
