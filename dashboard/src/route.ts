// Where in the dashboard somebody is: what stands behind `#`.

import { useEffect, useState } from 'preact/hooks';

/** The parts of the path, and the query behind it. */
export interface Route {
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

/** Reads `#/journeys/01X?client=192.0.2.1`. */
export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const parts = path.split('/').filter((part) => part !== '');
  return { parts: parts.map(decoded), query: new URLSearchParams(query) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Text as a part of a path; what is no Unicode is replaced, because encoding it would throw. */
export function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** A link to a place, with what is to be looked for. */
export function linkTo(path: string, query: Readonly<Record<string, string | number>> = {}): string {
  const words = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
  return `#/${path}${words === '' ? '' : `?${words}`}`;
}

/** Where somebody is, now and whenever that changes. */
export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const onChange = () => setHash(location.hash);
    window.addEventListener('hashchange', onChange);
    return () => window.removeEventListener('hashchange', onChange);
  }, []);
  return routeOf(hash);
}
