// The database behind `@geoLookup`: where an address is, in the words of SecLang's GEO. Whoever counts by country has an atlas.

import { readFileSync, statSync } from 'node:fs';
import type { CityResponse, Reader } from 'mmdb-lib';
import { Bounded } from '../base/bounded.ts';
import { openMmdb } from './open-mmdb.ts';

/** What is known of an address, by the names of GEO's members; null where the database does not have it. */
export type GeoLookup = (address: string) => readonly (readonly [name: string, value: string])[] | null;

/** Longest database that is read, in bytes: the largest free one has about 60 MiB. */
const maxBytes = 256 * 1024 * 1024;
/** Answers that are remembered: a look-up walks up to 128 bits and reads a dozen texts. */
const remembered = 1024;

/** Opens a file in MaxMind's format, or says what is wrong with it. */
export function openGeoLookup(path: string): GeoLookup | { readonly says: string; readonly instead: string } {
  const instead = 'name a file in MaxMind DB format (.mmdb) that the gate may read; the older .dat has no reader here';
  let reader: Reader<CityResponse>;
  try {
    if (statSync(path).size > maxBytes) return { says: `${path} has more than ${maxBytes} bytes`, instead };
    reader = openMmdb<CityResponse>(readFileSync(path));
  } catch (error) {
    return { says: `${path} is no database of addresses: ${(error as Error).message}`, instead };
  }
  const known = new Bounded<string, ReturnType<GeoLookup>>(remembered);
  return (address) => {
    const before = known.get(address);
    if (before !== undefined) return before;
    const found = membersOf(reader, address);
    known.set(address, found);
    return found;
  };
}

function membersOf(reader: Reader<CityResponse>, address: string): ReturnType<GeoLookup> {
  try {
    const record = reader.get(address);
    return record === null ? null : [...members(record)];
  } catch {
    // No address, or a damaged record: nowhere, like any that the database does not know.
    return null;
  }
}

/** The members that the record has, as libmodsecurity names them. */
function* members(record: CityResponse): Generator<readonly [string, string]> {
  const { continent, city, location, postal } = record;
  const country = record.country ?? record.registered_country;
  const all: readonly (readonly [string, unknown])[] = [
    ['COUNTRY_CODE', country?.iso_code],
    ['COUNTRY_NAME', country?.names?.en],
    ['COUNTRY_CONTINENT', continent?.code],
    ['REGION', record.subdivisions?.[0]?.iso_code],
    ['CITY', city?.names?.en],
    ['POSTAL_CODE', postal?.code],
    ['LATITUDE', location?.latitude],
    ['LONGITUDE', location?.longitude],
  ];
  for (const [name, value] of all)
    if (typeof value === 'string' || typeof value === 'number')
      // Because rules see bytes, one character each.
      yield [name, Buffer.from(String(value)).toString('latin1')];
}
