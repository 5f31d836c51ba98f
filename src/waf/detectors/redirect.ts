// Open redirects: an address in an argument that the application sends the browser to, which leads to another site.

import { type Detection, found, type Subject } from './detection.ts';

/** Which arguments are addresses that the browser is sent to, and where they may lead. */
export interface RedirectSettings {
  /** Names in lower case without `-` and `_`. */
  readonly parameters: ReadonlySet<string>;
  /** Hosts that addresses may lead to besides the site's own, `*.example.com` too; null where every plain address may. */
  readonly hosts: readonly string[] | null;
}

/** What an address is to a browser. */
interface Target {
  readonly host: string;
  /** Whether it is spelt as no program does, but as a browser reads it all the same. */
  readonly isDisguised: boolean;
  /** Whether it is more than an address without its scheme. */
  readonly isOdd: boolean;
}

/** Names of arguments that hold an address of any kind: where none is sent to, `//host` is the usual spelling of one. */
const addressed: ReadonlySet<string> = new Set(
  'url uri link href src target to out u site page image feed webhook'.split(' '),
);
/** Last parts of names of hosts that no name of a person ends with. */
const domains: ReadonlySet<string> = new Set(
  'com net org io dev app co uk de fr nl eu us info biz example test edu gov local'.split(' '),
);
/** Longest part of a value that is read for its host. */
const maxRead = 512;

/**
 * An address that leads away from `ownHost`. Ids 1035001 and 1035002. Where no hosts are listed, only addresses are found
 * that are spelt to pass for one of this site. Linear; never throws.
 */
export function detectRedirect(
  subject: Subject,
  { parameters, hosts }: RedirectSettings,
  ownHost: string,
): Detection | null {
  const name = nameOf(subject.name);
  const isSent = parameters.has(name);
  // Because three slashes and a host, or a slash of each kind, are nothing but an address in disguise.
  const isMixed = mixesSlashes(subject.text);
  if ((!isSent && !addressed.has(name) && !isMixed) || subject.isName) return null;
  const target = readAddress(subject.text.slice(0, maxRead));
  if (target === null) return null;
  const own = withoutPort(ownHost.toLowerCase());
  const { host } = target;
  if (host === own || isListed(host, hosts ?? [])) return null;
  if (isMixed && !isSent && !addressed.has(name) && !isHostName(host)) return null;
  const isPretended = own !== '' && host.startsWith(`${own}.`);
  const end = Math.min(subject.text.length, 96);
  if (!isSent && !target.isOdd) return null;
  if (target.isDisguised || isPretended)
    // Because a sibling under the same domain is no other owner.
    return isPretended || !isSibling(host, own) || hosts !== null
      ? found(1035001, 5, `the address leads to ${host}, spelt so that it passes for one of this site`, 0, end)
      : null;
  if (hosts === null) return null;
  return found(1035002, 5, `the address leads to ${host}, which waf.redirects.hosts does not list`, 0, end);
}

/** The last part of a dotted or bracketed name, as `parameters` spells it: `form[return_to]` is `returnto`. */
function nameOf(name: string): string {
  const lower = name.toLowerCase();
  const open = lower.lastIndexOf('[');
  const last = lower.endsWith(']') && open >= 0 ? lower.slice(open + 1, -1) : lower.slice(lower.lastIndexOf('.') + 1);
  return normalisedName(last);
}

/** A name without what spellings of it differ in. */
export function normalisedName(name: string): string {
  return name.toLowerCase().replaceAll('_', '').replaceAll('-', '');
}

/** The host that a browser would go to (WHATWG URL 4.4), or null for an address of the same site or of another scheme. */
function readAddress(raw: string): Target | null {
  const text = visible(raw);
  const hadHidden = text.length !== raw.trim().length;
  const colon = schemeEnd(text);
  const scheme = text.slice(0, colon).toLowerCase();
  if (colon > 0 && scheme !== 'http' && scheme !== 'https') return null;
  let at = colon > 0 ? colon + 1 : 0;
  const slashesFrom = at;
  while (isSlash(text.charCodeAt(at))) at++;
  const slashes = text.slice(slashesFrom, at);
  // Because an application that puts its own host before the value makes it a name of somebody.
  const isAppended = colon <= 0 && slashes === '' && text.charCodeAt(0) === 64;
  if (colon <= 0 && slashes.length < 2 && !isAppended) return null;
  let end = at;
  while (end < text.length && !isSlash(text.charCodeAt(end)) && !'?#'.includes(text.charAt(end))) end++;
  const authority = text.slice(at, end);
  const user = authority.lastIndexOf('@');
  const host = withoutPort(
    authority
      .slice(user + 1)
      .toLowerCase()
      .replaceAll('。', '.')
      .replaceAll('｡', '.'),
  );
  // Because what has no dot is a folder behind a slash too many.
  if (!host.includes('.') || !mayBeHost(host)) return null;
  const isSwapped = isHostName(authority.slice(0, Math.max(0, user))) || isHostName(text.slice(end + 1));
  const isOdd = hadHidden || isSwapped || slashes !== '//' || isAppended;
  return { host, isDisguised: isOdd || colon <= 0 || user >= 0, isOdd };
}

/** `////host`, `/\\host`, `\\/host`: at the beginning, with nothing before and a letter or digit behind. */
function mixesSlashes(text: string): boolean {
  if (text.length > 256 || text.includes(' ')) return false;
  const plain = text.includes('\t') || text.includes('\n') || text.includes('\r') ? visible(text) : text;
  const colon = schemeEnd(plain);
  const scheme = plain.slice(0, colon).toLowerCase();
  const from = scheme === 'http' || scheme === 'https' ? colon + 1 : 0;
  let at = from;
  while (at < from + 8 && isSlash(plain.charCodeAt(at))) at++;
  // Because programs write two slashes behind a scheme, and nobody types a tab between them.
  if (from > 0) return plain.slice(from, at) !== '//';
  if (plain !== text) return at > 1;
  if (at < 2) return false;
  const slashes = text.slice(0, at);
  // Because `\\\\host` is a share whose backslashes were escaped.
  return (slashes.includes('/') && slashes.includes('\\')) || (at > 2 && !slashes.includes('\\'));
}

/** Whether a browser takes the text for a host: it refuses one that has a sign no name has. */
function mayBeHost(host: string): boolean {
  for (let at = 0; at < host.length; at++) if (' "$(){}<>^`|,;=*\'!&'.includes(host.charAt(at))) return false;
  return true;
}

/** Whether a text is nothing but the name of a host under a usual domain: what a check for it would find in the address. */
function isHostName(text: string): boolean {
  const lower = text.toLowerCase();
  const dot = lower.lastIndexOf('.');
  if (dot < 1 || !domains.has(lower.slice(dot + 1))) return false;
  for (let at = 0; at < lower.length; at++)
    if (!isSchemePart(lower.charCodeAt(at)) && lower.charCodeAt(at) !== 46) return false;
  return true;
}

/** Without blanks around it and the tabs and line breaks that browsers leave out wherever they stand. */
function visible(raw: string): string {
  let text = '';
  for (let at = 0; at < raw.length; at++) {
    const code = raw.charCodeAt(at);
    if (code > 32 || (code === 32 && text !== '')) text += raw.charAt(at);
  }
  return text.trimEnd();
}

/** Where the `:` behind a scheme stands; 0 where there is none. */
function schemeEnd(text: string): number {
  let at = 0;
  while (at < text.length && at < 24 && isSchemePart(text.charCodeAt(at))) at++;
  return text.charCodeAt(at) === 58 ? at : 0;
}

function isSchemePart(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || (code >= 48 && code <= 57) || code === 43 || code === 45;
}

function isSlash(code: number): boolean {
  return code === 47 || code === 92;
}

function withoutPort(host: string): string {
  const colon = host.lastIndexOf(':');
  return colon < 0 || host.endsWith(']') ? host : host.slice(0, colon);
}

function isListed(host: string, hosts: readonly string[]): boolean {
  return hosts.some((one) => one === '*' || one === host || (one.startsWith('*.') && host.endsWith(one.slice(1))));
}

/** Whether the last two labels are the same. */
function isSibling(host: string, own: string): boolean {
  const domain = own.split('.').slice(-2).join('.');
  return domain.includes('.') && (host === domain || host.endsWith(`.${domain}`));
}
