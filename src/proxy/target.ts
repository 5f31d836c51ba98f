// Where an upstream is and how it is spoken to, as a connection to it needs to know.

import type { SecureContext } from 'node:tls';

/** How connections to an upstream are secured; made once for all of them. */
export interface TargetTls {
  readonly context: SecureContext;
  /** The name that is asked for (SNI) and that the certificate must have. */
  readonly serverName: string;
  /** False only where a person wrote so by name. */
  readonly isVerified: boolean;
}

/** An upstream endpoint. */
export interface Target {
  /** As its owner wrote it, in one spelling: `localhost:3000`, `https://api.example:443`, `unix:/run/app.sock`. */
  readonly url: string;
  /** `auto`: what is agreed on under TLS. */
  readonly protocol: 'h1' | 'h2' | 'auto';
  /** Name or address without brackets; '' for a Unix socket. */
  readonly host: string;
  readonly port: number;
  /** Path of a Unix socket, or ''. */
  readonly socketPath: string;
  readonly tls: TargetTls | null;
  /** Version of the PROXY header that connections begin with; 0 for none. A connection then belongs to one client connection. */
  readonly proxyVersion: 0 | 1 | 2;
}

/** What a connection is called in sentences: the endpoint as written, and the address where its name has several. */
export function labelOf({ url }: Target, addresses: readonly string[]): string {
  return addresses.length === 1 && !url.includes(addresses[0]!) ? `${url} (${addresses[0]})` : url;
}
