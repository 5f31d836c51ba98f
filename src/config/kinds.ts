// The kinds of values a setting can have. A kind's error message is what it expects, in words; `issues.ts` adds the rest.

import { isIP } from 'node:net';
import { z } from 'zod';
import { splitEndpoint } from '../traffic/connection.ts';
import { type Named, parseHost } from './endpoint.ts';
import { parseDuration, parseRate, parseSize, type Reading } from './units.ts';

/** What a kind tells `issues.ts` beside its expectation. */
export interface Detail {
  readonly says?: string;
  readonly instead?: string;
  readonly offset?: number;
}

/** A group of settings: unknown keys are errors, and a group that is left out has its defaults. */
export function group<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape, {
    // Because zod tells the unknown keys only, the known ones travel in the message.
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? Object.keys(shape).join(' ')
        : 'a group of settings, one `key: value` a line',
  });
}

/** A whole number from `min` to `max`. */
export function whole(min: number, max: number) {
  const error = `a whole number from ${grouped(min)} to ${grouped(max)}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A text of 1 to `maxLength` characters. */
export function text(expectation: string, maxLength = 1024) {
  return z.string({ error: expectation }).min(1, { error: expectation }).max(maxLength, { error: expectation });
}

/** A text of 1 to `maxLength` characters that nobody else should know: as it is, or in a file. */
export function secret(expectation: string, maxLength = 1024) {
  const file = text('a file name').describe('A file that holds it alone, and that others may not read.');
  return z.union([text(expectation, maxLength), group({ file })], { error: `${expectation}, or { file: NAME }` });
}

/** True or false; YAML's yes and no are texts (YAML 1.2). */
export function flag() {
  return z.boolean({ error: 'true or false' });
}

/** One of a few words. */
export function oneOf<const W extends readonly [string, ...string[]]>(...words: W) {
  return z.enum(words, { error: alternatives(words) });
}

/** A kind, or the word `off`, which is null. */
export function orOff<T extends z.ZodType>(kind: T, expectation: string) {
  const error = `${expectation}, or off`;
  return z
    .union([kind, z.literal('off', { error })], { error })
    .transform((value) => (value === 'off' ? null : value) as z.output<T> | null);
}

/** A list, of which one alone may be written without the list. */
export function oneOrMany<T extends z.ZodType>(kind: T, expectation: string) {
  return z
    .union([kind, z.array(kind)], { error: `${expectation}, or a list of them` })
    .transform((value) => (Array.isArray(value) ? value : [value]) as z.output<T>[]);
}

/** A list of one kind. */
export function list<T extends z.ZodType>(kind: T, expectation: string) {
  return z.array(kind, { error: expectation });
}

/** A duration from `min` to `max`, both as written, in milliseconds. */
export function duration(min: string, max: string) {
  const expectation = `a duration from ${min} to ${max}, such as 500ms, 30s or 10m`;
  const read = (written: string) =>
    within(parseDuration(written), amount(parseDuration(min)), amount(parseDuration(max)));
  return reading<string, number>(expectation, { type: 'string', examples: [min, max] }, (value) =>
    typeof value === 'number'
      ? { detail: { says: `${value} has no unit`, instead: `write ${value}s or ${value}ms` } }
      : read(String(value)),
  );
}

/** A size from `min` to `max`, both as written, in bytes; a plain number is bytes. */
export function size(min: string, max: string) {
  const expectation = `a size from ${min} to ${max}, such as 8KiB or 10MiB`;
  const [least, most] = [amount(parseSize(min)), amount(parseSize(max))];
  return reading<string | number, number>(expectation, { type: ['string', 'integer'], examples: [min, max] }, (value) =>
    within(
      typeof value === 'number' && Number.isSafeInteger(value) ? { value } : parseSize(String(value)),
      least,
      most,
    ),
  );
}

/** `500 per 10s`, as how many and the window in milliseconds. */
export function rate() {
  return reading<string, { limit: number; windowMs: number }>(
    'requests per time, such as 500 per 10s',
    { type: 'string', examples: ['500 per 10s', '10 per minute'] },
    (value) => fromReading(parseRate(String(value))),
  );
}

/** `ban 10m`, as the length in milliseconds. */
export function banFor() {
  return reading<string, number>(
    'ban and a duration, such as ban 10m',
    { type: 'string', examples: ['ban 10m'] },
    (value) => {
      const written = String(value).trim();
      if (!written.startsWith('ban ')) return { detail: { instead: 'write ban 10m' } };
      return within(parseDuration(written.slice(4).trim()), 1000, 366 * 86_400_000);
    },
  );
}

/** A short name that may stand in file names and in the kernel's sets. */
export function shortName() {
  const expectation = 'a name of 1 to 32 letters, digits, - and _';
  return reading<string, string>(expectation, { type: 'string', pattern: '^[a-z0-9_-]{1,32}$' }, (value) => {
    const name = String(value);
    const at = [...name].findIndex(
      (character) => !'abcdefghijklmnopqrstuvwxyz0123456789-_'.includes(character.toLowerCase()),
    );
    if (at >= 0) return { detail: { offset: at } };
    return name.length >= 1 && name.length <= 32 ? { value: name } : { detail: {} };
  });
}

/** The name of a site, in lower case. */
export function host() {
  return reading<string, string>(
    'a host such as example.com, *.example.com, or * for any',
    { type: 'string' },
    (value) => fromNamed(parseHost(String(value))),
  );
}

/** An IP address. */
export function ipAddress() {
  return reading<string, string>('an IP address such as 192.0.2.7', { type: 'string' }, (value) =>
    isIP(String(value)) === 0 ? { detail: {} } : { value: String(value).toLowerCase() },
  );
}

/** A DNS server: an address, with a port where it is not 53; in the form that c-ares takes. */
export function dnsServer() {
  const words = 'the address of a DNS server, such as 10.0.0.2 or 127.0.0.1:5353';
  return reading<string, string>(words, { type: 'string' }, (value) => {
    const written = String(value);
    if (isIP(written) !== 0) return { value: written };
    const { address, port } = splitEndpoint(written);
    const isRight = isIP(address) !== 0 && Number.isInteger(port) && port > 0 && port < 65_536;
    return isRight ? { value: written } : { detail: {} };
  });
}

/** A path prefix: begins with `/`, ends without one. */
export function pathPrefix() {
  return reading<string, string>('a path that begins with /', { type: 'string', pattern: '^/' }, (value) => {
    const path = String(value);
    if (!path.startsWith('/')) return { detail: { instead: `write /${path}` } };
    const odd = ['?', '#', '*', ' '].find((character) => path.includes(character));
    if (odd !== undefined)
      return {
        detail: {
          says: `a path prefix has no "${odd}"`,
          instead: 'write the beginning of a path, such as /api',
          offset: path.indexOf(odd),
        },
      };
    let end = path.length;
    while (end > 1 && path[end - 1] === '/') end--;
    return { value: path.slice(0, end) };
  });
}

/** What a reader gives: the value, or what to say about it. */
export type Found<T> = { readonly value: T } | { readonly detail: Detail };

/** A kind read by hand from a scalar. */
export function reading<I extends string | number | boolean, O>(
  expectation: string,
  json: Record<string, unknown>,
  read: (value: I) => Found<O>,
) {
  const types = [json.type].flat();
  return (
    z
      // Because a number where words are expected gets a better answer from the reader than from the kind.
      .custom<I>((value) => typeof value === 'number' || types.includes(typeof value), { error: expectation })
      .transform((value, context): O => {
        const found = read(value);
        if ('value' in found) return found.value;
        context.issues.push({ code: 'custom', input: value, message: expectation, params: found.detail });
        return z.NEVER;
      })
      .meta(json)
  );
}

/** A reading whose value lies between `min` and `max`, or what is wrong with it. */
export function within(found: Reading<number>, min: number, max: number): Found<number> {
  if (!('value' in found)) return fromReading(found);
  return found.value >= min && found.value <= max ? found : { detail: {} };
}

function fromReading<T>(found: Reading<T>): Found<T> {
  return 'value' in found ? found : { detail: { says: found.says, offset: found.offset } };
}

/** What `endpoint.ts` read, or what it says. */
export function fromNamed<T>(found: Named<T>): Found<T> {
  return 'value' in found ? found : { detail: found };
}

function amount(found: Reading<number>): number {
  return 'value' in found ? found.value : Number.NaN;
}

function alternatives(words: readonly string[]): string {
  if (words.length === 1) return words[0]!;
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** `1,000`: people read numbers in threes. */
function grouped(number: number): string {
  return number.toLocaleString('en-US');
}
