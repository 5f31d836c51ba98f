// `@geoLookup`, GEO and SecGeoLookupDb, from files to decisions.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, ordinaryRuleFiles, ordinarySettings, ordinarySite, tools } from '../../../test/waf-asking.ts';
import { filesOf, toolsOf } from '../../../test/waf-patterns.ts';
import { pictureOf } from '../language/trouble.ts';
import { build } from '../waf.ts';
import { load } from './load.ts';

const places = JSON.stringify({
  '203.0.113.7': { COUNTRY_CODE: 'DE', CITY: 'Bonn' },
  '198.51.100.1': { COUNTRY_CODE: 'FR' },
});
/** Why `/?a=ADDRESS` is refused by these rules, or `pass`. */
function verdicts(text: string, addresses: readonly string[], geography: string | null = null): string[] {
  const files = filesOf({ '/etc/own.conf': text, '/etc/places.mmdb': places, '/geo "1"/places.mmdb': places });
  const made = build(
    { ...ordinarySettings, ruleFiles: { ...ordinaryRuleFiles, files: ['/etc/own.conf'], geography } },
    [{ name: 'a.example', waf: { ...ordinarySite, mode: 'block' } }],
    { ...tools, files },
  );
  assert.ok(made.ok, JSON.stringify(made));
  return addresses.map((address) => ask(made.value, { target: `/?a=${address}` }).why);
}

const chain = `SecRule ARGS:a "@geoLookup" "id:1,phase:2,deny,chain"
SecRule GEO:COUNTRY_CODE "@pm FR IT"
`;
const asked = ['203.0.113.7', '198.51.100.1', '192.0.2.1'];

test('a rule refuses by country, with the database that stands in the file, before or behind it', () => {
  const expected = ['pass', 'waf/rule', 'pass'];
  for (const text of [`SecGeoLookupDb places.mmdb\n${chain}`, `${chain}SecGeoLookupDb places.mmdb`])
    assert.deepEqual(verdicts(text, asked).map(kind), expected, text);
});

test('the database of the configuration serves where the files name none, whatever its path is spelled like', () => {
  assert.deepEqual(verdicts(chain, asked, '/geo "1"/places.mmdb').map(kind), ['pass', 'waf/rule', 'pass']);
});

test('what a rule found is there for rules behind it, of a negated question, too, until another address is asked for', () => {
  const text = `SecGeoLookupDb places.mmdb
SecRule ARGS:a "!@geoLookup" "id:1,phase:2,pass,nolog,setvar:tx.nowhere=1"
SecRule GEO:CITY "@streq bonn" "id:2,phase:2,deny,t:lowercase"
SecRule TX:nowhere "@eq 1" "id:3,phase:2,chain,deny"
SecRule &GEO "@eq 0"
`;
  assert.deepEqual(verdicts(text, asked).map(kind), ['waf/rule', 'pass', 'waf/rule']);
});

test('an address that a rule wrote itself is looked up in every request', () => {
  const text = `SecGeoLookupDb places.mmdb
SecAction "id:1,phase:1,pass,nolog,setvar:tx.ip=203.0.113.7"
SecRule TX:ip "@geoLookup" "id:2,phase:1,pass,nolog"
SecRule GEO:COUNTRY_CODE "@streq DE" "id:3,phase:1,deny"
`;
  assert.deepEqual(verdicts(text, asked).map(kind), ['waf/rule', 'waf/rule', 'waf/rule']);
});

test('a file that is no database stops the load, where a rule asks for places, and is not opened where none does', () => {
  const wrong = load([{ name: '/etc/own.conf', text: `SecGeoLookupDb none.mmdb\n${chain}` }], toolsOf());
  assert.ok(!wrong.ok);
  assert.match(
    wrong.troubles.map(pictureOf).join('\n'),
    /^\/etc\/own\.conf:1:16 {2}\/etc\/none\.mmdb is no database of addresses\n/,
  );
  assert.ok(load([{ name: '/etc/own.conf', text: 'SecGeoLookupDb none.mmdb\n' }], toolsOf()).ok);
  const nameless = load([{ name: '/etc/own.conf', text: 'SecGeoLookupDb\n' }], toolsOf());
  assert.ok(!nameless.ok && /SecGeoLookupDb names no file/.test(nameless.troubles[0]!.says));
});

test('without any database the rule loads with a warning that says what to write', () => {
  const loaded = load([{ name: '/etc/own.conf', text: chain }], toolsOf());
  assert.ok(loaded.ok);
  assert.match(loaded.warnings.map(pictureOf).join('\n'), /@geoLookup finds nothing.*\n.*\n.*\n.*SecGeoLookupDb/);
  assert.deepEqual(verdicts(chain, asked), ['pass', 'pass', 'pass']);
});

/** The verdict without which detector or rule it was. */
function kind(why: string): string {
  return why === 'pass' ? why : 'waf/rule';
}
