// Who may be talking to the admin station at all: requests that name it by its own name, from pages that it served itself.

/** How a request introduces itself. */
export interface Introduction {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`, which browsers send and pages cannot forge. */
  readonly fetchSite: string | undefined;
}

/** Names that the station answers to. */
export interface OwnNames {
  readonly address: string;
  readonly port: number;
  /** Further names, in lower case. */
  readonly hosts: readonly string[];
}

/**
 * Why a request is refused before anything else is looked at, or null. A page of another site that made its name resolve to the
 * loopback (DNS rebinding) is known by the name that its browser sends in Host.
 */
export function introductionFault({ host, origin, fetchSite }: Introduction, own: OwnNames): string | null {
  if (host === undefined || !isOwnHost(host, own)) return 'this station is not served under that name';
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none')
    return 'the request comes from a page of another site';
  if (origin !== undefined && !isOwnOrigin(origin, own)) return 'the request comes from a page of another site';
  return null;
}

function isOwnHost(written: string, { address, port, hosts }: OwnNames): boolean {
  const host = written.toLowerCase();
  const bracketed = address.includes(':') ? `[${address}]` : address;
  return [bracketed, 'localhost', ...hosts].some(
    (name) => host === `${name}:${port}` || (port === 80 && host === name),
  );
}

function isOwnOrigin(origin: string, own: OwnNames): boolean {
  const prefix = 'http://';
  return origin.toLowerCase().startsWith(prefix) && isOwnHost(origin.slice(prefix.length), own);
}
