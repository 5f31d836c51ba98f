// A small run of the fuzzer, and what values cost: characters that are read, counted by a text that counts, never time.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fuzz, underFuzz } from './fuzz-detectors.ts';
import { ask, gate } from './waf-asking.ts';

describe('no detector throws, and findings lie within their value', () => {
  for (const name of underFuzz.keys()) test(name, () => assert.ok(fuzz(name, 4000, 'test') >= 0));
});

/** What repeats in the worst values: openings that are never closed, marks that make a detector look back or ahead. */
const seeds = [
  '{{',
  '${',
  '<%',
  '{',
  '(',
  ')(',
  '$_',
  '<?php ',
  "'",
  '"',
  "' ",
  "'||",
  '<',
  '<!--',
  '<a ',
  'on',
  '__',
  '\n',
  '\r\nx',
  'a:',
  ';',
  ';for ',
  ';case x in ',
  '`a` ',
  '|',
  '`',
  '$(',
  '/*',
  '*/',
  '../',
  '/.',
  '%2',
  '&#',
  '\\',
  'http://',
  '@',
  '[',
  '](',
  'O:1:"',
  ':"',
  'db.',
  'this.',
  'fragment ',
  '...',
  '"a":',
  '=',
  'x=1 ',
  'select ',
  'union ',
  '0x',
  '<svg',
  'constructor',
  'eval(',
  'require(',
  '.',
  '1',
  '-',
  ';select ',
  ";select '",
  ';[',
  ';$a$ ',
  "union q'(",
  '1 or 1',
  ' or /*',
  '/*!union ',
  "' or '",
  // Asked of each secret anew, the views of a repository that are not there would be sought to the end each time.
  'ann/shop/repository/files/.npmrc/',
  'ann/shop/repository/files/.env/',
];

describe('a value that is four times as long costs no more than five times as many steps', () => {
  for (const seed of seeds)
    test(JSON.stringify(seed), () => {
      const short = steps(seed, 4096);
      const long = steps(seed, 16_384);
      assert.ok(long <= short * 5 + 60_000, `${short} steps became ${long}`);
    });
});

/** Characters and searches that the judgement of `seed` repeated to `length` asks for. */
function steps(seed: string, length: number): number {
  const text = seed.repeat(Math.ceil(length / seed.length)).slice(0, length);
  let count = 0;
  const prototype = String.prototype;
  const kept = {
    charCodeAt: prototype.charCodeAt,
    indexOf: prototype.indexOf,
    includes: prototype.includes,
    startsWith: prototype.startsWith,
    slice: prototype.slice,
    lastIndexOf: prototype.lastIndexOf,
    charAt: prototype.charAt,
  };
  try {
    prototype.charCodeAt = function (index) {
      count++;
      return kept.charCodeAt.call(this, index);
    };
    prototype.charAt = function (index) {
      count++;
      return kept.charAt.call(this, index);
    };
    prototype.startsWith = function (search, at) {
      count++;
      return kept.startsWith.call(this, search, at);
    };
    prototype.indexOf = function (this: string, search, from = 0) {
      const at = kept.indexOf.call(this, search, from);
      count += 1 + ((at < 0 ? this.length : at) - Math.min(from, this.length)) / 16;
      return at;
    };
    prototype.lastIndexOf = function (this: string, search, from = this.length) {
      const at = kept.lastIndexOf.call(this, search, from);
      count += 1 + (Math.min(from, this.length) - Math.max(0, at)) / 16;
      return at;
    };
    prototype.includes = function (this: string, search, from = 0) {
      const at = kept.indexOf.call(this, search, from);
      count += 1 + ((at < 0 ? this.length : at) - Math.min(from, this.length)) / 16;
      return at >= 0;
    };
    prototype.slice = function (this: string, start = 0, end = this.length) {
      const part = kept.slice.call(this, start, end);
      count += 1 + part.length / 64;
      return part;
    };
    for (const detect of underFuzz.values()) detect(text);
  } finally {
    Object.assign(prototype, kept);
  }
  return count;
}

test('a gate judges values of every seed within its bounds', () => {
  const waf = gate('detect');
  for (const seed of seeds) {
    const body = `v=${encodeURIComponent(seed.repeat(2000))}`;
    const { why } = ask(waf, { headers: [['Content-Type', 'application/x-www-form-urlencoded']], body });
    assert.equal(why, 'pass', seed);
  }
});
