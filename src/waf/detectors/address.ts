// Addresses that would make the server call itself, its neighbours, its cloud, or load code: SSRF and remote inclusion.

import { type Network, networkOf, serviceOf } from './address-host.ts';
import { type Detection, found, type Subject } from './detection.ts';

/** Schemes by which a server is made to speak to other services, whatever the host. */
const foreignSchemes: ReadonlySet<string> = new Set(
  'gopher dict netdoc jar ldap ldaps tftp expect ogg ssh2 rar unix sftp rmi iiop'.split(' '),
);
/** Schemes that are only one towards an inner host. */
const innerSchemes: ReadonlySet<string> = new Set(
  'http https ftp ws wss redis rediss mysql postgres postgresql mongodb amqp memcached imap imaps smtp smtps pop3 telnet ssh file'.split(
    ' ',
  ),
);

/** Names of arguments that hold text. */
const textNames: ReadonlySet<string> = new Set(
  'q s query search keyword term text message comment body content description title note subject bio'.split(' '),
);
/** Names of arguments that hold an address which the browser goes to, or which tells where the visitor is. */
const browserNames: ReadonlySet<string> = new Set(
  'redirect return next callback continue referer referrer ref origin back goto r dl dr post_logout success cancel relaystate client_id'.split(
    ' ',
  ),
);
/** Ports under which developers look at their own work. */
const developerPorts: readonly string[] = [':3000', ':4200', ':5000', ':5173', ':8000', ':8080', ':8888'];
/** Names of arguments that hold an address which the server fetches. */
const askedNames: ReadonlySet<string> = new Set(
  'url uri dest target fetch proxy src image link feed webhook site page file path host callback_url endpoint remote domain'.split(
    ' ',
  ),
);
/** Words inside a JSON path that say that a client describes itself. */
const telling = [
  'request.',
  'page.',
  'context.',
  'breadcrumbs',
  'exception',
  'stacktrace',
  'location.',
  'environment',
  'origins',
  'resourcespans',
  'resourcelogs',
  'resourcemetrics',
  'scopespans',
  'tags.http.',
  'current_url',
  'page_url',
  'pageurl',
  'document-uri',
  'documenturl',
  'blocked-uri',
  'source-file',
  'stack',
];

/** A server-side request in one value. Ids 1034001–1034007. Linear; never throws. */
export function detectAddress(given: Subject, isMachine = false): Detection | null {
  // Because elements of XML are filled by programs, whatever they are called.
  const subject = isMachine && textNames.has(given.name.toLowerCase()) ? given.under('') : given;
  const { text } = subject;
  const start = firstVisible(text);
  const scheme = schemeAt(text, start);
  if (scheme === '') return bare(subject, start);
  if (foreignSchemes.has(scheme) && isAddress(text, start))
    return found(
      1034001,
      5,
      `the value is a ${scheme}: address, by which a server speaks to other services`,
      start,
      start + 96,
    );
  if (scheme !== '//' && !innerSchemes.has(scheme)) return bare(subject, start);
  const remote = included(subject, start);
  if (remote !== null) return remote;
  if (text.length > 2048) return null;
  return judgeHosts(subject, start, scheme);
}

function judgeHosts(subject: Subject, start: number, scheme: string): Detection | null {
  const { text } = subject;
  const authority = authorityStart(text, start, scheme);
  const isSpelled = scheme !== '//' && authority - start - scheme.length - 1 !== 2;
  let best: Detection | null = null;
  const hosts = hostsOf(text, authority);
  const isAsked = scheme.startsWith('http') && askedNames.has(subject.name.toLowerCase());
  for (const host of hosts) {
    const network = networkOf(host) ?? (isAsked && host === hosts.at(-1) ? serviceOf(host) : null);
    if (network === null) continue;
    const score = weigh(subject, network, isSpelled && scheme !== 'file');
    if (score > (best?.score ?? 0))
      best = found(idOf(network), score, says(network), start, Math.min(text.length, start + 96));
  }
  return best;
}

function weigh(subject: Subject, network: Network, isSpelled: boolean): number {
  if (
    network.kind === 'metadata' ||
    network.kind === 'listener' ||
    network.isHidden ||
    (isSpelled && network.kind !== 'public')
  )
    return 5;
  if (network.kind === 'public') return 0;
  if (isHarmless(subject.name)) return isTyped(subject, network) ? 5 : 0;
  if (isOwnWork(subject, network)) return 2;
  // Because names of homes and offices lead nowhere from a server in a cloud, and people keep links to them.
  if (isHome(network.text)) return 3;
  return subject.text.split(' ', 4).length > 3 ? 2 : 5;
}

/** Whether a text is nothing but the number of the machine itself, which people write by name: `http://127.0.0.1:6379/`. */
function isTyped({ text, name }: Subject, network: Network): boolean {
  if (text.length > 96 || hasBlank(text)) return false;
  // Because nobody types the number of a neighbour in IPv6.
  if (network.kind === 'private' && network.text.includes(':')) return true;
  if (network.kind !== 'loopback') return false;
  const last = name.toLowerCase().slice(name.lastIndexOf('.') + 1);
  if (!textNames.has(last) || text.toLowerCase().includes('localhost')) return false;
  return !developerPorts.some((port) => text.includes(port));
}

/** Whether a text is the front page of what a developer runs, where no address is asked for. */
function isOwnWork({ lower, name }: Subject, network: Network): boolean {
  if (network.kind !== 'loopback' || network.isHidden || askedNames.has(name.toLowerCase())) return false;
  const end = lower.endsWith('/') ? lower.length - 1 : lower.length;
  return [':3000', ':4200', ':5173'].some((port) => lower.startsWith(port, end - port.length));
}

/** Whether the argument holds text, or an address for the browser rather than for the server. */
function isHarmless(name: string): boolean {
  if (name === '') return false;
  const lower = name.toLowerCase();
  if (telling.some((word) => lower.includes(word))) return true;
  const last = lower.slice(lower.lastIndexOf('.') + 1);
  if (textNames.has(last) || browserNames.has(last)) return true;
  return ['redirect', 'return', 'callback', 'continue', 'referer', 'referrer', 'origin', 'logout'].some((word) =>
    last.includes(word),
  );
}

/** `printer.lan`, `nas.local`: a name that the router of a home gives. */
function isHome(host: string): boolean {
  return (
    host.endsWith('.lan') || host.endsWith('.home.arpa') || (host.endsWith('.local') && !host.includes('.cluster.'))
  );
}

function idOf(network: Network): number {
  return network.kind === 'metadata' ? 1034002 : network.isHidden ? 1034003 : 1034004;
}

function says(network: Network): string {
  if (network.kind === 'listener')
    return `the address is one at which attackers listen for whoever calls: ${network.text}`;
  if (network.kind === 'metadata') return 'the address leads to the credentials that a cloud gives its machines';
  if (network.isHidden) return `the address hides an inner host by its spelling: ${network.text}`;
  return network.kind === 'loopback'
    ? 'the address leads back to the server itself'
    : 'the address leads into the inner network';
}

/** An address without a scheme: only what nobody types by chance. */
function bare(subject: Subject, start: number): Detection | null {
  const { text } = subject;
  if (text.length - start > 64 || hasBlank(text) || subject.isName) return null;
  const hosts = hostsOf(text, start);
  const network = networkOf(hosts[0] ?? '');
  if (network === null) return null;
  if (network.kind === 'metadata') return found(1034002, 5, says(network), start, text.length);
  const isAsked = askedNames.has(subject.name.toLowerCase());
  const isOdd = network.isHidden && text.startsWith('0x');
  return isAsked && (network.kind !== 'public' || isOdd) && (isOdd || text.includes(':'))
    ? found(1034004, 5, says(network), start, text.length)
    : null;
}

/** A script or text on another server, cut off as an include needs it: `http://evil.example/shell.txt?`, `\\host\share\x.php`. */
function included(subject: Subject, start: number): Detection | null {
  const { text, lower } = subject;
  if (hasBlank(text) && !lower.includes('cmd=')) return null;
  const mark = lower.indexOf('?', start);
  const end = mark < 0 ? lower.length : mark;
  const nul = text.indexOf('\0');
  const path = lower.slice(start, nul >= 0 && nul < end ? nul : end);
  const isCode =
    ['.txt', '.php', '.gif', '.jpg', '.inc', '.asp', '.jsp', '.pl', '.dat', '.log'].some((ending) =>
      path.endsWith(ending),
    ) && path.indexOf('/', start + 8) > 0;
  if (isCode && ((mark >= 0 && isOnly(lower, mark, 63)) || nul >= 0))
    return found(1034005, 5, 'the address is that of a script, cut off as an include needs it', start, text.length);
  if (
    isCode &&
    ['?cmd=', '?c=', '?exec=', '?command=', '&cmd='].some((name) => lower.includes(name)) &&
    !isHarmless(subject.name)
  )
    return found(1034005, 5, 'the address is that of a script that is handed a command', start, text.length);
  if (lower.startsWith('ftp://', start) && isCode && (path.endsWith('.txt') || isCodeName(path)))
    return found(1034005, 5, 'the address is that of a script on another server', start, text.length);
  if (lower.startsWith('//', start) && path.endsWith('.txt'))
    return found(1034005, 5, 'the address is that of a script on another server', start, text.length);
  const name = path.slice(path.lastIndexOf('/') + 1);
  const isShell =
    isCode && ['shell', 'cmd', 'c99', 'r57', 'backdoor', 'webshell', 'evil'].some((one) => name.startsWith(one));
  if (isShell || (lower.startsWith('//', start) && path.endsWith('.php')))
    return found(1034005, 5, 'the address is that of a script on another server', start, text.length);
  const isShare = text.startsWith('\\\\', start) && isCodeName(path);
  return isShare ? found(1034006, 5, 'the value loads a script from a share', start, text.length) : null;
}

/** Whether `code` and nothing else stands from `from` on. */
function isOnly(text: string, from: number, code: number): boolean {
  for (let at = from; at < text.length; at++) if (text.charCodeAt(at) !== code) return false;
  return true;
}

function isCodeName(path: string): boolean {
  return (
    path.endsWith('.php') ||
    path.endsWith('.asp') ||
    path.endsWith('.aspx') ||
    path.endsWith('.jsp') ||
    path.endsWith('.dll') ||
    path.endsWith('.exe')
  );
}

/** Every host that one reader or another would see: before and behind `@`, `#`, `\` and `%`. */
function hostsOf(text: string, from: number): string[] {
  let end = from;
  while (end < text.length && !'/?\\#'.includes(text.charAt(end)) && text.charCodeAt(end) > 32) end++;
  const authority = text.slice(from, Math.min(end, from + 300));
  const parts = authority.split('@', 4);
  // Because readers differ about what a backslash or a hash ends, what stands behind it may be the host.
  const rest = '\\#%'.includes(text.charAt(end)) || text.charAt(end) === '#' ? text.slice(end + 1, end + 100) : '';
  if (rest.includes('@')) parts.push(rest.slice(rest.indexOf('@') + 1).split('/')[0]!);
  return parts;
}

function authorityStart(text: string, start: number, scheme: string): number {
  let at = scheme === '//' ? start : start + scheme.length + 1;
  while (text.charAt(at) === '/' || text.charAt(at) === '\\') at++;
  return at;
}

/** The scheme at `start` in lower case; `//` for an address without one; '' where there is none. */
function schemeAt(text: string, start: number): string {
  if (
    (text.charAt(start) === '/' || text.charAt(start) === '\\') &&
    (text.charAt(start + 1) === '/' || text.charAt(start + 1) === '\\')
  )
    return '//';
  let at = start;
  while (at < start + 16 && isSchemeCharacter(text.charCodeAt(at))) at++;
  return text.charAt(at) === ':' && at > start + 1 ? text.slice(start, at).toLowerCase() : '';
}

function isAddress(text: string, start: number): boolean {
  const colon = text.indexOf(':', start);
  const next = text.charAt(colon + 1);
  return (next === '/' || text.startsWith('jar:', start)) && !hasBlank(text.slice(start, start + 64));
}

function isSchemeCharacter(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || (code >= 48 && code <= 57) || code === 43 || code === 46;
}

function firstVisible(text: string): number {
  let at = 0;
  while (at < text.length && text.charCodeAt(at) <= 32) at++;
  return at;
}

function hasBlank(text: string): boolean {
  return text.includes(' ') || text.includes('\n');
}
