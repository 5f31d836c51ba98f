// What `explain` is asked: an id, two endpoints, or a request that nobody sent; read from the arguments, strictly.

import { AddressReader } from '../base/address.ts';
import { isDigits } from '../base/address-faults.ts';
import { endpoint } from '../traffic/connection.ts';
import { type Arguments, UsageError } from './command.ts';

/** A request or connection that is only imagined. `from` and `to` are endpoints in text; what is missing is chosen. */
export interface Rehearsal {
  /** `address:port`. */
  readonly from?: string;
  /** `address:port` or `:port`, either with `/udp` behind it. */
  readonly to?: string;
  readonly method?: string;
  /** The request target; without it, only the connection is rehearsed. */
  readonly target?: string;
  readonly host?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

/** The port that somebody calls from whose port nobody named. */
const anyPort = 52_431;

export type Question =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'tuple'; readonly from: string; readonly to: string | null }
  | { readonly kind: 'rehearsal'; readonly rehearsal: Rehearsal };

/** Reads the question; throws `UsageError` where it is none. */
export function questionOf({ words, options }: Arguments): Question {
  const { get, from, to, journal } = options;
  for (const name of ['host', 'header', 'method', 'data'])
    if (get === undefined && options[name] !== undefined)
      throw new UsageError(`--${name} belongs to a request: say --get TARGET too`);
  const rehearses = get !== undefined || from !== undefined || to !== undefined;
  const [first, second, third] = words;
  if (third !== undefined) throw new UsageError(`"${third}" is one word too many`);
  if (rehearses && first !== undefined)
    throw new UsageError(`"${first}" asks for what happened, --get and --from for what would: ask one of them`);
  if (rehearses && journal !== undefined)
    throw new UsageError('--journal holds what happened, --get and --from ask for what would: ask one of them');
  if (rehearses) return { kind: 'rehearsal', rehearsal: rehearsalOf(options) };
  if (first === undefined) throw new UsageError('say what to explain: an id, FROM-IP:PORT, or --get TARGET');
  const peer = readEndpoint(first);
  if (peer === null) {
    if (second !== undefined) throw new UsageError(`"${first}" is no IP:PORT, and an id stands alone`);
    return { kind: 'id', id: first };
  }
  const local = second === undefined ? null : readTarget(second);
  if (second !== undefined && local === null)
    throw new UsageError(`"${second}" is no IP:PORT; write 192.0.2.1:443, [2001:db8::1]:443 or :443`);
  return { kind: 'tuple', from: peer, to: local };
}

function rehearsalOf(options: Arguments['options']): Rehearsal {
  const target = textOf(options.get);
  const host = textOf(options.host);
  const method = textOf(options.method);
  const body = textOf(options.data);
  const headers = headersOf(options.header);
  if (target === '') throw new UsageError("--get needs a target: --get '/users?id=1'");
  const from = callerOf({ options });
  const to = endpointOption('to', options.to, readCalled, ':443/tcp, or 192.0.2.1:443');
  return {
    ...(from === null ? {} : { from }),
    ...(to === null ? {} : { to }),
    ...(target === null ? {} : { target, method: method ?? (body === null ? 'GET' : 'POST'), headers }),
    ...(host === null ? {} : { host }),
    ...(body === null ? {} : { body }),
  };
}

/** The client that `--from` names, as an endpoint; null where it names none. Throws `UsageError` for anything else. */
export function callerOf({ options }: Pick<Arguments, 'options'>): string | null {
  return endpointOption('from', options.from, readCaller, '203.0.113.7:52431 or [2001:db8::7]:52431');
}

function textOf(option: Arguments['options'][string]): string | null {
  return typeof option === 'string' ? option : null;
}

function headersOf(option: Arguments['options'][string]): [string, string][] {
  const lines = Array.isArray(option) ? option : typeof option === 'string' ? [option] : [];
  return lines.map((line) => {
    const colon = line.indexOf(':');
    if (colon < 1) throw new UsageError(`--header "${line}" is no field; write --header 'Name: value'`);
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
}

function endpointOption(
  name: string,
  option: Arguments['options'][string],
  read: (text: string) => string | null,
  instead: string,
): string | null {
  const text = textOf(option);
  if (text === null) return null;
  const found = read(text);
  if (found === null) throw new UsageError(`--${name} "${text}" is no endpoint; write ${instead}`);
  return found;
}

/** `address:port` or an address alone, normalised; null for anything else. */
function readEndpoint(text: string): string | null {
  const reader = new AddressReader();
  if (reader.read(text) !== 0) return reader.print();
  const colon = text.lastIndexOf(':');
  const port = portOf(text.slice(colon + 1));
  const isBracketed = text.startsWith('[') && text[colon - 1] === ']';
  const isRead = colon > 0 && reader.read(text, isBracketed ? 1 : 0, isBracketed ? colon - 1 : colon) !== 0;
  if (!isRead || port === null || (!isBracketed && text.indexOf(':') !== colon)) return null;
  return endpoint(reader.print(), port);
}

/** An endpoint; an address alone calls from a port like any other. */
function readCaller(text: string): string | null {
  const found = readEndpoint(text);
  return found === null || new AddressReader().read(found) === 0 ? found : endpoint(found, anyPort);
}

/** `:port` or `address:port`. */
function readTarget(text: string): string | null {
  if (!text.startsWith(':')) return readEndpoint(text);
  const port = portOf(text.slice(1));
  return port === null ? null : `:${port}`;
}

/** The same with a port for sure, and perhaps `/tcp` (which is meant anyway) or `/udp` behind it. */
function readCalled(text: string): string | null {
  const slash = text.indexOf('/');
  const protocol = slash < 0 ? 'tcp' : text.slice(slash + 1).toLowerCase();
  const target = readTarget(slash < 0 ? text : text.slice(0, slash));
  if (target === null || new AddressReader().read(target) !== 0) return null;
  if (protocol === 'tcp') return target;
  return protocol === 'udp' ? `${target}/udp` : null;
}

function portOf(text: string): number | null {
  const port = isDigits(text) && text.length <= 5 ? Number(text) : -1;
  return port >= 0 && port <= 65535 ? port : null;
}
