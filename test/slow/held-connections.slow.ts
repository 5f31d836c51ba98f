// Ten thousand idle TLS connections on one port and one worker: held, listed, counted, and the next client is served.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const count = 10_000;
const script = join(import.meta.dirname, '../../bench/connections.ts');

test(`${count} connections are held, and the one after them is served`, { timeout: 240_000 }, async (context) => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--count', String(count), '--json']).catch(
    (error: { stdout: string; stderr: string }) => {
      throw new Error(`the measurement missed its aim:\n${error.stdout}${error.stderr}`);
    },
  );
  const report = JSON.parse(stdout);
  context.diagnostic(`${(report.bytesEach / 1024).toFixed(1)} KiB each, ${report.descriptors.used} descriptors`);
  assert.equal(report.open, count);
  assert.ok(report.listed >= count && report.counted >= count, `listed ${report.listed}, counted ${report.counted}`);
  assert.equal(report.dropped, 0);
  assert.equal(report.oneMore.status, 200);
  assert.equal(report.remaining, 0);
  const [connections, memory, descriptors] = report.told;
  assert.match(connections, /^connections +10,\d\d\d open of at most 20,000 \(idle 10,\d\d\d\), /);
  assert.match(memory, /^memory +\d+ MiB, \d\d(\.\d)? KiB a connection/);
  assert.match(descriptors, /^descriptors +10,\d\d\d open of [\d,]+, [\d,]+ left$/);
});
