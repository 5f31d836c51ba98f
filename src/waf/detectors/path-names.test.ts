// Which names of files are asked for in which arguments.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../../test/waf-asking.ts';
import { detectNamedFile } from './path-names.ts';

const of = (value: string, name = 'file', inHead = true) =>
  detectNamedFile(subjectOf(value, name, false, inHead))?.id ?? 0;

test('secrets by their bare names', () => {
  for (const value of ['.htaccess', 'config/database.yml', 'WEB.CONFIG', '.git/config', 'conf\\.env', 'id_rsa'])
    assert.equal(of(value), 1030009, value);
});

test('names of anything else, and secrets in other places', () => {
  for (const value of ['report.pdf', 'myweb.config', 'docs/.env.md', 'settings.py']) assert.equal(of(value), 0, value);
  assert.equal(of('.htaccess', 'q'), 0);
  assert.equal(of('.htaccess', 'file', false), 0);
});
