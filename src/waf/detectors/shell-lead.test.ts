// Values that begin with a separator, and what stands right behind it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeLead } from './shell-lead.ts';

for (const value of [
  ';rm x',
  ';service nginx stop',
  ';history',
  '||cp a b',
  '|tee x',
  '&touch x',
  ';foo --bar',
  ';foo -x /etc/passwd',
  ';./x',
  ';~/x',
  ';/opt/x/run',
  ';>x.txt',
  ';2>/dev/null id',
  '127.0.0.1;rm x',
  'example.com|tee x',
])
  test(`${value} is a command`, () => assert.equal(judgeLead(value)?.score, 5));

for (const value of [
  '; make sure',
  ';-) hello',
  '&more',
  '&make=ford',
  '|date',
  '|date|name|',
  ';cat;dog;mouse',
  '&copy; 2024',
  '| cat | dog |',
  ';find(x)',
  ';comment',
  'a;rm x',
  '12.5;test value',
  'a.example;b.example',
  'example.com&more of it',
  ';rm x\nand more',
  ';>',
])
  test(`${JSON.stringify(value)} is none`, () => assert.equal(judgeLead(value), null));
