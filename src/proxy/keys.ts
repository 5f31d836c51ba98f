// What a hash goes by: who the client is, what is asked for, or a header or a cookie of the request.

import { cookieOf } from '../traffic/cookie.ts';
import type { Exchange } from '../traffic/exchange.ts';
import { hashText } from './rendezvous.ts';

/** Reads the key of a request, 32 bits. A header or cookie that is missing says nothing: then the client is the key. */
export function keyReader(by: string): (exchange: Exchange) => number {
  const colon = by.indexOf(':');
  const name = by.slice(colon + 1);
  switch (by.slice(0, Math.max(0, colon)) || by) {
    case 'url':
      return ({ path, query }) => hashText(query === '' ? path : `${path}?${query}`);
    case 'header':
      return (exchange) => hashText(exchange.headers.get(name.toLowerCase()) || exchange.client);
    case 'cookie':
      return (exchange) => hashText(cookieOf(exchange, name) || exchange.client);
    default:
      return ({ client }) => hashText(client);
  }
}
