// Names of secrets in paths.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalPath, isSecretAt, namesSecret, secretFiles, secretNames } from './path-secrets.ts';

test('one of the folders or the file may be the secret', () => {
  for (const path of ['/home/ann/.ssh/id_rsa', '/srv/app/.env', 'C:/Users/ann/.aws/credentials', '/a/.git/config'])
    assert.ok(namesSecret(path), path);
  for (const path of ['/home/ann/notes.html', '.ssh', '/a/ssh/keys', '']) assert.ok(!namesSecret(path), path);
});

test('a secret stands where it is asked for', () => {
  assert.ok(isSecretAt('../../etc/passwd', 5));
  assert.ok(!isSecretAt('../../etc/passwd', 0));
});

test('paths are read as a file system does', () => {
  assert.equal(canonicalPath('/Etc//./passwd'), '/etc/passwd');
  assert.equal(canonicalPath('\\Windows\\win.ini'), '/windows/win.ini');
});

test('no folder and no beginning is asked for by its bare name', () => {
  assert.ok(secretNames.includes('.ssh/') && !secretFiles.includes('.ssh/') && !secretFiles.includes('wp-config.'));
  assert.ok(secretFiles.includes('.htaccess') && secretFiles.includes('wp-config.php'));
});
