import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { withExclusions } from './edit.ts';

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
    'sites: [{ host: a.example, to: 3000 }]\n',
    '{"sites":[{"host":"a.example","to":3000}]}',
    'sites: [',
    'workers: 1\n',
  ])
    assert.equal(withExclusions(text, 0, [one], 'why'), null);
});
