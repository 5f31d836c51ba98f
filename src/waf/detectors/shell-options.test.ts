// Values that programs take for options, and those that only begin with a dash.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeOption } from './shell-options.ts';

for (const value of [
  '-oProxyCommand=id',
  '-o ProxyCommand=id x',
  '--upload-pack=touch x',
  '--checkpoint=1',
  '--checkpoint-action=exec=sh x.sh',
  '--use-compress-program=id',
  '--eval=id',
  '--output-document=/tmp/x',
  '--output=/srv/x.php',
  '--post-file=/etc/passwd',
  '--config=/etc/passwd',
  '-O /tmp/x',
  '-X/tmp/x.cf',
  '-K /etc/passwd',
  '-exec id {} +',
  '-e sh x',
  '-I id',
  '-c core.sshCommand=id',
  'ext::sh -c id',
  '@/etc/passwd',
])
  test(`${value} is an option`, () => assert.equal(judgeOption(value)?.score, 5));

for (const value of [
  '-5',
  '-created',
  '--',
  '-- the end',
  '- a list',
  '--help',
  '--config=/etc/app/config.yml',
  '--storage.path=/prometheus',
  '--eval',
  '--command=serve',
  '-v $(pwd):/app',
  '-e NODE_ENV=production',
  '-I/usr/include',
  'external',
  '@anna',
  '@/components/app',
])
  test(`${value} is none`, () => assert.equal(judgeOption(value), null));
