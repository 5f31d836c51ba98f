// Ways through rules that look at what comes again: gone once by asking, then known, as long as nothing that they look at differs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ruleWorld } from '../../../test/rule-world.ts';
import type { Transaction } from '../transaction/transaction.ts';
import { neededBy } from './needed.ts';

const rules = `
SecRule REQUEST_HEADERS_NAMES "@rx ^.*$" "id:1,phase:1,pass,nolog,capture,t:lowercase,setvar:'tx.has_%{tx.0}=%{tx.0}'"
SecRule &REQUEST_HEADERS:Host "@eq 0" "id:2,phase:1,pass,nolog,setvar:tx.hostless=1"
SecRule REQUEST_URI "@contains odd" "id:3,phase:1,pass,nolog,ctl:ruleRemoveById=4"
SecRule TX:/^has_/ "@streq y" "id:4,phase:1,pass,nolog,setvar:tx.last=%{tx.0}"
SecRule REQUEST_METHOD "@streq PUT" "id:5,phase:1,pass,msg:'Told'"
SecRule TX:has_host "!@streq no" "id:6,phase:2,pass,nolog,setvar:tx.end=1"`;

function world() {
  const { bill, begin, pass } = ruleWorld(rules, neededBy);
  const ask = (names: string[], method = 'GET', uri = '/', isExempt: (() => boolean) | null = null): Transaction => {
    const transaction = begin(method, uri, names);
    transaction.isExempt = isExempt;
    return pass(transaction);
  };
  return { bill, ask };
}

const left = ({ tx }: Transaction): string =>
  tx.pairs.names
    .map((name) => `${name}=${tx.get(name)}`)
    .sort()
    .join(' ');

test('a way is gone again where the fields have the same names, and leads elsewhere where they have not', () => {
  const { ask, bill } = world();
  const [first, second] = [ask(['Host', 'Y']), ask(['Host', 'Y'])];
  assert.equal(left(first), '0=y end=1 has_host=host has_y=y last=y');
  assert.equal(left(second), left(first));
  assert.equal(second.stand, first.stand);
  assert.notEqual(second.stand, null);
  assert.equal(second.matchedVarName, 'TX:has_host');
  const other = ask(['X']);
  assert.equal(left(other), '0=x has_x=x hostless=1');
  assert.notEqual(other.stand, first.stand);
  assert.equal(left(ask(['Host', 'Y'])), left(first));
  const rows = new Map(bill.read().rows.map(({ id, asked, hits }) => [id, [asked, hits]]));
  assert.deepEqual(
    [rows.get(1), rows.get(2), rows.get(4), rows.get(6)],
    [
      [4, 4],
      [4, 1],
      [4, 3],
      [4, 3],
    ],
  );
});

test('what one transaction writes behind a way is not there for the next', () => {
  const { ask } = world();
  const first = ask(['Host', 'Y']);
  first.put('tx', 'end', '7');
  first.unset('tx', 'last');
  assert.equal(left(first), '0=y end=7 has_host=host has_y=y');
  assert.equal(left(ask(['Host', 'Y'])), '0=y end=1 has_host=host has_y=y last=y');
});

test('a rule in between that switches another off leads to a stand of its own', () => {
  const { ask } = world();
  const plain = ask(['Y']);
  for (let time = 0; time < 2; time++) {
    const odd = ask(['Y'], 'GET', '/odd');
    assert.equal(odd.tx.get('last'), null);
    assert.notEqual(odd.stand, null);
    assert.notEqual(odd.stand, plain.stand);
  }
  assert.equal(ask(['Y']).tx.get('last'), 'y');
});

test('a match that is told is told each time, and what an owner excuses keeps to no way', () => {
  const { ask } = world();
  for (let time = 0; time < 3; time++) assert.equal(ask(['Y'], 'PUT').matches.length, 1);
  assert.equal(ask(['Y'], 'GET', '/', () => true).stand, undefined);
  assert.equal(left(ask(['Y'], 'GET', '/', () => true)), 'hostless=1');
});

test('more ways than are kept: the answers stay the same', () => {
  const { ask } = world();
  for (let time = 0; time < 600; time++) assert.equal(ask([`Y${time}`]).tx.get(`has_y${time}`), `y${time}`);
  assert.equal(left(ask(['Host', 'Y'])), '0=y end=1 has_host=host has_y=y last=y');
});
