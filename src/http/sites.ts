// Which site a request belongs to: by host name (exact, then wildcard, then any), then by the longest path prefix.

/** The part of a site's settings that places requests. */
export interface SitePlace {
  readonly hosts: readonly string[];
  readonly path: string;
}

/** Sites of one host, longest path first. */
type Branch = { readonly path: string; readonly index: number }[];

/** The table of sites. `place` gives the site's index, or -1. */
export class Sites {
  #exact = new Map<string, Branch>();
  #wildcard = new Map<string, Branch>();
  #any: Branch = [];

  constructor(sites: readonly SitePlace[]) {
    sites.forEach((site, index) => {
      for (const host of site.hosts) {
        const entry = { path: withoutSlash(site.path), index };
        if (host === '*') this.#any.push(entry);
        else if (host.startsWith('*.')) append(this.#wildcard, host.slice(2).toLowerCase(), entry);
        else append(this.#exact, host.toLowerCase(), entry);
      }
    });
    for (const branch of [...this.#exact.values(), ...this.#wildcard.values(), this.#any])
      branch.sort((a, b) => b.path.length - a.path.length);
  }

  /** `host` in lower case without port, '' where a 1.0 request named none; `path` as `placingPath` gives it. */
  place(host: string, path: string): number {
    const exact = this.#exact.get(host);
    if (exact !== undefined) {
      const index = longest(exact, path);
      if (index >= 0) return index;
    }
    if (this.#wildcard.size > 0) {
      const dot = host.indexOf('.');
      const branch = dot < 0 ? undefined : this.#wildcard.get(host.slice(dot + 1));
      const index = branch === undefined ? -1 : longest(branch, path);
      if (index >= 0) return index;
    }
    return longest(this.#any, path);
  }
}

function append(map: Map<string, Branch>, host: string, entry: Branch[number]): void {
  const branch = map.get(host);
  if (branch === undefined) map.set(host, [entry]);
  else branch.push(entry);
}

function longest(branch: Branch, path: string): number {
  for (const { path: prefix, index } of branch) if (isUnder(path, prefix)) return index;
  return -1;
}

/** Does `path` lie under `prefix`, on a segment boundary? `prefix` has no slash at its end ('' is the root). */
export function isUnder(path: string, prefix: string): boolean {
  return (
    path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 47 || prefix === '')
  );
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
