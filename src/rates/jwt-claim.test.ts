import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Headers } from '../traffic/headers.ts';
import { readClaim } from './jwt-claim.ts';

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (claims: unknown) => `${part({ alg: 'HS256' })}.${part(claims)}.c2lnbmF0dXJl`;
const claimOf = (claim: string, ...fields: string[]) =>
  readClaim(Headers.from(fields.map((value) => ['Authorization', value])), claim);

test('a claim of a bearer token is read as text', () => {
  assert.equal(claimOf('sub', `Bearer ${token({ sub: 'anna', n: 7, admin: true })}`), 'anna');
  assert.equal(claimOf('n', `bearer ${token({ n: 7 })}`), '7');
  assert.equal(claimOf('admin', `BEARER ${token({ admin: true })}`), 'true');
});

test('what is no such claim is none', () => {
  assert.equal(claimOf('sub'), '');
  assert.equal(claimOf('sub', 'Basic YTpi'), '');
  assert.equal(claimOf('sub', 'Bearer abc'), '');
  assert.equal(claimOf('sub', 'Bearer a.b'), '');
  assert.equal(claimOf('sub', `Bearer ${token({ sub: ['a'] })}`), '');
  assert.equal(claimOf('sub', `Bearer ${token(['sub'])}`), '');
  assert.equal(claimOf('constructor', `Bearer ${token({})}`), '');
  assert.equal(claimOf('sub', `Bearer ${token({ sub: 'a' })}`, `Bearer ${token({ sub: 'b' })}`), '');
  assert.equal(claimOf('sub', `Bearer ${token({ sub: 'a', filler: 'x'.repeat(8000) })}`), '');
});

test('whatever is sent, it gives a text and throws nothing', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (middle, claim) => {
      assert.equal(typeof claimOf(claim, `Bearer a.${middle}.c`), 'string');
      assert.equal(typeof claimOf(claim, `Bearer a.${Buffer.from(middle).toString('base64url')}.c`), 'string');
    }),
  );
});
