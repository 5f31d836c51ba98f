// Addresses of schemes that read, run or speak, and texts that only name them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectWrapper } from './path-wrapper.ts';

for (const value of [
  'php://filter/convert.base64-encode/resource=index.php',
  'php://input',
  'expect://ls -la',
  'data://text/plain,<?php system("id") ?>',
  'phar://a.jpg/x',
  'file:///etc/passwd',
  'file:///home/anna/.ssh/id_rsa',
  'FILE:///c:/windows/win.ini',
])
  test(`${value} is one`, () => assert.equal(detectWrapper(value, 0)?.id, 1030004));

for (const value of [
  'php://input json',
  'php://memory or php://temp',
  'file:///C:/Users/anna/notes.html',
  'file:///home/anna/a.ts',
  'https://example.com/php://',
  'phar of light',
])
  test(`${value} is none`, () => assert.equal(detectWrapper(value, 0), null));
