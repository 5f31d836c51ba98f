// The bill on a screen.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError, type World } from './command.ts';
import { screen, waf } from './waf.ts';

const paper = { stdout: { write: () => true } };

test('the dearest rules come first, beside the pass that all share', () => {
  const bill = {
    phases: 1600,
    sharedMs: 30,
    overruns: 1,
    rows: [
      { id: 942_100, at: 'sqli.conf:46', hits: 3, asked: 1200, cpuMs: 60 },
      { id: 941_100, at: 'xss.conf:83', hits: 0, asked: 10, cpuMs: 10 },
      { id: 920_170, at: 'protocol.conf:9', hits: 0, asked: 1, cpuMs: 0 },
    ],
  };
  assert.equal(
    screen(bill, 2, paper),
    [
      '1,600 phases of requests, 100.0 ms in all; 1 spent their budget. Times are reckoned from one phase in 17.',
      '',
      'RULE    HITS  ASKED    MS   SHARE  US EACH  WHERE',
      'all                  30.0  30.0 %           the pass over values that all rules share',
      '942100     3  1,200  60.0  60.0 %     50.0  sqli.conf:46',
      '941100     0     10  10.0  10.0 %   1000.0  xss.conf:83',
      '1 more rules were asked: --top shows them.',
      '',
    ].join('\n'),
  );
});

test('a gate that judged nothing has an empty bill', () => {
  assert.match(
    screen({ phases: 0, sharedMs: 0, overruns: 0, rows: [] }, 20, paper),
    /^0 phases of requests, 0\.0 ms in all/,
  );
});

test('what is no word of waf, and no number of rules, is told', async () => {
  const asked = (words: string[], options = {}) => waf.run({ words, options }, {} as World);
  await assert.rejects(asked([]), new UsageError('waf needs a word: bill, test, rules, learn, exclude'));
  await assert.rejects(
    asked(['bil']),
    new UsageError('waf has no word "bil": write one of bill, test, rules, learn, exclude'),
  );
  await assert.rejects(asked(['bill', 'x']), new UsageError('"x" is not expected behind bill'));
  const top = new UsageError('--top 0 is no number of rules: write a whole number from 1');
  await assert.rejects(asked(['bill'], { top: '0' }), top);
});
