import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Path } from '../base/problem.ts';
import { Document } from './document.ts';

const sample = `# comment
listen:
  - { port: 443, tls: true }
firewall:
  rules:
    - allow tcp 443 from any   # HTTPS from anywhere
    - { action: deny, port: all }     # the rest
    - "allow tcp 80 from any"
trusted_proxies: [10.0.0.0/8]   # ours
sites:
  - host: example.com
    to: [localhost:3000]
    max_body: 10MiB
journal: log.jsonl
limits:
  header_timeout: 5s
`;

test('a path of the file, or of the settings, leads to its place', () => {
  const document = new Document(sample);
  for (const [path, place, text] of [
    [[], '2:1', 'listen:'],
    [['listen', 0, 'port'], '3:13', '443'],
    [['listen', 0], '3:5', '{ port: 443, tls: true }'],
    [['listen', 0, 'redirect'], '3:5', '{ port: 443, tls: true }'],
    [['firewall', 'rules', 1], '7:7', '{ action: deny, port: all }'],
    [['firewall', 'rules'], '5:3', 'rules'],
    [['trustedProxies', 0], '9:19', '10.0.0.0/8'],
    [['sites', 0, 'hosts', 0], '11:11', 'example.com'],
    [['sites', 0, 'maxBodyBytes'], '13:15', '10MiB'],
    [['observe', 'journal'], '14:10', 'log.jsonl'],
    [['limits', 'headerTimeoutMs'], '16:19', '5s'],
    [['sites', 0, 'waf', 'mode'], '11:5', 'host: example.com'],
  ] as [Path, string, string][]) {
    const span = document.spanOf(path)!;
    const { line, column } = document.position(span.start);
    assert.deepEqual([`${line}:${column}`, sample.slice(span.start, span.end)], [place, text], path.join('.'));
  }
  assert.equal(document.spanOf(['proxy', 'idleMs']), null);
});

test('the comment behind a value on its line is kept', () => {
  const document = new Document(sample);
  const comments = [0, 1, 2, 3].map((index) => document.commentBehind(['firewall', 'rules', index]));
  assert.deepEqual(comments, ['HTTPS from anywhere', 'the rest', '', '']);
});

test('what is wrong with the text itself is a fault, never a throw', () => {
  for (const [text, ...faults] of [
    ['a: 1\nb: 2\na: 3\n', ['config/duplicate-key', '"a" stands here twice', 'remove one; the first is on line 1']],
    ['a:\n\tb: 1\n', ['config/yaml', 'a tab stands in the indentation', 'indent with spaces']],
    [
      'a: 1\n---\nb: 2\n',
      ['config/yaml', 'the file holds more than one document', 'remove the line ---, or everything behind it'],
    ],
    ['a: b: c\n', ['config/yaml', 'this is not YAML: a value has a colon of its own', 'put the value in quotes']],
    ['a: *b\n', ['config/unknown-alias', 'nothing before this is named &b', undefined]],
    ['? [x]\n: 1\n', ['config/key', 'a key is a plain word', undefined]],
    ['a: &a [*a]\n', ['config/too-large', 'the file is nested more than 64 deep', undefined]],
    ['['.repeat(20_000), ['config/too-large', 'the file is nested more than 64 deep', undefined]],
  ] as const) {
    const found = new Document(text).faults.map(({ code, says, instead }) => [code, says, instead]);
    for (const fault of faults)
      assert.ok(
        found.some((one) => String(one) === String(fault)),
        `${text.slice(0, 20)}: ${found}`,
      );
  }
});

test('aliases that multiply are cut off', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 12; level++) lines.push(`a${level}: &a${level} [${`*a${level - 1}, `.repeat(10)}]`);
  const { faults } = new Document(lines.join('\n'));
  assert.deepEqual(
    faults.map(({ says }) => says),
    ['the file holds more than 100,000 values, counting those that aliases repeat'],
  );
});

test('JSON is read as well, whatever its indentation', () => {
  const text = '{\n\t"listen": [\n\t\t{ "port": 443,\n\t\t  "tls": true }\n\t],\n\t"__proto__": { "x": 1 }\n}\n';
  const { value, faults } = new Document(text);
  assert.deepEqual(faults, []);
  assert.equal(JSON.stringify(value), '{"listen":[{"port":443,"tls":true}],"__proto__":{"x":1}}');
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

test('any text is read, and every place lies inside it', () => {
  const pieces = fc.constantFrom(
    'a',
    ': ',
    '- ',
    '\n',
    '  ',
    '[',
    ']',
    '{',
    '}',
    '&x ',
    '*x',
    '"',
    "'",
    '#',
    '|',
    '>',
    '!',
    '\t',
    ',',
    '1',
    '---',
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 40 }).map((list) => list.join('')),
  );
  fc.assert(
    fc.property(texts, fc.array(fc.oneof(fc.constantFrom('a', 'hosts', 'observe'), fc.nat(3))), (text, path) => {
      const document = new Document(text);
      for (const { start, end } of [
        document.spanOf(path) ?? { start: 0, end: 0 },
        ...document.faults.map(({ span }) => span),
      ])
        assert.ok(start >= 0 && start <= end && end <= text.length + 1);
      document.commentBehind(path);
    }),
    { numRuns: 500 },
  );
});
