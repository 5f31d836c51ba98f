// Where addresses are at home: countries and networks from databases in MaxMind's format, which their owner brings. Who is counted by
// them, `rates` knows.

import type { AsnResponse, CountryResponse, Reader, Response } from 'mmdb-lib';
import { Bounded } from '../base/bounded.ts';
import { type Built, built, failed, type Path, type Problem } from '../base/problem.ts';
import { openMmdb } from './open-mmdb.ts';
import { ruleFiles } from './rule-files.ts';
import type { GeographySettings } from './settings.ts';

/** Answers that are remembered for each database: a look-up walks up to 128 bits. */
const remembered = 4096;

/** Countries (ISO 3166-1 alpha-2) and networks (`AS64496`) of addresses, `''` where no database knows; and which databases there are. */
export class Atlas {
  readonly databases: ReadonlySet<string>;
  readonly #countries: Reader<CountryResponse> | null;
  readonly #networks: Reader<AsnResponse> | null;
  readonly #countryOf = new Bounded<string, string>(remembered);
  readonly #networkOf = new Bounded<string, string>(remembered);

  constructor(countries: Reader<CountryResponse> | null, networks: Reader<AsnResponse> | null) {
    this.#countries = countries;
    this.#networks = networks;
    this.databases = new Set([...(countries === null ? [] : ['country']), ...(networks === null ? [] : ['asn'])]);
  }

  country(address: string): string {
    return this.#answer(this.#countryOf, address, this.#countries, countryIn);
  }

  network(address: string): string {
    return this.#answer(this.#networkOf, address, this.#networks, networkIn);
  }

  #answer<R extends Response>(
    known: Bounded<string, string>,
    address: string,
    reader: Reader<R> | null,
    read: (record: R) => string,
  ): string {
    if (reader === null) return '';
    const before = known.get(address);
    if (before !== undefined) return before;
    let answer = '';
    try {
      const record = reader.get(address);
      if (record !== null) answer = read(record);
    } catch {
      // A damaged record: the address is then nowhere, like any that the database does not know.
    }
    known.set(address, answer);
    return answer;
  }
}

/** Opens the databases that are named, or says which cannot be; paths begin at the root of the settings. */
export function openAtlas(settings: GeographySettings): Built<Atlas> {
  const problems: Problem[] = [];
  const countries = open<CountryResponse>(settings.country, 'country', problems);
  const networks = open<AsnResponse>(settings.asn, 'asn', problems);
  return problems.length > 0 ? failed(problems) : built(new Atlas(countries, networks));
}

function open<R extends Response>(file: string | null, word: 'country' | 'asn', problems: Problem[]): Reader<R> | null {
  if (file === null) return null;
  const path: Path = ['geography', word];
  const bytes = ruleFiles.read(file);
  if (bytes === null) {
    const instead = 'the name of a file in MaxMind DB format of at most 32 MiB that this user may read';
    problems.push({ path, code: 'rates/no-such-database', says: `${file} cannot be read`, instead });
    return null;
  }
  try {
    return openMmdb<R>(Buffer.from(bytes, 'latin1'));
  } catch (error) {
    const says = `${file} is no database of addresses: ${(error as Error).message}`;
    problems.push({ path, code: 'rates/bad-database', says, instead: 'a whole file in MaxMind DB format (.mmdb)' });
    return null;
  }
}

function countryIn({ country, registered_country: registered }: CountryResponse): string {
  const code: unknown = country?.iso_code ?? registered?.iso_code;
  return typeof code === 'string' ? code : '';
}

function networkIn({ autonomous_system_number: number }: AsnResponse): string {
  return typeof number === 'number' ? `AS${number}` : '';
}
