// Requests put to the rules of one text, phase by phase, without a WAF around: what tests of the program look through.

import assert from 'node:assert/strict';
import { load } from '../src/waf/compile/load.ts';
import { planOf } from '../src/waf/compile/plan.ts';
import { Bill } from '../src/waf/program/bill.ts';
import type { Plan } from '../src/waf/program/program.ts';
import { type Needed, runPhase } from '../src/waf/program/run.ts';
import { compileSet } from '../src/waf/regex/regex.ts';
import { Lasting } from '../src/waf/transaction/lasting.ts';
import { AskedNames } from '../src/waf/transaction/members.ts';
import { Transaction } from '../src/waf/transaction/transaction.ts';
import { Pairs } from '../src/waf/variables/pairs.ts';
import { toolsOf } from './waf-patterns.ts';

/** The rules of `text`, with their plan and their bill; `neededBy` tells after the plan which of them are asked. */
export function ruleWorld(text: string, neededBy: (plan: Plan) => Needed) {
  const loaded = load([{ name: '/a.conf', text }], toolsOf());
  assert.ok(loaded.ok);
  const { program } = loaded;
  const plan = planOf(program, compileSet as never);
  const needed = neededBy(plan);
  const bill = new Bill(program);
  /** A request that no phase has seen; its fields have their names as values. */
  const begin = (method: string, uri = '/', names: readonly string[] = []): Transaction =>
    new Transaction(
      {
        ...{ id: 'x', startedAt: 0, method, uriRaw: uri, uri, filename: uri, query: '', protocol: 'HTTP/1.1' },
        ...{ clientAddress: '203.0.113.7', clientPort: 1, serverAddress: '192.0.2.1', serverPort: 443 },
        ...{ serverName: 'h', headers: new Pairs([...names], [...names]) },
      },
      program.settings,
      plan.beneath,
      {
        ...{ now: () => 0, monotonicMs: () => 0, cpuMs: () => 0, lasting: new Lasting(() => 0), site: 's' },
        asked: new AskedNames(),
      },
      plan.watched,
    );
  /** Puts it through both phases of requests. */
  const pass = (transaction: Transaction): Transaction => {
    for (const phase of [1, 2] as const) runPhase(program, transaction, phase, needed, bill);
    return transaction;
  };
  return { program, plan, needed, bill, begin, pass };
}
