import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPublicAddress, isPublicName } from './public-name.ts';

for (const name of ['example.com', '*.example.com', 'a.b.example.co.uk', '8.8.8.8', '2606:4700::1111', '172.32.0.1'])
  test(`${name} is public`, () => assert.ok(isPublicName(name)));

for (const name of [
  'localhost',
  'shop',
  'a.localhost',
  'nas.local',
  'x.home.arpa',
  'a.internal',
  '127.0.0.1',
  '10.1.2.3',
  '::1',
  'fd00::1',
  '192.0.2.7',
  '172.31.0.1',
  '224.0.0.1',
  '255.255.255.255',
])
  test(`${name} is not`, () => assert.ok(!isPublicName(name)));

test('only addresses are public addresses', () => {
  assert.ok(isPublicAddress('9.9.9.9') && !isPublicAddress('169.254.169.254'));
});
