import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readProblem } from './ca-trouble.ts';

test('a problem is told in one sentence, with what it says of each name', () => {
  const problem = readProblem(
    {
      type: 'urn:ietf:params:acme:error:rejectedIdentifier',
      detail: 'Some of the names are not served here',
      subproblems: [
        {
          type: 'urn:ietf:params:acme:error:rejectedIdentifier',
          detail: 'on a list\nof ours',
          identifier: { type: 'dns', value: 'a.example' },
        },
        'nonsense',
      ],
    },
    403,
    null,
  );
  assert.equal(
    problem.message,
    'the CA says rejectedIdentifier: Some of the names are not served here; a.example: on a list of ours',
  );
  assert.equal(problem.isOfCa, false);
});

test('what another CA may do better: rate limits and failures of its own', () => {
  const type = 'urn:ietf:params:acme:error:rateLimited';
  const limited = readProblem({ type, detail: 'too many' }, 429, 5000);
  assert.deepEqual([limited.isOfCa, limited.retryAfterMs, limited.type], [true, 5000, 'rateLimited']);
  assert.equal(readProblem(null, 503, null).isOfCa, true);
});

test('anything is read, bounded, on one line', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const { message } = readProblem(value, 400, null);
      assert.ok(message.startsWith('the CA says ') && !message.includes('\n'));
    }),
  );
  assert.ok(readProblem({ detail: 'x'.repeat(1e5) }, 400, null).message.length < 1000);
});
