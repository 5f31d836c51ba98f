// Where addresses are, in the words of SecLang's GEO, from a file in MaxMind's format.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { mmdb } from '../../test/mmdb.ts';
import { openGeoLookup } from './geo-lookup.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-geo-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, bytes: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const whole = mmdb('City', {
  203: {
    continent: { code: 'EU' },
    country: { iso_code: 'DE', names: { en: 'Germany', de: 'Deutschland' } },
    city: { names: { en: 'K\u00f6ln' } },
    postal: { code: '50667' },
  },
  198: { registered_country: { iso_code: 'FR' } },
});

test('the members are what the database knows, texts as bytes, and an address that it does not have is nowhere', () => {
  const lookUp = openGeoLookup(file('city.mmdb', whole));
  assert.ok(typeof lookUp === 'function');
  const expected = [
    ['COUNTRY_CODE', 'DE'],
    ['COUNTRY_NAME', 'Germany'],
    ['COUNTRY_CONTINENT', 'EU'],
    ['CITY', 'K\u00c3\u00b6ln'],
    ['POSTAL_CODE', '50667'],
  ];
  assert.deepEqual(lookUp('203.0.113.7'), expected);
  assert.deepEqual(lookUp('203.0.113.7'), expected);
  assert.deepEqual(lookUp('198.51.100.1'), [['COUNTRY_CODE', 'FR']]);
  for (const other of ['192.0.2.1', '2001:db8::1', 'no address', '']) assert.equal(lookUp(other), null, other);
});

test('a file that is missing or something else is told; one that is cut off never throws', () => {
  for (const path of [join(folder, 'none.mmdb'), file('text.mmdb', Buffer.from('hello'))]) {
    const wrong = openGeoLookup(path);
    assert.ok(typeof wrong === 'object');
    assert.match(wrong.says, /is no database of addresses: /);
  }
  for (let length = 0; length < whole.length; length += 7) {
    const cut = openGeoLookup(file('cut.mmdb', whole.subarray(whole.length - length)));
    if (typeof cut === 'function') cut('203.0.113.7');
  }
});
