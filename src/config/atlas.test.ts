import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { mmdb } from '../../test/mmdb.ts';
import { openAtlas } from './atlas.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-atlas-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, bytes: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const country = file(
  'country.mmdb',
  mmdb('Country', { 203: { country: { iso_code: 'DE' } }, 198: { registered_country: { iso_code: 'FR' } } }),
);
const asn = file('asn.mmdb', mmdb('ASN', { 203: { autonomous_system_number: 64496 } }));

test('countries and networks come from the databases that are named', () => {
  const atlas = openAtlas({ country, asn });
  assert.ok(atlas.ok);
  const { value } = atlas;
  assert.deepEqual([...value.databases], ['country', 'asn']);
  assert.equal(value.country('203.0.113.7'), 'DE');
  assert.equal(value.country('203.0.113.7'), 'DE');
  assert.equal(value.country('198.51.100.7'), 'FR');
  assert.equal(value.country('192.0.2.1'), '');
  assert.equal(value.country('2001:db8::1'), '', 'an IPv6 address in a database of IPv4');
  assert.equal(value.network('203.0.113.7'), 'AS64496');
  assert.equal(value.network('198.51.100.7'), '');
});

test('without databases everybody is nowhere', () => {
  const atlas = openAtlas({ country: null, asn: null });
  assert.ok(atlas.ok);
  assert.equal(atlas.value.databases.size, 0);
  assert.equal(atlas.value.country('203.0.113.7'), '');
});

test('a file that is missing, cut off or something else is told with its setting', () => {
  const whole = mmdb('Country', { 203: { country: { iso_code: 'DE' } } });
  const wrong = openAtlas({ country: join(folder, 'none.mmdb'), asn: file('text.mmdb', Buffer.from('hello')) });
  assert.ok(!wrong.ok);
  assert.deepEqual(
    wrong.problems.map(({ path, code }) => `${path.join('.')} ${code}`),
    ['geography.country rates/no-such-database', 'geography.asn rates/bad-database'],
  );
  for (let length = 0; length < whole.length; length += 7) {
    const cut = openAtlas({ country: file('cut.mmdb', whole.subarray(whole.length - length)), asn: null });
    if (cut.ok) assert.equal(typeof cut.value.country('203.0.113.7'), 'string');
  }
});
