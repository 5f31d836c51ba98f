// What the compiler says of broken rule files: every problem, with its place, the nearest word, and nothing loaded.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toolsOf } from '../../../test/waf-patterns.ts';
import { pictureOf } from '../language/trouble.ts';
import { load } from './load.ts';
import { language } from './words.ts';

function picturesOf(text: string, files: Readonly<Record<string, string>> = {}): string {
  const loaded = load([{ name: '/a.conf', text }], toolsOf(files));
  assert.ok(!loaded.ok, 'it loaded');
  return loaded.troubles.map(pictureOf).join('\n');
}

function programOf(text: string, files: Readonly<Record<string, string>> = {}) {
  const loaded = load([{ name: '/a.conf', text }], toolsOf(files));
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.troubles.map(pictureOf).join('\n'));
  return loaded.program;
}

test('every problem of a file is told at once, with carets', () => {
  assert.equal(
    picturesOf(
      [
        'SecRule ARGZ "@rx a" "id:1,t:lowercas"',
        'SecRul ARGS "@contain x" "id:2"',
        'SecRule ARGS "@contain x" "id:1,deni"',
        'SecRule ARGS "@rx (" "id:3"',
      ].join('\n'),
    ),
    [
      '/a.conf:1:30  there is no transformation lowercas',
      '  SecRule ARGZ "@rx a" "id:1,t:lowercas"',
      '                               ^^^^^^^^',
      '  did you mean lowercase?',
      '/a.conf:1:9  there is no variable ARGZ',
      '  SecRule ARGZ "@rx a" "id:1,t:lowercas"',
      '          ^^^^',
      '  did you mean ARGS?',
      '/a.conf:2:1  there is no directive SecRul',
      '  SecRul ARGS "@contain x" "id:2"',
      '  ^^^^^^',
      '  did you mean SecRule?',
      '/a.conf:3:33  there is no action deni',
      '  SecRule ARGS "@contain x" "id:1,deni"',
      '                                  ^^^^',
      '  did you mean deny?',
      '/a.conf:3:28  another rule has the id 1: /a.conf:1',
      '  SecRule ARGS "@contain x" "id:1,deni"',
      '                             ^^^^',
      '  give one of them another number',
      '/a.conf:3:16  there is no operator @contain',
      '  SecRule ARGS "@contain x" "id:1,deni"',
      '                 ^^^^^^^',
      '  did you mean contains?',
      '/a.conf:4:19  the pattern is broken',
      '  SecRule ARGS "@rx (" "id:3"',
      '                    ^',
      '  mend it',
    ].join('\n'),
  );
});

test('what stops a load says why, and what to do', () => {
  const table: readonly (readonly [string, string])[] = [
    [
      'SecAuditLog audit.log',
      'SecAuditLog takes no "audit.log": a file is meant, by its whole name; write SecAuditLog /var/log/portcullis/audit.log, or audit_log under waf in portcullis.yaml',
    ],
    [
      'SecAuditLogType Concurrent',
      'SecAuditLogType knows only Serial: all records go to one file; write SecAuditLogType Serial, and let a program read the file',
    ],
    [
      'SecAuditLogParts ABQZ',
      'SecAuditLogParts takes no "ABQZ": letters of ABCDEFGHIJKZ, A first and Z last, are meant; write SecAuditLogParts ABFHZ',
    ],
    ['SecRuleScript "a.lua" "id:1"', 'SecRuleScript runs Lua, which this gate has not; write the rule in SecLang'],
    [
      'SecRemoteRules k https://x',
      'SecRemoteRules loads rules from another machine, which may then change what is protected; keep the file here and Include it',
    ],
    [
      'SecRule FILES_TMPNAMES "@inspectFile /x" "id:1"',
      '@inspectFile runs a program for each request; use rules about FILES and FILES_TMP_CONTENT',
    ],
    ['SecRule ARGS "@rx a', 'the " is not closed; close it with ", or write \\" for one that is meant'],
    [
      'SecRule ARGS "@rx a" "id:1,chain"',
      'the chain does not go on: no rule follows the last "chain"; write the next rule, or leave "chain" out',
    ],
    [
      'SecRule ARGS "@rx a" "id:1,skipAfter:END"',
      'skipAfter leads to END, and no SecMarker is called so; write SecMarker END behind the rules to skip',
    ],
    ['SecRule ARGS "@rx a"', 'the rule has no id; give it a number of its own: id:100001'],
    ['Include /none.conf', 'no file is called /none.conf; name a file that is there, or write IncludeOptional'],
    ['SecRequestBodyLimit many', 'SecRequestBodyLimit takes no "many"; write a whole number from 0'],
    ['SecRuleEngine Maybe', 'SecRuleEngine takes no "Maybe"; write one of on, off, detectiononly'],
    [
      'SecRule REQUEST_METHOD:x "@rx a" "id:1"',
      'REQUEST_METHOD is one value and has no members; write REQUEST_METHOD alone',
    ],
    ['SecRule XML "@rx a" "id:1"', 'XML needs an XPath behind its colon; write XML:/* or XML://@*'],
    [
      'SecRule ARGS "@pmFromFile x.data" "id:1"',
      'the file /x.data cannot be read; put it beside the rules, or name it by its whole path',
    ],
    [
      'SecRuleUpdateTargetById 1',
      'SecRuleUpdateTargetById has too few words; write SecRuleUpdateTargetById 942100 "!ARGS:q"',
    ],
    ['SecXmlExternalEntity On', 'SecXmlExternalEntity is never on: entities are not read; leave it out'],
  ];
  for (const [text, expected] of table) {
    const loaded = load([{ name: '/a.conf', text }], toolsOf());
    assert.ok(!loaded.ok, text);
    assert.equal(loaded.troubles.map(({ says, instead }) => `${says}; ${instead}`).join(' | '), expected, text);
  }
});

test('files include files, by patterns too, and data stands beside the file that names it', () => {
  const program = programOf('Include rules/*.conf\nIncludeOptional none/*.conf', {
    '/rules/b.conf': 'SecRule ARGS "@pmFromFile b.data" "id:2"',
    '/rules/a.conf': 'SecRule ARGS "@rx a" "id:1"',
    '/rules/b.data': 'word\n',
  });
  assert.deepEqual(
    program.rules.flatMap((rule) => rule?.id ?? []),
    [1, 2],
  );
  assert.deepEqual(program.files, ['/a.conf', '/rules/a.conf', '/rules/b.conf']);
});

test('a file that includes itself ends', () => {
  assert.match(picturesOf('Include /b.conf', { '/b.conf': 'Include /b.conf' }), /too many files include each other/);
});

test('rules are removed, and their targets and actions changed, by later directives', () => {
  const program = programOf(
    [
      'SecRule ARGS|REQUEST_BODY "@rx a" "id:1,tag:x,msg:\'one\'"',
      'SecRule ARGS "@rx a" "id:2,tag:attack-y"',
      'SecRule ARGS "@rx a" "id:30,msg:\'gone\'"',
      'SecRule ARGS "@rx a" "id:41"',
      'SecRuleRemoveById 40-49',
      'SecRuleRemoveByMsg gone',
      'SecRuleRemoveByTag "y$"',
      'SecRuleUpdateTargetById 1 "!ARGS:q|REQUEST_COOKIES" "REQUEST_BODY"',
      'SecRuleUpdateActionById 1 "deny,status:418"',
    ].join('\n'),
  );
  const rules = program.rules.flatMap((rule) => rule ?? []);
  assert.equal(rules.length, 1);
  const [{ links, disruption, status }] = rules as [(typeof rules)[0]];
  assert.deepEqual(
    links[0]!.targets.map(({ label }) => label),
    ['ARGS', 'REQUEST_COOKIES'],
  );
  assert.deepEqual(
    links[0]!.exclusions.map(({ name, key }) => [name, key]),
    [['ARGS', 'q']],
  );
  assert.deepEqual([disruption.kind, status], ['deny', 418]);
});

test('phases have words of their own in every set of rules', () => {
  const program = programOf('SecAction "id:1,phase:1"\nSecAction "id:2,phase:3"\nSecAction "id:3,phase:1"');
  assert.deepEqual(
    program.phases.map(({ start, end }) => [start, end]),
    [
      [0, 0],
      [0, 2],
      [32, 32],
      [32, 33],
      [64, 64],
      [64, 64],
    ],
  );
});

test('no text makes the compiler throw', () => {
  const pieces = fc.constantFrom(
    'SecRule ',
    'SecAction ',
    'ARGS',
    '|',
    '!',
    '&',
    ':',
    '/',
    "'",
    '"',
    '\\',
    '\n',
    ' ',
    'id:1',
    ',',
    '%{',
    '}',
    '@rx ',
    'setvar:tx.a=',
    '#',
    '\0',
    '\xff',
    'chain',
    'ctl:',
    't:',
    'SecMarker a\n',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      const loaded = load([{ name: '/a.conf', text: parts.join('') }], toolsOf());
      if (!loaded.ok) for (const trouble of loaded.troubles) assert.ok(pictureOf(trouble).includes('^'));
    }),
    { numRuns: 300 },
  );
});

test('every word has a sentence, and families find words without case', () => {
  const { operators, transformations, variables, actions } = language();
  for (const family of [operators, transformations, variables, actions]) {
    assert.deepEqual(family.clashes, []);
    for (const name of family.names) assert.ok(family.find(name.toUpperCase())!.says.length > 0, name);
  }
  assert.equal(operators.suggestion('begins'), '');
  assert.equal(operators.suggestion('beginWith'), 'did you mean beginsWith?');
});
