import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../base/address.ts';
import { isPublicAddress } from '../../base/public-name.ts';
import { stranger, strangerPort } from './stranger.ts';

for (const family of [4, 6] as const)
  test(`the stranger of IPv${family} is somebody on the Internet`, () => {
    const parsed = parseAddress(stranger[family]);
    assert.ok(parsed.ok && parsed.value.family === family);
    assert.ok(isPublicAddress(stranger[family]));
  });

test('the port is an ephemeral one', () => assert.ok(strangerPort > 32_768 && strangerPort < 60_999));
