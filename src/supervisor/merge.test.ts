import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ControlQuestion } from './control.ts';
import { added, merges, withShare, withTallies } from './merge.ts';

test('counts are added, facts and words are those of the first', () => {
  assert.deepEqual(
    added([
      { port: 443, open: 2, name: 'a', perStage: { idle: 1 }, none: null },
      { port: 443, open: 3, name: 'a', perStage: { idle: 2, tunnel: 1 }, none: null },
    ]),
    { port: 443, open: 5, name: 'a', perStage: { idle: 3, tunnel: 1 }, none: null },
  );
});

test('entries of a list are added by their name, wherever they stand', () => {
  assert.deepEqual(
    added([
      [
        { endpoint: 'a', busy: 1 },
        { endpoint: 'b', busy: 2 },
      ],
      [
        { endpoint: 'b', busy: 10 },
        { endpoint: 'a', busy: 20 },
      ],
    ]),
    [
      { endpoint: 'a', busy: 21 },
      { endpoint: 'b', busy: 12 },
    ],
  );
  assert.deepEqual(added([['x', 1], ['y']]), ['x', 1]);
});

test('a moment is no count: a certificate ends when it does, however many workers have it', () => {
  const certificates = [{ name: 'a', notAfter: 1_803_451_455_000 }];
  assert.deepEqual(added([{ certificates }, { certificates }]), { certificates });
});

test('a trouble that only one worker has is told', () => {
  assert.deepEqual(added([{ trouble: '' }, { trouble: 'disk full' }]), { trouble: 'disk full' });
});

test('status: memory is a sum, descriptors are those of the worker that has the fewest left', () => {
  const of = (open: number, rssBytes: number, left: number, perConnectionBytes: number) => ({
    connections: { open, max: 100 },
    memory: { rssBytes, availableBytes: 7, perConnectionBytes },
    descriptors: { open: 10, limit: 20, left },
  });
  assert.deepEqual(merges.status!([of(100, 5, 9, 10), of(300, 6, 3, 30)], { ask: 'status' }), {
    connections: { open: 400, max: 100 },
    memory: { rssBytes: 11, availableBytes: 7, perConnectionBytes: 25 },
    descriptors: { open: 10, limit: 20, left: 3 },
  });
});

test('connections of all workers, the oldest first, as many as were asked for', () => {
  const answers = [
    { total: 5, rows: [{ ageMs: 30 }, { ageMs: 10 }] },
    { total: 2, rows: [{ ageMs: 20 }] },
  ];
  assert.deepEqual(merges.connections!(answers, { ask: 'connections', limit: 2 }), {
    total: 7,
    rows: [{ ageMs: 30 }, { ageMs: 20 }],
  });
});

test('pages of connections of all workers hold every one once, however numbers are spread', () => {
  const number = fc.uniqueArray(fc.nat(300), { maxLength: 120 });
  fc.assert(
    fc.property(fc.array(number, { minLength: 1, maxLength: 7 }), fc.integer({ min: 1, max: 40 }), (parts, limit) => {
      const known = new Set<number>();
      // A number is of one worker alone.
      const workers = parts.map((numbers) =>
        numbers.filter((one) => one > 0 && !known.has(one) && known.add(one)).sort((one, other) => one - other),
      );
      const seen: number[] = [];
      for (let after: number | null = 0; after !== null; ) {
        const question: ControlQuestion = withShare({ ask: 'connections', after, limit }, workers.length);
        const from: number = after;
        const answers = workers.map((numbers) => ({
          total: numbers.length,
          rows: numbers
            .filter((one) => one > from)
            .slice(0, Number(question.share))
            .map((one) => ({ number: one })),
        }));
        const page = merges.connections!(answers, question) as { rows: { number: number }[]; next: number | null };
        assert.ok(page.rows.length <= limit && (page.next === null || page.next > from));
        seen.push(...page.rows.map((row) => row.number));
        after = page.next;
      }
      assert.deepEqual(
        seen,
        [...known].sort((one, other) => one - other),
      );
    }),
  );
});

test('firewall: only the hits are added up', () => {
  const of = (hits: number) => ({ rules: [{ number: 1, hits }], default: 'DENY', defaultHits: hits });
  assert.deepEqual(merges.firewall!([of(1), of(2)], { ask: 'firewall' }), {
    rules: [{ number: 1, hits: 3 }],
    default: 'DENY',
    defaultHits: 3,
  });
});

test('explain: the journey of whoever has it; journeys of all, the newest first', () => {
  const reasons = {};
  assert.deepEqual(
    merges.explain!(
      [
        { journey: null, reasons },
        { journey: { id: 'x' }, reasons },
      ],
      { ask: 'explain' },
    ),
    { journey: { id: 'x' }, reasons },
  );
  assert.deepEqual(
    merges.explain!(
      [
        { journeys: [{ time: '2026-01-02' }], reasons },
        { journeys: [{ time: '2026-01-03' }, { time: '2026-01-01' }], reasons },
      ],
      { ask: 'explain' },
    ),
    { journeys: [{ time: '2026-01-03' }, { time: '2026-01-02' }, { time: '2026-01-01' }], reasons },
  );
});

test('what workers that are gone had counted stays counted', () => {
  const status = {
    connections: { open: 1, denied: 1, refused: 0 },
    requests: { total: 10, detected: 0, refusedByWhy: { 'waf/x': 1 }, statuses: { '2xx': 9 } },
    listeners: [{ name: ':443 tls', port: 443, accepted: 4 }],
  };
  const gone = {
    exchanges: 5,
    detected: 1,
    whys: { 'waf/x': 2, 'firewall/denied': 3, 'connections/too-many': 4 },
    statuses: { '2xx': 5 },
    accepted: { ':443 tls': 6, ':80': 1 },
  };
  assert.deepEqual(withTallies(status, [gone, gone]), {
    connections: { open: 1, denied: 7, refused: 8 },
    requests: {
      total: 20,
      detected: 2,
      refusedByWhy: { 'waf/x': 5, 'firewall/denied': 6, 'connections/too-many': 8 },
      statuses: { '2xx': 19 },
    },
    listeners: [{ name: ':443 tls', port: 443, accepted: 16 }],
  });
  assert.deepEqual(withTallies(status, []), status);
});

test('bill: what each rule cost and found is added up over the workers, the dearest first', () => {
  const row = (id: number, hits: number, cpuMs: number) => ({ id, at: `/a.conf:${id}`, hits, asked: 10, cpuMs });
  const one = { phases: 4, sharedMs: 1, overruns: 0, rows: [row(1, 1, 5), row(2, 2, 3)] };
  const other = { phases: 6, sharedMs: 2, overruns: 1, rows: [row(2, 3, 4), row(3, 0, 1)] };
  const merged = merges.bill!([one, other], { ask: 'bill' });
  assert.deepEqual(merged, {
    phases: 10,
    sharedMs: 3,
    overruns: 1,
    rows: [{ ...row(2, 5, 7), asked: 20 }, row(1, 1, 5), row(3, 0, 1)],
  });
  assert.equal(merges.bill!([null, null], { ask: 'bill' }), null);
});
