// Which header values are harmless by their syntax alone, so that no detector need look at them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOrdinaryAgent, isOrdinaryList } from './header-syntax.ts';

test('lists', () => {
  for (const value of [
    '',
    '*/*',
    'text/html,application/xml;q=0.9,*/*;q=0.8',
    'en-US, en; q=0.5',
    '"Not/A)Brand";v="8", "Chromium";v="126"',
    'bytes=0-1023, 2048-',
    'W/"33a64df5"',
    'max-age=0',
    '?1',
    'for="[2001:db8::1]:4711";proto=https',
  ])
    assert.equal(isOrdinaryList(value), true, value);
  for (const value of [
    "1' or '1'='1",
    '1 or 1=1',
    '1/**/or/**/1=1',
    '1/*x*/or/*x*/1=1',
    '1--',
    '../../etc/passwd',
    '() { :;}; x',
    '$' + '{jndi:x}',
    '<b>',
    '"a"b"',
    'a"b"',
    '"a\'"',
    '"open',
    'a|b',
    'a\tb',
    'é',
  ])
    assert.equal(isOrdinaryList(value), false, value);
});

test('user agents', () => {
  for (const value of [
    'curl/8.5.0',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0',
    'X/1 (compatible; Bot/2; (nested); +http://example.com/bot?a=1&b=2)',
  ])
    assert.equal(isOrdinaryAgent(value), true, value);
  for (const value of [
    'a; id',
    "a' or 1",
    '() { :;}',
    'a (b',
    'a b)',
    'a <b>',
    'a $' + '{x}',
    'a|b',
    'a`b`',
    'a ../b',
    'a -- b',
    'a "b"',
  ])
    assert.equal(isOrdinaryAgent(value), false, value);
});
