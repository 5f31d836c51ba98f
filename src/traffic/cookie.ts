// Reads one cookie of a request without making lists of all.

import type { Exchange } from './exchange.ts';

/** The value of the request's cookie `name`, '' where there is none; the first of several (RFC 6265 5.4: the more specific). */
export function cookieOf({ headers }: Pick<Exchange, 'headers'>, name: string): string {
  const { names, values } = headers;
  for (let index = names.indexOf('cookie'); index >= 0; index = names.indexOf('cookie', index + 1)) {
    const text = values[index]!;
    for (let from = 0; from < text.length; ) {
      while (text.charCodeAt(from) === 0x20) from++;
      const semicolon = text.indexOf(';', from);
      const end = semicolon < 0 ? text.length : semicolon;
      const value = from + name.length + 1;
      if (value <= end && text.charCodeAt(value - 1) === 0x3d && text.startsWith(name, from))
        return text.slice(value, end);
      from = end + 1;
    }
  }
  return '';
}
