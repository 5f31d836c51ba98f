// Which network a host belongs to, whatever its spelling: decimal, octal, hexadecimal, short, mapped IPv6, and names that lead inside.

/** Where a host leads. `isHidden`: its spelling is one that nobody uses for an address. */
export interface Network {
  readonly kind: 'loopback' | 'private' | 'metadata' | 'listener' | 'public';
  readonly isHidden: boolean;
  readonly text: string;
}

const metadataNames: ReadonlySet<string> = new Set([
  'metadata.google.internal',
  'metadata',
  'instance-data',
  'rancher-metadata',
  'metadata.azure.internal',
  'metadata.tencentyun.com',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
]);
const loopbackNames: ReadonlySet<string> = new Set([
  'localhost',
  'localhost.localdomain',
  'localhost6',
  'ip6-localhost',
  'ip6-loopback',
]);
/** Domains that no public name server knows: of clusters, offices and machines beside this one. */
const innerDomains: readonly string[] = [
  ...['.internal', '.local', '.localdomain', '.corp', '.lan', '.intranet', '.home.arpa', '.consul', '.svc', '.private'],
];
/** Services that tell their users who called an address of theirs. */
const listeners: readonly string[] = [
  ...['.oast.fun', '.oast.pro', '.oast.live', '.oast.site', '.oast.online', '.oast.me', '.oast.us', '.oastify.com'],
  ...['.burpcollaborator.net', '.interact.sh', '.interactsh.com', '.dnslog.cn', '.ceye.io', '.bxss.me', '.xss.ht'],
];
/** Services whose names hold the address they lead to. */
const wildcards: readonly string[] = [
  '.nip.io',
  '.sslip.io',
  '.xip.io',
  '.localtest.me',
  '.lvh.me',
  '.vcap.me',
  '.rbndr.us',
  '.1u.ms',
];

/** The network of a host as it stands in an address, its port allowed behind it; null for a name or address outside. */
export function networkOf(host: string): Network | null {
  const text = plain(host);
  if (text === '') return null;
  if (text.startsWith('[')) return sixOf(text.slice(1, text.indexOf(']') < 0 ? text.length : text.indexOf(']')));
  const name = withoutPort(text);
  if (metadataNames.has(name)) return { kind: 'metadata', isHidden: false, text: name };
  if (loopbackNames.has(name) || name.endsWith('.localhost')) return { kind: 'loopback', isHidden: false, text: name };
  if (name === 'localtest.me' || name === 'lvh.me') return { kind: 'loopback', isHidden: true, text: name };
  const wildcard = wildcards.find((ending) => name.endsWith(ending));
  if (wildcard !== undefined) return inner(name.slice(0, -wildcard.length), name);
  if (name === 'unix' || name.startsWith('unix:')) return { kind: 'private', isHidden: true, text: name };
  if (innerDomains.some((ending) => name.endsWith(ending))) return { kind: 'private', isHidden: false, text: name };
  if (listeners.some((ending) => name.endsWith(ending))) return { kind: 'listener', isHidden: false, text: name };
  const four = fourOf(name);
  if (four !== null) return four;
  // Because `0000::1` without brackets is taken by lenient readers.
  if (!text.includes('::')) return null;
  const bare = text.split('/')[0]!;
  return sixOf(bare) ?? sixOf(bare.slice(0, bare.lastIndexOf(':')));
}

/** A name of one part, which only a name server inside knows: `redis`, `backend:5000`; null for any other. */
export function serviceOf(host: string): Network | null {
  const name = withoutPort(plain(host));
  if (name.length < 2 || !isLetterCode(name.charCodeAt(0))) return null;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (!isLetterCode(code) && !(code >= 48 && code <= 57) && code !== 45) return null;
  }
  return { kind: 'private', isHidden: false, text: name };
}

function isLetterCode(code: number): boolean {
  return code >= 97 && code <= 122;
}

/** Lower case, ideographic dots as dots, the last dot dropped, NUL and what is behind it cut off. */
function plain(host: string): string {
  let text = host.toLowerCase().replaceAll('。', '.').replaceAll('．', '.').replaceAll('｡', '.');
  const nul = text.indexOf('\0');
  if (nul >= 0) text = text.slice(0, nul);
  const percent = text.indexOf('%');
  return percent > 0 ? text.slice(0, percent) : text;
}

function withoutPort(text: string): string {
  const colon = text.indexOf(':');
  const name = colon < 0 || text.startsWith('unix:') ? text : text.slice(0, colon);
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

/** A name that holds an address: `127.0.0.1.nip.io`, `127-0-0-1.sslip.io`. */
function inner(label: string, name: string): Network {
  const dotted = label.replaceAll('-', '.').split('.').slice(-4).join('.');
  const four = fourOf(dotted);
  return { kind: four?.kind ?? 'private', isHidden: true, text: name };
}

/** An IPv4 address in any spelling that inet_aton takes: one to four parts, decimal, octal or hexadecimal. */
function fourOf(name: string): Network | null {
  const parts = name.split('.', 5);
  if (parts.length > 4) return null;
  let address = 0;
  let isHidden = parts.length < 4;
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index]!;
    const value = numberOf(part);
    if (value < 0) return null;
    const isLast = index === parts.length - 1;
    if (value >= (isLast ? 256 ** (5 - parts.length) : 256)) return null;
    if (part.length > 1 && part.startsWith('0')) isHidden = true;
    address += isLast ? value : value * 256 ** (3 - index);
  }
  if (name === '0') return { kind: 'loopback', isHidden: true, text: name };
  // Because a number alone is a number, unless it is as large as addresses are.
  if (parts.length === 1 && !name.startsWith('0x') && address < 0x1000000) return null;
  const kind = kindOf(address);
  return kind === 'public' && !isHidden
    ? null
    : { kind, isHidden: isHidden && (kind !== 'public' || parts.length === 1), text: name };
}

/** The value of a decimal, octal or hexadecimal part, or -1. */
function numberOf(part: string): number {
  if (part === '' || part.length > 14) return -1;
  const isHex = part.startsWith('0x');
  const base = isHex ? 16 : part.length > 1 && part.startsWith('0') ? 8 : 10;
  let value = 0;
  for (let at = isHex ? 2 : 0; at < part.length; at++) {
    const digit = digitOf(part.charCodeAt(at));
    if (digit < 0 || digit >= base) return -1;
    value = value * base + digit;
  }
  return isHex && part.length === 2 ? -1 : value;
}

function digitOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : -1;
}

function kindOf(address: number): Network['kind'] {
  const first = Math.floor(address / 0x1000000);
  const second = Math.floor(address / 0x10000) & 255;
  if (first === 169 && second === 254) return 'metadata';
  if (address === 0x64_64_64_c8 || address === 0xc0_00_00_c0) return 'metadata';
  if (first === 127 || first === 0) return 'loopback';
  if (first === 10 || (first === 172 && second >= 16 && second < 32) || (first === 192 && second === 168))
    return 'private';
  return 'public';
}

/** An IPv6 address: loopback, any, link-local, unique local, and IPv4 inside. */
function sixOf(text: string): Network | null {
  const groups = text.split(':');
  if (groups.length < 3 || groups.length > 9) return null;
  const last = groups.at(-1)!;
  const mapped = last.includes('.') ? fourOf(last) : mappedOf(groups);
  const lead = groups.slice(0, -1).every((group) => group === '' || group === 'ffff' || isZero(group));
  if (lead && last.includes('.')) return { kind: mapped?.kind ?? 'public', isHidden: true, text };
  if (mapped !== null) return { kind: mapped.kind, isHidden: true, text };
  const first = groups[0]!;
  if (
    groups.slice(0, -1).every((group) => group === '' || isZero(group)) &&
    (last === '' || isZero(last) || Number.parseInt(last, 16) === 1)
  )
    return { kind: 'loopback', isHidden: false, text };
  if (text.startsWith('fd00:ec2:')) return { kind: 'metadata', isHidden: false, text };
  const isInner =
    first.startsWith('fe8') ||
    first.startsWith('fe9') ||
    first.startsWith('fea') ||
    first.startsWith('feb') ||
    (first.length === 4 && (first.startsWith('fc') || first.startsWith('fd')));
  return isInner ? { kind: 'private', isHidden: false, text } : null;
}

/** `::ffff:7f00:1` as IPv4. */
function mappedOf(groups: readonly string[]): Network | null {
  // Because a gateway of NAT64 leads to the address behind its prefix.
  const isTranslated = groups[0] === '64' && groups[1] === 'ff9b' && groups.length > 3;
  const at = isTranslated ? groups.length - 3 : groups.lastIndexOf('ffff');
  if (at < 0 || at !== groups.length - 3) return null;
  const high = Number.parseInt(groups[at + 1]!, 16);
  const low = Number.parseInt(groups[at + 2]!, 16);
  if (!(high >= 0 && high < 65536 && low >= 0 && low < 65536)) return null;
  return { kind: kindOf(high * 65536 + low), isHidden: true, text: groups.join(':') };
}

function isZero(group: string): boolean {
  for (let at = 0; at < group.length; at++) if (group.charCodeAt(at) !== 48) return false;
  return group !== '';
}
