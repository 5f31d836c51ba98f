// Names of members that report.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isReported } from './reported.ts';

test('members under those of reports are told by their way', () => {
  assert.ok(isReported('exception.values.0.stacktrace.frames.0.context_line'));
  assert.ok(isReported('batch.0.context.page.referrer'));
  assert.ok(!isReported('stacktrace'));
  assert.ok(!isReported('comment.text'));
});
