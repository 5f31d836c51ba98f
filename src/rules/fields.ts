// What rules may ask of a request: each field with its type, what it says, and how it is read. Adding a field is one row here.

import type { Exchange } from '../traffic/exchange.ts';
import { readArguments, readCookies, readHeader } from './values.ts';

/** What kind of values a field has, and so what it may be compared with. */
export type FieldType = 'address' | 'text' | 'number' | 'flag';

/** Where addresses are at home; '' where nobody knows. */
export interface Geography {
  country(address: string): string;
  network(address: string): string;
}

/** What reading may need beside the exchange. */
export interface FieldTools {
  readonly geography: Geography;
}

/**
 * One field. `read` gives all values that a request has of it: none, one, or several (a header that came twice). `name` is
 * what stands behind fields that want one, lower case for headers.
 */
export interface Field {
  readonly type: FieldType;
  /** Whether a name follows, as behind `header`. */
  readonly named: boolean;
  /** The database that it needs, or ''. */
  readonly database: '' | 'country' | 'asn';
  readonly says: string;
  read(exchange: Exchange, name: string, tools: FieldTools): readonly (string | number)[];
}

const none: readonly string[] = Object.freeze([]);

function text(says: string, read: (exchange: Exchange) => string): Field {
  return { type: 'text', named: false, database: '', says, read: (exchange) => present(read(exchange)) };
}

function present(value: string): readonly string[] {
  return value === '' ? none : [value];
}

function located(
  says: string,
  database: 'country' | 'asn',
  read: (exchange: Exchange, tools: FieldTools) => string,
): Field {
  return { type: 'text', named: false, database, says, read: (exchange, _, tools) => present(read(exchange, tools)) };
}

function named(says: string, read: (exchange: Exchange, name: string) => readonly string[]): Field {
  return { type: 'text', named: true, database: '', says, read };
}

function address(says: string, read: (exchange: Exchange) => string): Field {
  return { type: 'address', named: false, database: '', says, read: (exchange) => [read(exchange)] };
}

function number(says: string, read: (exchange: Exchange) => number): Field {
  const readKnown = (exchange: Exchange) => {
    const value = read(exchange);
    return value < 0 ? [] : [value];
  };
  return { type: 'number', named: false, database: '', says, read: readKnown };
}

/** Every field by its word. */
export const fields: Readonly<Record<string, Field>> = Object.freeze({
  client: address('who the client is, whom trusted proxies vouch for included', ({ client }) => client),
  peer: address('who is on the socket', ({ connection }) => connection.peer),
  country: located('the country of the client, such as DE', 'country', ({ client }, { geography }) =>
    geography.country(client),
  ),
  asn: located('the network of the client, such as AS64496', 'asn', ({ client }, { geography }) =>
    geography.network(client),
  ),
  method: text('the method', ({ method }) => method),
  host: text('the host, lower case, without port', ({ host }) => host),
  path: text('the path as an application reads it: decoded, dots resolved', ({ placingPath }) => placingPath),
  query: text('the query as it came, without its question mark', ({ query }) => query),
  target: text('the target as it came', ({ target }) => target),
  version: text('the version of HTTP: 1.0, 1.1 or 2.0', ({ version }) => version),
  port: number('the port of the gate', ({ connection }) => connection.localPort),
  length: number('the length of the body that is announced, in bytes', ({ bodyLength }) => bodyLength),
  tls: {
    type: 'flag',
    named: false,
    database: '',
    says: 'whether the connection is encrypted',
    read: ({ connection }) => [connection.secure ? 1 : 0],
  },
  ja4: text('what kind of TLS client it is, as JA4', ({ connection }) => connection.tls?.ja4 ?? ''),
  sni: text('the name that the TLS client asked for', ({ connection }) => connection.tls?.sni ?? ''),
  'verified-bot': text('the robot of `bots.verified` that it is, as the DNS confirms', ({ bot, botStanding }) =>
    botStanding === 'verified' ? bot : '',
  ),
  'false-bot': text('the robot of `bots.verified` that it says to be and is not', ({ bot, botStanding }) =>
    botStanding === 'false' ? bot : '',
  ),
  header: named('a header field', readHeader),
  cookie: named('a cookie', readCookies),
  argument: named('an argument of the query, decoded', readArguments),
});
