// A site's own word to the WAF goes before the whole gate's, one by one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsFrom } from './config.ts';
import { withoutUndefined } from './waf-settings.ts';

test('what a site leaves out is what the whole gate says', () => {
  const { sites } = settingsFrom({
    waf: {
      threshold: 7,
      graphql: { introspection: 'allow', max_depth: 9 },
      redirects: { parameters: ['next'], hosts: ['a.example'] },
    },
    sites: [
      { host: 'a.example', to: 1 },
      {
        host: 'b.example',
        to: 2,
        waf: { mode: 'detect', threshold: 5, graphql: { max_depth: 4 }, redirects: { hosts: ['*.b.example'] } },
      },
    ],
  });
  const graphql = { introspection: true, maxDepth: 9, maxAliases: 60, maxDirectives: 50, maxBatch: 20 };
  assert.deepEqual(
    sites.map(({ waf }) => waf),
    [
      { mode: 'block', exclude: [], threshold: 7, graphql, redirects: { parameters: ['next'], hosts: ['a.example'] } },
      {
        mode: 'detect',
        exclude: [],
        threshold: 5,
        graphql: { ...graphql, maxDepth: 4 },
        redirects: { parameters: ['next'], hosts: ['*.b.example'] },
      },
    ],
  );
});

test('wrong words are told with what was expected', () => {
  const wrong: readonly object[] = [
    { threshold: 0 },
    { graphql: { introspection: 'deny' } },
    { graphql: { max_depth: 0 } },
    { redirects: { hosts: ['https://a.example/'] } },
    { redirects: { parameter: ['next'] } },
  ];
  for (const waf of wrong) {
    assert.throws(() => settingsFrom({ sites: [{ to: 1 }], waf } as never), JSON.stringify(waf));
    assert.throws(() => settingsFrom({ sites: [{ to: 1, waf }] } as never), JSON.stringify(waf));
  }
});

test('members that are undefined are left out', () => {
  assert.deepEqual(Object.keys(withoutUndefined({ a: 1, b: undefined })), ['a']);
});
