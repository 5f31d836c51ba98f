import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openAtlas } from './atlas.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-atlas-'));
after(() => rmSync(folder, { recursive: true }));

/** A value in MaxMind DB's data format: maps, texts and numbers (MaxMind DB specification 2.0). */
function encode(value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.concat([Buffer.from([0x40 | value.length]), Buffer.from(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([Buffer.from([0xc4]), bytes]);
  }
  const entries = Object.entries(value as object);
  return Buffer.concat([Buffer.from([0xe0 | entries.length]), ...entries.flatMap(([k, v]) => [encode(k), encode(v)])]);
}

/** A database of IPv4 networks of 8 bits: one path through the tree for each, records of 24 bits. */
function database(type: string, networks: Readonly<Record<number, unknown>>): Buffer {
  const nodes: [number, number][] = [[0, 0]];
  const ends: { node: number; side: 0 | 1; at: number }[] = [];
  const pieces: Buffer[] = [];
  let offset = 0;
  for (const [first, value] of Object.entries(networks)) {
    let node = 0;
    for (let bit = 7; bit >= 0; bit--) {
      const side = ((Number(first) >> bit) & 1) as 0 | 1;
      if (bit === 0) ends.push({ node, side, at: offset });
      else {
        if (nodes[node]![side] === 0) nodes[node]![side] = nodes.push([0, 0]) - 1;
        node = nodes[node]![side];
      }
    }
    const piece = encode(value);
    pieces.push(piece);
    offset += piece.length;
  }
  const count = nodes.length;
  const records = nodes.map((pair) => pair.map((target) => (target === 0 ? count : target)));
  for (const { node, side, at } of ends) records[node]![side] = count + 16 + at;
  const tree = Buffer.alloc(count * 6);
  for (const [index, [left, right]] of records.entries()) {
    tree.writeUIntBE(left!, index * 6, 3);
    tree.writeUIntBE(right!, index * 6 + 3, 3);
  }
  const metadata = encode({
    node_count: count,
    record_size: 24,
    ip_version: 4,
    database_type: type,
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
  });
  const marker = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex');
  return Buffer.concat([tree, Buffer.alloc(16), ...pieces, marker, metadata]);
}

function file(name: string, bytes: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const country = file(
  'country.mmdb',
  database('Country', { 203: { country: { iso_code: 'DE' } }, 198: { registered_country: { iso_code: 'FR' } } }),
);
const asn = file('asn.mmdb', database('ASN', { 203: { autonomous_system_number: 64496 } }));

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
  const whole = database('Country', { 203: { country: { iso_code: 'DE' } } });
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
