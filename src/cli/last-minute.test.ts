import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastMinute } from './last-minute.ts';

test('the last minute is a line, with what was refused by whom', () => {
  const at = Array.from({ length: 4 }, (_, index) => index);
  const columns = {
    requests: [0, 100, 200, 400],
    exchangeP50Ms: [null, 1.25, 1.5, 2],
    exchangeP99Ms: [null, 12, 9, 30.4],
    cpuCores: [0.1, 0.2, 0.3, 0.2],
    'block.waf': [0, 10, 10, 20],
    'block.rates': [0, 0, 0, 2],
    'block.tls': [0, 0, 0, 0],
    'pass.app': [0, 90, 190, 378],
  };
  assert.equal(
    lastMinute({ at, columns }),
    '▁▃▅█ 175 requests a second, median 2.0 ms, 99 % 30 ms, 0.20 cores, refused 11 a second (waf 10, rates 0.5)',
  );
});

test('nothing measured is nothing said, and a gate that rests has a flat line', () => {
  assert.equal(lastMinute({ at: [], columns: {} }), '');
  assert.equal(lastMinute({ at: [1, 2], columns: { requests: [0, 0] } }), '▁▁ 0 requests a second, 0.00 cores');
});
