// Reads the values that rules ask for by name: header fields, cookies, arguments of the query.

import { formFields } from '../base/form-fields.ts';
import type { Exchange } from '../traffic/exchange.ts';

/** Values of one name that are looked at; whoever sends more hides nothing behind them that the WAF does not see. */
const maxValues = 32;

/** Every value of a header field; `name` is lower case. */
export function readHeader({ headers }: Exchange, name: string): readonly string[] {
  return headers.all(name).slice(0, maxValues);
}

/** Every value of a cookie, as it came (RFC 6265 4.2.1). */
export function readCookies({ headers }: Exchange, name: string): readonly string[] {
  const found: string[] = [];
  for (const line of headers.all('cookie'))
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=');
      if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
      found.push(pair.slice(equals + 1).trim());
      if (found.length === maxValues) return found;
    }
  return found;
}

/** Every value of an argument of the query, decoded as forms are. */
export function readArguments({ query }: Exchange, name: string): readonly string[] {
  return formFields(query, name, maxValues);
}
