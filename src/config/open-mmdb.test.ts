import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mmdb } from '../../test/mmdb.ts';
import { openMmdb } from './open-mmdb.ts';

const whole = mmdb('Country', { 1: { country: { iso_code: 'AU' } } });

test('a whole database can be asked, what is none throws', () => {
  assert.deepEqual(openMmdb(whole).get('1.1.1.1'), { country: { iso_code: 'AU' } });
  assert.throws(() => openMmdb(Buffer.from('hello')));
  assert.throws(() => openMmdb(whole.subarray(whole.length / 2)));
});
