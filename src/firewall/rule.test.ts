// What a rule may say, and how each way of saying it wrongly is answered.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Problem } from '../base/problem.ts';
import { parseRule, type RuleSetting } from './rule.ts';

function columns(setting: RuleSetting): string {
  const problems: Problem[] = [];
  const rule = parseRule(setting, 0, '', problems);
  assert.deepEqual(problems, [], JSON.stringify(setting));
  assert.ok(rule);
  return `${rule.action} ${rule.protocol} ${rule.portsText} ${rule.sourceText}`;
}

const understood: readonly (readonly [RuleSetting, string])[] = [
  ['allow tcp 443 from any', 'ALLOW TCP 443 any'],
  ['deny udp 53,5353,8000-8100 from 10.0.0.0/8,2001:db8::/32', 'DENY UDP 53,5353,8000-8100 10.0.0.0/8,2001:db8::/32'],
  ['deny all from any', 'DENY ALL ALL any'],
  ['allow all all from any', 'ALLOW ALL ALL any'],
  ['allow all 53 from any', 'ALLOW ALL 53 any'],
  ['ALLOW TCP 443 FROM 0.0.0.0/0', 'ALLOW TCP 443 0.0.0.0/0'],
  ['DENY ALL from 0.0.0.0/0', 'DENY ALL ALL 0.0.0.0/0'],
  ['DENY     ALL        ALL    0.0.0.0/0', 'DENY ALL ALL 0.0.0.0/0'],
  ['\tallow tcp  22 , 80-90,\u00a0443 from 10.0.0.0/8 , ::1 ', 'ALLOW TCP 22,80-90,443 10.0.0.0/8,::1'],
  ['allow tcp HTTPS,ssh from any', 'ALLOW TCP 443,22 any'],
  ['allow tcp 1-65535 from 192.0.2.7', 'ALLOW TCP 1-65535 192.0.2.7'],
  ['allow tcp 443 from ::ffff:10.0.0.0/104', 'ALLOW TCP 443 10.0.0.0/8'],
  ['allow tcp 22 from Private, 192.0.2.7', 'ALLOW TCP 22 private,192.0.2.7'],
  [{ action: 'deny', source: ['internet', 'link-local'] }, 'DENY ALL ALL internet,link-local'],
  [{ action: 'deny', protocol: 'all', port: 'all', source: '0.0.0.0/0' }, 'DENY ALL ALL 0.0.0.0/0'],
  [{ action: 'Allow', protocol: 'tcp', port: 80, source: 'any' }, 'ALLOW TCP 80 any'],
  [
    { action: 'allow', protocol: 'TCP', port: '8000-9000', source: ['10.0.0.0/8', '::1'] },
    'ALLOW TCP 8000-9000 10.0.0.0/8,::1',
  ],
  [
    { action: 'allow', protocol: 'tcp', port: [80, 'https', '8000-8001'], source: 'any' },
    'ALLOW TCP 80,443,8000-8001 any',
  ],
  [{ action: 'deny', source: ['any'] }, 'DENY ALL ALL any'],
  [{ action: 'deny', port: ['all', 80], source: '::/0' }, 'DENY ALL ALL ::/0'],
  ['allow tcp 1,3,5,7,9,11,13,15,17,19 from any', 'ALLOW TCP 1,3,5,7,9,11,13,15 and 2 more any'],
];

test('every form of a rule is understood', () => {
  for (const [setting, expected] of understood) assert.equal(columns(setting), expected);
});

test('the table of the guide is said exactly', () => {
  const lines = [
    'ALLOW TCP 443 0.0.0.0/0',
    'ALLOW TCP 80 0.0.0.0/0',
    'ALLOW TCP 22 10.0.0.0/8',
    'DENY ALL ALL 0.0.0.0/0',
  ];
  for (const line of lines) assert.equal(columns(line), line);
});

test('any is both families, 0.0.0.0/0 and ::/0 are one each', () => {
  const families = (source: string) =>
    parseRule(`deny all from ${source}`, 0, '', [])?.sources.map((cidr) => cidr.family);
  assert.deepEqual([families('any'), families('0.0.0.0/0'), families('::/0')], [[4, 6], [4], [6]]);
});

test('a description comes from the object, else from the comment', () => {
  assert.equal(parseRule('deny all from any', 0, 'nobody', [])?.description, 'nobody');
  const setting = { action: 'deny', source: 'any' };
  assert.equal(parseRule(setting, 0, 'nobody', [])?.description, 'nobody');
  assert.equal(parseRule({ ...setting, description: 'mine' }, 0, 'nobody', [])?.description, 'mine');
});

/** A line with carets under its fault, what is wrong, and what to write instead. */
const faults: readonly (readonly [string, string, string, string])[] = [
  ['alow tcp 443 from any', '^^^^', '"alow" is no action', 'did you mean `allow`?'],
  ['drop tcp 443 from any', '^^^^', '"drop" is no action', 'did you mean `deny`?'],
  ['__proto__ tcp 443 from any', '^^^^^^^^^', '"__proto__" is no action', 'begin with `allow` or `deny`'],
  ['allow tpc 443 from any', '      ^^^', '"tpc" is no protocol', 'did you mean `tcp`?'],
  ['allow 443 from any', '      ^^^', '"443" is no protocol', 'write the protocol before the port: `tcp 443`'],
  [
    'allow tcp/443 from any',
    '      ^^^^^^^',
    '"tcp/443" is no protocol',
    'write the protocol and the port as two words: `tcp 443`',
  ],
  [
    'allow icmp from any',
    '      ^^^^',
    '"icmp" is no protocol',
    'write `tcp`, `udp` or `all`; icmp has no ports and is not judged here',
  ],
  ['allow tcp 80,70000 from any', '             ^^^^^', 'there is no port 70000', 'ports are 1 to 65535'],
  ['allow tcp 0 from any', '          ^', 'there is no port 0', 'ports are 1 to 65535'],
  ['allow tcp 90-80 from any', '          ^^^^^', 'the range "90-80" ends before it begins', 'write 80-90'],
  ['allow tcp 80:90 from any', '          ^^^^^', '"80:90" is no port', 'write the range with a dash: 80-90'],
  [
    'allow tcp 80,,90 from any',
    '             ^',
    'a port is missing',
    'write a port between the commas, or take the comma away',
  ],
  ['allow tcp htps from any', '          ^^^^', '"htps" is no port', 'did you mean `https`?'],
  ['allow tcp any from any', '          ^^^', '"any" is no port', 'write `all`'],
  ['allow tcp 22,all from any', '             ^^^', '"all" is no port', 'write `all` alone: it has every port already'],
  [
    'allow tcp 80 443 from any',
    '             ^^^',
    '"443" is not expected here',
    'separate ports by commas without blanks between words: `53,443`',
  ],
  ['allow tcp 443 form any', '              ^^^^', '"form" is no word', 'did you mean `from`?'],
  ['allow tcp 443', '          ^^^', 'the rule does not say from where', 'end with `from any` or `from 10.0.0.0/8`'],
  ['allow tcp 443 from', '              ^^^^', 'no source stands behind `from`', 'write `from any`'],
  ['allow tcp 443 from privat', '                   ^^^^^^', '"privat" is no source', 'did you mean `private`?'],
  ['allow tcp 443 from all', '                   ^^^', '"all" is no source', 'did you mean `any`?'],
  [
    'allow tcp 22 from ::1,10.1.2.3/8',
    '                      ^^^^^^^^^^',
    '"10.1.2.3/8" has bits set behind its prefix',
    'write 10.0.0.0/8 for the network or 10.1.2.3 for the one address',
  ],
  [
    'allow tcp 22 from 10.0.010.1',
    '                       ^^^',
    '"010" has a leading zero, which some programs read as octal',
    'write 10',
  ],
  [
    'allow tcp 22 from 10.0.0.0/33',
    '                          ^^^',
    '"/33" is no prefix length',
    'write a number from 0 to 32 behind the slash',
  ],
  [
    'allow tcp 22 from any # SSH',
    '                      ^',
    '"#" is not expected here',
    'write the rule as an object with a `description`',
  ],
  [
    'allow',
    '^^^^^',
    'the rule has no protocol',
    'write for example `allow tcp 443 from any` or `deny all from 10.0.0.0/8`',
  ],
  ['  ', '^^', 'the rule is empty', 'write for example `allow tcp 443 from any` or `deny all from 10.0.0.0/8`'],
];

test('a fault has its place in the line, its reason and its remedy', () => {
  for (const [line, carets, says, instead] of faults) {
    const problems: Problem[] = [];
    assert.equal(parseRule(line, 3, '', problems), null, line);
    const problem = problems[0]!;
    assert.deepEqual(problem.path, ['rules', 3]);
    assert.equal(' '.repeat(problem.offset!) + '^'.repeat(problem.length!), carets, line);
    assert.deepEqual([problem.says, problem.instead], [says, instead], line);
  }
});

test('every fault of a line is told at once', () => {
  const problems: Problem[] = [];
  parseRule('alow tpc 80,x from 10.0.0.1/8,nowhere', 0, '', problems);
  assert.deepEqual(
    problems.map(({ code, offset }) => [code, offset]),
    [
      ['firewall/unknown-action', 0],
      ['firewall/unknown-protocol', 5],
      ['firewall/unknown-port', 12],
      ['firewall/unknown-source', 19],
      ['firewall/unknown-source', 30],
    ],
  );
});

test('a fault of an object has the path of its value', () => {
  const problems: Problem[] = [];
  parseRule({ action: 'x', protocol: 'any', port: [80, 0.5, '1,y'], source: ['::1', 'z'] }, 1, '', problems);
  parseRule({ action: 'deny', port: [], source: [] }, 2, '', problems);
  parseRule({ action: 'allow', protocol: 'tcp', port: 443 }, 3, '', problems);
  assert.deepEqual(
    problems.map(({ path, offset, says }) => [path.join('.'), offset, says]),
    [
      ['rules.1.action', 0, '"x" is no action'],
      ['rules.1.protocol', 0, '"any" is no protocol'],
      ['rules.1.port.1', 0, '"0.5" is no port'],
      ['rules.1.port.2', 2, '"y" is no port'],
      ['rules.1.source.1', 0, '"z" is no address; names are not looked up, because a decision must not wait for DNS'],
      ['rules.2.port', 0, 'the list of ports is empty'],
      ['rules.2.source', 0, 'the list of sources is empty'],
      ['rules.3', 0, 'the rule does not say from where'],
    ],
  );
});

const words = fc.constantFrom(
  'allow',
  'deny',
  'tcp',
  'udp',
  'all',
  'any',
  'from',
  '443',
  '80-90',
  ',',
  '::/0',
  '10.0.0.0/8',
  'x',
  ' ',
);

test('any line is a rule or has problems that point into it', () => {
  const lines = fc.oneof(
    fc.string(),
    fc.array(words, { maxLength: 8 }).map((parts) => parts.join(' ')),
  );
  fc.assert(
    fc.property(lines, (line) => {
      const problems: Problem[] = [];
      const rule = parseRule(line, 0, '', problems);
      assert.equal(rule === null, problems.length > 0);
      for (const { offset, says, instead } of problems) {
        assert.ok(offset! >= 0 && offset! <= line.length);
        assert.ok(says !== '' && instead !== '');
      }
    }),
    { numRuns: 1000 },
  );
});

test('what a table prints can be written as a rule again', () => {
  const port = fc.integer({ min: 1, max: 65535 });
  const ports = fc.oneof(
    fc.constant('all'),
    fc.array(port, { minLength: 1, maxLength: 8 }).map((list) => list.join(',')),
  );
  const sources = fc
    .array(fc.oneof(fc.ipV4(), fc.ipV6()), { minLength: 1, maxLength: 8 })
    .map((list) => list.join(','));
  fc.assert(
    fc.property(
      fc.constantFrom('allow', 'deny'),
      fc.constantFrom('tcp', 'udp', 'all'),
      ports,
      sources,
      (a, p, at, from) => {
        const once = columns(`${a} ${p} ${at} from ${from}`);
        const [action, protocol, portsText, source] = once.split(' ');
        assert.equal(columns(`${action} ${protocol} ${portsText} from ${source}`), once);
      },
    ),
  );
});
