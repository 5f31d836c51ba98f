// The fields that end here, in both directions.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from './field-names.ts';
import { notToClient, notToUpstream } from './hop-fields.ts';

const has = (table: Uint8Array, name: string) => table[codeOf(name)] === 1;

test('hop-by-hop fields (RFC 9110 7.6.1) and framing end here in both directions', () => {
  for (const name of [
    'connection',
    'keep-alive',
    'proxy-connection',
    'te',
    'transfer-encoding',
    'upgrade',
    'content-length',
  ])
    for (const table of [notToUpstream, notToClient]) assert.ok(has(table, name), name);
});

test('what only the gate itself may say never comes from a client', () => {
  for (const name of [
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-forwarded-port',
    'x-real-ip',
    'x-request-id',
  ])
    assert.ok(has(notToUpstream, name), name);
  assert.ok(has(notToClient, 'x-request-id'));
});

test('proxy (CVE-2016-5385), expectations and credentials for us do not reach the application', () => {
  for (const name of ['proxy', 'expect', 'proxy-authorization', 'http2-settings', 'host'])
    assert.ok(has(notToUpstream, name), name);
});

test('end-to-end fields travel', () => {
  for (const name of [
    'cookie',
    'authorization',
    'content-type',
    'content-encoding',
    'accept',
    'user-agent',
    'origin',
    'range',
    'trailer',
  ])
    assert.ok(!has(notToUpstream, name), name);
  for (const name of [
    'set-cookie',
    'location',
    'date',
    'cache-control',
    'www-authenticate',
    'content-type',
    'trailer',
    'vary',
  ])
    assert.ok(!has(notToClient, name), name);
});
