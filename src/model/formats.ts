// Formats of JSON Schema and OpenAPI that are compared, by hand in one pass each; null for those that say nothing about a value here.

import { AddressReader } from '../base/address.ts';

type Test = (value: unknown) => boolean;

function text(isSo: (value: string) => boolean): Test {
  return (value) => typeof value !== 'string' || isSo(value);
}

function whole(most: number): Test {
  return (value) => typeof value !== 'number' || (Number.isInteger(value) && value >= -most - 1 && value <= most);
}

/** Every format by its name. */
export const formats: Readonly<Record<string, Test | null>> = Object.freeze({
  int32: whole(2 ** 31 - 1),
  int64: (value: unknown) => typeof value !== 'number' || Number.isInteger(value),
  float: null,
  double: null,
  byte: text((value) => [...value].every((character) => isLetterOrDigit(character) || '+/='.includes(character))),
  binary: null,
  password: null,
  date: text(isDate),
  'date-time': text(
    (value) => isDate(value.slice(0, 10)) && 'Tt '.includes(value[10] ?? 'x') && !Number.isNaN(Date.parse(value)),
  ),
  uuid: text(
    (value) =>
      value.length === 36 &&
      [...value].every((one, index) => ([8, 13, 18, 23].includes(index) ? one === '-' : isHex(one))),
  ),
  email: text(
    (value) =>
      value.length <= 254 &&
      value.lastIndexOf('@') > 0 &&
      value.lastIndexOf('@') < value.length - 1 &&
      !value.includes(' '),
  ),
  ipv4: text((value) => new AddressReader().read(value) === 4),
  ipv6: text((value) => value.includes(':') && new AddressReader().read(value) > 0),
  hostname: text(
    (value) =>
      value.length > 0 &&
      value.length <= 253 &&
      [...value].every((one) => isLetterOrDigit(one) || one === '-' || one === '.'),
  ),
  uri: null,
  'uri-reference': null,
  regex: null,
});

function isDate(value: string): boolean {
  if (value.length !== 10 || value[4] !== '-' || value[7] !== '-') return false;
  const time = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
}

function isLetterOrDigit(character: string): boolean {
  return (
    (character >= '0' && character <= '9') ||
    (character >= 'a' && character <= 'z') ||
    (character >= 'A' && character <= 'Z')
  );
}

function isHex(character: string): boolean {
  return (
    (character >= '0' && character <= '9') ||
    (character >= 'a' && character <= 'f') ||
    (character >= 'A' && character <= 'F')
  );
}
