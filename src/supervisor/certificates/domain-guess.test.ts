import assert from 'node:assert/strict';
import { test } from 'node:test';
import { domainGuess } from './domain-guess.ts';

for (const [name, domain] of [
  ['example.com', 'example.com'],
  ['a.b.example.com', 'example.com'],
  ['*.example.com', 'example.com'],
  ['www.example.co.uk', 'example.co.uk'],
  ['co.uk', 'co.uk'],
  ['www.example.com.au', 'example.com.au'],
  ['www.example.de', 'example.de'],
  ['me.example.io', 'example.io'],
  ['someone.github.io', 'github.io'],
  ['localhost', 'localhost'],
  ['2001:db8::1', '2001:db8::1'],
  ['192.0.2.1', '192.0.2.1'],
] as const)
  test(`${name} is under ${domain}`, () => assert.equal(domainGuess(name), domain));
