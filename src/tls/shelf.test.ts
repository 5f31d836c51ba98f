// Certificates and challenges that come while the gate runs.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { keyPem, newKey, type Signer, writeAuthority, writeLeaf } from './certificate-writer.ts';
import { type PemPair, Shelf } from './shelf.ts';

const statement = { commonName: 'Test CA', notBefore: Date.now() - 1000, notAfter: Date.now() + 86_400_000 };
const authority: Signer = { commonName: 'Test CA', key: newKey() };
const authorityPem = writeAuthority(statement, authority.key);

function certify(...names: string[]): PemPair {
  const key = newKey();
  const leaf = writeLeaf({ ...statement, commonName: names[0]! }, names, key, authority);
  return { certificate: leaf + authorityPem, key: keyPem(key) };
}

const namesOf = (shelf: Shelf, serverName: string) => shelf.find(serverName)?.description.names;

test('a certificate serves the names in it, the newest first, until its owner takes it away', () => {
  const shelf = new Shelf();
  assert.equal(shelf.find('a.test'), undefined);
  shelf.apply([
    { kind: 'certificate', id: 'one', pair: certify('a.test', '*.a.test') },
    { kind: 'certificate', id: 'two', pair: certify('b.test', 'x.a.test') },
  ]);
  assert.deepEqual(namesOf(shelf, 'A.test.'), ['a.test', '*.a.test']);
  assert.deepEqual(namesOf(shelf, 'y.a.test'), ['a.test', '*.a.test']);
  assert.deepEqual(namesOf(shelf, 'x.a.test'), ['b.test', 'x.a.test']);
  shelf.apply([{ kind: 'certificate', id: 'three', pair: certify('b.test') }]);
  assert.deepEqual(namesOf(shelf, 'b.test'), ['b.test']);
  shelf.apply([{ kind: 'certificate', id: 'one', pair: certify('b.test', 'c.test') }]);
  assert.deepEqual(namesOf(shelf, 'b.test'), ['b.test', 'c.test']);
  assert.equal(shelf.find('a.test'), undefined);
  shelf.apply([{ kind: 'certificate', id: 'one', pair: null }]);
  assert.deepEqual(namesOf(shelf, 'b.test'), ['b.test']);
});

test('a challenge is found by what the CA asks with, also for addresses, and is no certificate for others', () => {
  const shelf = new Shelf();
  shelf.apply([
    { kind: 'challenge', name: 'a.test', pair: certify('a.test') },
    { kind: 'challenge', name: '192.0.2.1', pair: certify('192.0.2.1') },
    { kind: 'challenge', name: '2001:db8::1', pair: certify('2001:db8::1') },
  ]);
  assert.equal(shelf.find('a.test'), undefined);
  assert.deepEqual(shelf.findChallenge('A.test')?.description.names, ['a.test']);
  assert.deepEqual(shelf.findChallenge('1.2.0.192.in-addr.arpa')?.description.names, ['192.0.2.1']);
  const reversed = '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa';
  assert.deepEqual(shelf.findChallenge(reversed)?.description.names, ['2001:db8::1']);
  shelf.apply([{ kind: 'challenge', name: 'a.test', pair: null }]);
  assert.equal(shelf.findChallenge('a.test'), undefined);
});

test('a snapshot makes another shelf the same', () => {
  const [shelf, other] = [new Shelf(), new Shelf()];
  shelf.apply([
    { kind: 'certificate', id: 'one', pair: certify('a.test') },
    { kind: 'certificate', id: 'two', pair: certify('a.test', 'b.test') },
    { kind: 'challenge', name: '192.0.2.1', pair: certify('192.0.2.1') },
  ]);
  other.apply(structuredClone(shelf.snapshot()));
  assert.deepEqual(other.snapshot(), shelf.snapshot());
  assert.deepEqual(namesOf(other, 'a.test'), ['a.test', 'b.test']);
});

test('what cannot be served changes nothing, and says why', () => {
  const shelf = new Shelf();
  const good = certify('good.test');
  const apply = (pair: PemPair) => () =>
    shelf.apply([
      { kind: 'certificate', id: 'good', pair: good },
      { kind: 'certificate', id: 'bad', pair },
    ]);
  assert.throws(
    apply({ ...good, certificate: 'x' }),
    /^Error: a certificate that was put on the shelf cannot be read$/,
  );
  assert.throws(apply({ ...good, key: 'x' }), /^Error: the key of the certificate for DNS:good.test is damaged$/);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const others = { ...good, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
  assert.throws(apply(others), /^Error: the certificate for DNS:good.test came with another's key$/);
  assert.throws(
    () => shelf.apply([{ kind: 'challenge', name: 'a b', pair: null }]),
    /no name that a challenge can have/,
  );
  assert.deepEqual(shelf.snapshot(), []);
});
