// What a URL really connects to: the host and port that a browser would open a connection to, and what it hides.

import { type Built, built, failed, nearest, type Problem } from '../base/problem.ts';
import { browsersRefuse, shorten } from './port.ts';
import { parsePort } from './services.ts';

/** Where a URL leads. */
export interface UrlEndpoint {
  readonly scheme: 'http' | 'https' | 'ws' | 'wss';
  /** Whether the scheme was not written, and https assumed as browsers do. */
  readonly schemeImplied: boolean;
  /** Lower case, internationalised names in their ASCII form, IPv6 without brackets. */
  readonly host: string;
  readonly hostKind: 'name' | 'ipv4' | 'ipv6';
  readonly port: number;
  /** Whether the port was not written but comes with the scheme. */
  readonly portImplied: boolean;
  readonly secure: boolean;
  /** Path and query as they go into the request line. */
  readonly target: string;
  /** What may surprise: a user name before the host, a number that is an address, a port browsers refuse. */
  readonly notes: readonly string[];
}

const defaultPorts = { http: 80, https: 443, ws: 80, wss: 443 } as const;

/** Longest URL that is looked at, in characters. */
const maxUrlCharacters = 8192;

/** What `url` connects to, read as browsers read it (WHATWG URL); without a scheme, https is meant. */
export function urlEndpoint(url: string): Built<UrlEndpoint> {
  const text = url.trim();
  const parts = takeApart(text);
  if ('says' in parts) return failed([parts]);
  let parsed: URL;
  try {
    parsed = new URL(`${parts.scheme}://${parts.rest}`);
  } catch {
    return failed([
      problem('bad-host', `"${shorten(parts.hostText)}" is no host name and no address`, 'https://example.com'),
    ]);
  }
  const bracketed = parsed.hostname.startsWith('[');
  const host = bracketed ? parsed.hostname.slice(1, -1) : parsed.hostname;
  const hostKind = bracketed ? 'ipv6' : isDotted(host) ? 'ipv4' : 'name';
  const port = parts.port ?? defaultPorts[parts.scheme];
  return built({
    scheme: parts.scheme,
    schemeImplied: parts.schemeImplied,
    host,
    hostKind,
    port,
    portImplied: parts.port === null,
    secure: parts.scheme === 'https' || parts.scheme === 'wss',
    target: parsed.pathname + parsed.search,
    notes: notesOn(parts, host, hostKind, port),
  });
}

interface Parts {
  readonly scheme: keyof typeof defaultPorts;
  readonly schemeImplied: boolean;
  /** All behind `://`. */
  readonly rest: string;
  readonly user: string;
  readonly hostText: string;
  readonly port: number | null;
}

function takeApart(text: string): Parts | Problem {
  if (text === '') return problem('empty-url', 'there is no URL', 'https://example.com');
  if (text.length > maxUrlCharacters)
    return problem('long-url', `a URL of ${text.length} characters`, `at most ${maxUrlCharacters} characters`);
  for (let index = 0; index < text.length; index++)
    if (text.charCodeAt(index) <= 0x20 || text.charCodeAt(index) === 0x7f)
      return problem('bad-url', `there is a space or a control character in "${shorten(text)}"`, 'write it as %20');
  const colon = text.indexOf('://');
  const schemeImplied = colon < 0;
  const scheme = schemeImplied ? 'https' : text.slice(0, colon).toLowerCase();
  if (!isScheme(scheme)) return unknownScheme(scheme);
  const rest = schemeImplied ? text : text.slice(colon + 3);
  const authority = rest.slice(0, authorityEnd(rest));
  const at = authority.lastIndexOf('@');
  const place = authority.slice(at + 1);
  const portColon = portColonOf(place);
  const hostText = portColon < 0 ? place : place.slice(0, portColon);
  if (hostText === '') return problem('no-host', `"${shorten(text)}" names no host`, `${scheme}://example.com`);
  if (hostText.includes(':') && !hostText.startsWith('['))
    return problem(
      'bare-ipv6',
      `the IPv6 address in "${shorten(text)}" has no brackets`,
      `${scheme}://[${shorten(place)}]`,
    );
  const portText = portColon < 0 ? '' : place.slice(portColon + 1);
  // Because port 0 asks the kernel for any port and cannot be connected to.
  const port = portText === '' ? null : parsePort(portText);
  if (portText !== '' && (port === null || port === 0))
    return problem(
      'not-a-port',
      `"${shorten(portText)}" is not a port that can be connected to`,
      'a number from 1 to 65535',
    );
  return { scheme, schemeImplied, rest, user: authority.slice(0, Math.max(0, at)), hostText, port };
}

// Because browsers end the authority at a backslash as at a slash.
function authorityEnd(rest: string): number {
  for (let index = 0; index < rest.length; index++) if ('/\\?#'.includes(rest[index]!)) return index;
  return rest.length;
}

/** Where the port begins, -1 for none; the colons inside brackets are the address's. */
function portColonOf(place: string): number {
  const bracket = place.lastIndexOf(']');
  if (bracket < 0 && place.startsWith('[')) return -1;
  const colon = place.lastIndexOf(':');
  return colon > bracket ? colon : -1;
}

function isScheme(scheme: string): scheme is keyof typeof defaultPorts {
  return Object.hasOwn(defaultPorts, scheme);
}

function unknownScheme(scheme: string): Problem {
  const near = nearest(scheme, Object.keys(defaultPorts));
  return problem(
    'unknown-scheme',
    `"${shorten(scheme)}" is not a scheme of the web`,
    near === null ? 'http, https, ws or wss' : `did you mean "${near}://"?`,
  );
}

function notesOn(parts: Parts, host: string, hostKind: UrlEndpoint['hostKind'], port: number): string[] {
  const notes: string[] = [];
  if (parts.user !== '') notes.push(`what stands before the @ is a user name: the host is ${host}`);
  const written = parts.hostText.toLowerCase();
  if (hostKind === 'ipv4' && written !== host) notes.push(`"${shorten(written)}" is another way to write ${host}`);
  if (hostKind === 'name' && host.includes('xn--') && written !== host)
    notes.push(`the name travels as ${host}: compare it letter by letter with the one you mean`);
  if (browsersRefuse(port)) notes.push(`browsers refuse to connect to port ${port}`);
  return notes;
}

function isDotted(host: string): boolean {
  const parts = host.split('.');
  return parts.length === 4 && parts.every((part) => parsePort(part) !== null);
}

function problem(slug: string, says: string, instead: string): Problem {
  return { path: [], code: `ports/${slug}`, says, instead };
}
