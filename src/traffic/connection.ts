// A connection: one accepted socket, known by its 4-tuple, as plain data. No socket in here.

/** Who a client is by its certificate. `subject` is printable ASCII, `fingerprint` SHA-256 in hex, `der` the certificate in base64. */
export interface ClientIdentity {
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  readonly fingerprint: string;
  readonly notAfter: string;
  readonly der: string;
}

/** Facts of a TLS session. `cipher` is the IANA name, `alpn` '' where none was agreed, `group` the key exchange or '', `ja4` what kind of client
 * the ClientHello is typical of. */
export interface TlsFacts {
  readonly version: string;
  readonly cipher: string;
  readonly alpn: string;
  readonly sni: string;
  readonly resumed: boolean;
  readonly group: string;
  readonly ja4: string;
  /** The certificate that the client showed, which is good; null for none. */
  readonly client: ClientIdentity | null;
  /** Which rules for client certificates the connection was made under, '' for none: sites with others are not served on it. */
  readonly clientPolicy: string;
}

/** Where a connection is in its life. */
export type Stage = 'accepted' | 'handshake' | 'idle' | 'reading' | 'waiting' | 'answering' | 'tunnel' | 'closing';

/** One accepted connection. Addresses are normalised text (`::ffff:` never appears). Times are ms since 1970. */
export class Connection {
  readonly number: number;
  readonly peer: string;
  readonly peerPort: number;
  readonly local: string;
  readonly localPort: number;
  /** The listener as its owner wrote it: `:443 tls`. */
  readonly listener: string;
  readonly secure: boolean;
  readonly openedAt: number;
  /** Who announced `peer` in a PROXY header, as `address:port`, or '' where `peer` is on the socket itself. */
  via = '';
  /** What the table of live connections knows it by, or '' where it has no row. */
  row = '';
  /** Version of that header, or 0. */
  viaVersion: 0 | 1 | 2 = 0;
  /** The firewall rule that admitted or refused it. Set once, before anything is read. */
  firewallAction: 'ALLOW' | 'DENY' = 'ALLOW';
  /** Number of the rule from 1, or 0 for the default. */
  firewallRule = 0;
  firewallDescription = '';
  /** `file:line` of the rule, or ''. */
  firewallAt = '';
  firewallMicroseconds = 0;
  stage: Stage = 'accepted';
  tls: TlsFacts | null = null;
  tlsMicroseconds = 0;
  requests = 0;
  bytesIn = 0;
  bytesOut = 0;
  lastActiveAt: number;
  /** Why it ended (`station/reason`), or '' while it lives and where it ended in peace. */
  endedWhy = '';
  /** The status it was ended with where what came was no request, or 0. */
  endedStatus = 0;

  constructor(
    number: number,
    peer: string,
    peerPort: number,
    local: string,
    localPort: number,
    listener: string,
    secure: boolean,
    openedAt: number,
  ) {
    this.number = number;
    this.peer = peer;
    this.peerPort = peerPort;
    this.local = local;
    this.localPort = localPort;
    this.listener = listener;
    this.secure = secure;
    this.openedAt = openedAt;
    this.lastActiveAt = openedAt;
  }
}

/** `address:port`, an IPv6 address in brackets. */
export function endpoint(address: string, port: number): string {
  return `${bracketed(address)}:${port}`;
}

/** An address as it stands before a port or in a URL: an IPv6 address in brackets. */
export function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** What `endpoint` put together: address or name without brackets ('' where there is none), and port (NaN where it is no number). */
export function splitEndpoint(text: string): { address: string; port: number } {
  const colon = text.lastIndexOf(':');
  const address = text.slice(0, Math.max(0, colon));
  const isBracketed = address.startsWith('[') && address.endsWith(']');
  return { address: isBracketed ? address.slice(1, -1) : address, port: Number(text.slice(colon + 1)) };
}
