import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { withExclusions, withMode } from './edit.ts';

const one = { detector: '1030001', place: 'ARGS:q', path: '/search', because: "it's a search" };
const line = "- { detector: '1030001', place: 'ARGS:q', path: /search, because: 'it''s a search' }";

test('a site without `waf` gets it at its end', () => {
  const text = [
    'sites:',
    '  - host: a.example # the shop',
    '    to: 3000',
    '',
    '  - host: b.example',
    '    to: 3001',
    '',
    'workers: 1',
    '',
  ];
  assert.deepEqual(withExclusions(text.join('\n'), 0, [one], 'why')?.split('\n'), [
    ...text.slice(0, 3),
    '    waf:',
    '      exclude:',
    '        # why',
    `        ${line}`,
    ...text.slice(3),
  ]);
});

test('a site with `waf` and without `exclude`, the last of a file without a last line feed', () => {
  const text = 'sites:\n- host: a.example\n  to: 3000\n  waf:\n    mode: detect   # for now';
  assert.equal(withExclusions(text, 0, [one], 'why'), `${text}\n    exclude:\n      # why\n      ${line}`);
});

test('a list that is there goes on', () => {
  const text =
    "sites:\n  - host: a.example\n    waf:\n      exclude:\n      - { place: 'ARGS:x' }  # old\n    to: 3000\n";
  const next = withExclusions(text, 0, [one, { place: 'ARGS:y' }], 'why');
  assert.equal(
    next,
    `sites:\n  - host: a.example\n    waf:\n      exclude:\n      - { place: 'ARGS:x' }  # old\n      # why\n      ${line}\n      - { place: 'ARGS:y' }\n    to: 3000\n`,
  );
  assert.equal(parse(next!).sites[0].waf.exclude.length, 3);
});

test('where there is no place for a line nothing is changed', () => {
  for (const text of [
    'sites: [',
    'workers: 1\n',
    'waf: &w { mode: block }\nsites: [{ host: a.example, waf: *w }]\n',
    'sites: [{}]\n',
  ]) {
    assert.equal(withExclusions(text, 0, [one], 'why'), null);
    assert.equal(withMode(text, 0, 'detect'), null);
  }
});

test('what stands on one line stays on it', () => {
  const item = line.slice(2);
  for (const [text, next] of [
    ['sites: [{ host: a.example, to: 3000 }]', `sites: [{ host: a.example, to: 3000, waf: { exclude: [${item}] } }]`],
    [
      'sites:\n  - { to: [1, 2], breaker: {} } # b',
      `sites:\n  - { to: [1, 2], breaker: {}, waf: { exclude: [${item}] } } # b`,
    ],
    ['sites:\n  - to: 1\n    waf: { mode: off }', `sites:\n  - to: 1\n    waf: { mode: off, exclude: [${item}] }`],
    ["sites: [{ waf: { exclude: [{ place: 'a' }] } }]", `sites: [{ waf: { exclude: [{ place: 'a' }, ${item}] } }]`],
  ] as const)
    assert.equal(withExclusions(text, 0, [one], 'why'), next);
});

test('the mode of a site is put in the place of the one before, or where there is room', () => {
  for (const [text, next] of [
    ['sites: [{ host: a.example, to: 3000 }]\n', 'sites: [{ host: a.example, to: 3000, waf: { mode: detect } }]\n'],
    ['sites:\n  - to: 1\n\nworkers: 1\n', 'sites:\n  - to: 1\n    waf:\n      mode: detect\n\nworkers: 1\n'],
    ['sites:\n  - to: 1\n    waf: { mode: "block" } # x\n', 'sites:\n  - to: 1\n    waf: { mode: "detect" } # x\n'],
    ['sites:\n  - waf:\n      mode: off\n', 'sites:\n  - waf:\n      mode: detect\n'],
    [
      "sites:\n  - waf:\n      exclude:\n        - { place: 'a' } # c\n    to: 1\n",
      "sites:\n  - waf:\n      exclude:\n        - { place: 'a' } # c\n      mode: detect\n    to: 1\n",
    ],
    ['{"sites":[{"waf":{"mode":"off"}}]}', '{"sites":[{"waf":{"mode":"detect"}}]}'],
    ['{"sites":[{"to":3000}]}', null],
  ] as const)
    assert.equal(withMode(text, 0, 'detect'), next, text);
});
