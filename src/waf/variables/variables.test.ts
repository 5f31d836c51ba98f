// Every variable reads what its examples say.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as answers from './answer.ts';
import * as args from './arguments.ts';
import * as bodies from './body.ts';
import { noPairs, Pairs } from './pairs.ts';
import * as requests from './request.ts';
import * as rules from './rules.ts';
import * as times from './time.ts';
import type { Facts, Variable } from './variable.ts';

const words = Object.entries({ ...answers, ...args, ...bodies, ...requests, ...rules, ...times }) as [
  string,
  Variable,
][];
const empty = { headers: noPairs, args: noPairs, xml: null, now: () => 0, startedAt: 0 } as unknown as Facts;

test('there are at least 90 variables, each with a sentence', () => {
  assert.ok(words.length >= 90, String(words.length));
  for (const [name, { says }] of words) assert.ok(says.endsWith('.') && name === name.toUpperCase(), name);
});

test('every variable reads what its examples say', () => {
  let rows = 0;
  for (const [name, word] of words)
    for (const [facts, expected] of word.examples) {
      rows++;
      const whole = { ...empty, ...facts } as Facts;
      if (word.shape === 'one') assert.equal(word.read(whole), expected, name);
      else {
        const pairs = word.read(whole);
        assert.deepEqual(
          pairs.names.map((one, index) => [one, pairs.values[index]]),
          expected,
          name,
        );
      }
    }
  assert.ok(rows >= 40, String(rows));
});

test('XML is asked by an XPath, and says which it knows', () => {
  const check = bodies.XML.check!;
  assert.equal(check('/*'), '');
  assert.equal(check('/soap:Envelope//a/@id'), '');
  assert.equal(check(''), 'XML needs an XPath behind its colon');
  assert.equal(
    check('//a[1]'),
    'the XPath //a[1] is not one of /*, //@*, or a path of names and * such as /a/*/c, //b, /a/@id',
  );
});

test('members are found without case, the first of several', () => {
  const pairs = new Pairs(['Host', 'X', 'x'], ['a', '1', '2']);
  assert.equal(pairs.get('x'), '1');
  assert.equal(pairs.get('y'), null);
  assert.equal(pairs.asNames().get('host'), 'Host');
});
