// Paths of scanners, and paths of sites that resemble them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectProbe } from './probe.ts';

const cases: readonly (readonly [string, number])[] = [
  ['/actuator/env', 1013010],
  ['/x/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php', 1013010],
  ['/config.php.bak', 1013011],
  ['/a/index.php~', 1013011],
  ['/backup.sql', 1013012],
  ['/.kube/config', 1013013],
  ['/server-status?auto', 1013010],
  ['/server-status-page', 0],
  ['/anna/shop/blob/main/.vscode/settings.json', 0],
  ['/blob/.kube/config', 1013013],
  ['/actuator/health', 0],
  ['/anna/shop/blob/main/schema.sql', 0],
  ['/.well-known/security.txt', 0],
  ['/docs/backup.html', 0],
  ['/~anna/', 0],
  ['/index.php', 0],
];

for (const [path, id] of cases)
  test(`${path} ${id === 0 ? 'passes' : `is ${id}`}`, () => assert.equal(detectProbe(path)?.id ?? 0, id));
