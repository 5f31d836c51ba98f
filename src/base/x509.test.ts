import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressOctets, alternativeNames, extension, pemOf } from './x509.ts';

test('names stand as DNS names, addresses as their octets (RFC 5280 4.2.1.6)', () => {
  const hex = alternativeNames(['a.example', '192.0.2.7', '2001:db8::1']).toString('hex');
  assert.equal(
    hex,
    '302c0603551d110425302382' + '09612e6578616d706c65' + '8704c0000207' + '871020010db8000000000000000000000001',
  );
});

test('an extension that must be understood says so, and only that', () => {
  const value = Buffer.from([0x05, 0x00]);
  assert.equal(extension('2.5.29.19', value).toString('hex'), '30090603551d1304020500');
  assert.equal(extension('2.5.29.19', value, true).toString('hex'), '300c0603551d130101ff04020500');
});

test('a name is no address', () => {
  assert.equal(addressOctets('example.com'), null);
  assert.equal(addressOctets('1.2.3'), null);
});

test('every IPv4 address has its four octets', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(fc.tuple(octet, octet, octet, octet), (octets) => {
      assert.deepEqual([...(addressOctets(octets.join('.')) ?? [])], octets);
    }),
  );
});

test('PEM gives its bytes back, in lines of 64', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
      const lines = pemOf('THING', bytes).split('\n');
      assert.equal(lines.shift(), '-----BEGIN THING-----');
      assert.equal(lines.pop(), '');
      assert.equal(lines.pop(), '-----END THING-----');
      assert.ok(lines.every((line) => line.length <= 64 && line.length > 0));
      assert.deepEqual([...Buffer.from(lines.join(''), 'base64')], [...bytes]);
    }),
  );
});
