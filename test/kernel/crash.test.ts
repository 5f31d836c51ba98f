// Killed at every step: whatever is the last thing that applying, confirming or going back did, the kernel has one whole table, and the next command brings it to its end.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  build,
  defaultKernel,
  type Firewall,
  findDrift,
  listTable,
  offTrial,
  type Program,
  replacement,
  type Table,
  tableName,
  tableOf,
} from '../../src/firewall/firewall.ts';
import {
  apply,
  type Candidate,
  type CommitTools,
  confirm,
  restore,
  rollback,
  Store,
  settleOverdue,
  startGuard,
  tableFor,
} from '../../src/supervisor/supervisor.ts';
import { type Namespace, namespace, whyNot } from './namespace.ts';

const skip = whyNot();

/** Thrown in place of the step at which the process is killed. */
class Killed extends Error {}

/** Counts the steps that reach the world, and kills at one: before it is done, or right after. */
class Fate {
  steps = 0;
  readonly #at: number;
  readonly #isAfter: boolean;

  constructor(at: number, isAfter: boolean) {
    this.#at = at;
    this.#isAfter = isAfter;
  }

  async step<T>(act: () => Promise<T>): Promise<T> {
    const isLast = this.steps++ === this.#at;
    if (isLast && !this.#isAfter) throw new Killed();
    const value = await act();
    if (isLast) throw new Killed();
    return value;
  }
}

function candidate(...rules: string[]): Candidate {
  const built = build({ default: 'deny', rules, comments: [], enforce: ['kernel'] }, { locate: () => '' });
  assert.ok(built.ok);
  return { firewall: built.value satisfies Firewall, kernel: defaultKernel, callers: null };
}

const former = candidate('allow tcp 22 from any', 'allow tcp 80 from 10.0.0.0/8');
const young = candidate('allow tcp 443 from any');

/** A machine whose time stands until it is moved. */
interface Ground {
  readonly nft: Program;
  readonly directory: string;
  nowMs: number;
}

function ground(t: TestContext, { nft }: Namespace): Ground {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-crash-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return { nft, directory, nowMs: Date.now() };
}

/** Tools that may be killed; a guard that never does anything by itself, so that what is left is what the killed process left. */
function tools({ nft, directory }: Ground, clock: Ground, fate: Fate = new Fate(-1, false)): CommitTools {
  const steps = new Set(['open', 'keep', 'setCurrent', 'setPending', 'takePending', 'finish', 'putBack']);
  const store = new Proxy(new Store(directory), {
    get: (target, name) => {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      const call = (...args: unknown[]) => Reflect.apply(value, target, args) as Promise<unknown>;
      return steps.has(String(name)) ? (...args: unknown[]) => fate.step(() => call(...args)) : call;
    },
  });
  return {
    nft: {
      run: (args, input) =>
        args.includes('-f') && !args.includes('-c') ? fate.step(() => nft.run(args, input)) : nft.run(args, input),
    },
    conntrack: { run: async () => ({ ok: true, output: '' }) },
    reader: { read: () => null, list: () => [], link: () => null },
    env: {},
    pid: 1,
    store,
    now: () => clock.nowMs,
    startGuard: () => fate.step(async () => ({ ok: true, value: 1 })),
    endGuard: () => undefined,
  };
}

async function standing({ nft }: Ground): Promise<Table | null> {
  const listed = await listTable(nft);
  assert.ok(listed.ok);
  if (listed.value === null) return null;
  const read = tableOf(listed.value, tableName);
  assert.ok(read.ok);
  return read.value;
}

/** Whose rules the table has, on trial or not. */
async function whose(place: Ground): Promise<string> {
  const table = await standing(place);
  if (table === null) return 'none';
  const objects = replacement(offTrial(table)).flatMap(({ json }) =>
    'add' in (json as object) ? [(json as { add: never }).add] : [],
  );
  const isOn = table.chains.length !== offTrial(table).chains.length;
  const names = Object.entries({ former, young }).filter(
    ([, each]) => findDrift(tableFor(each, [], null), objects).length === 0,
  );
  assert.equal(names.length, 1, 'the table is neither the former nor the new one: half of something');
  return `${names[0]![0]}${isOn ? ' on trial' : ''}`;
}

const wishes = { confirmSeconds: 60, evenIfItLocksMeOut: false };

/** Runs something that may be killed; whether it was. */
async function isKilled(act: () => Promise<{ ok: boolean }>): Promise<boolean> {
  try {
    const done = await act();
    assert.ok(done.ok);
    return false;
  } catch (error) {
    if (error instanceof Killed) return true;
    throw error;
  }
}

async function begin(t: TestContext, space: Namespace): Promise<Ground> {
  const place = ground(t, space);
  const first = await apply(former, { ...wishes, confirmSeconds: 0, how: 'apply' }, tools(place, place));
  assert.ok(first.ok);
  return place;
}

/** Tries every step, before and after it is done; `check` looks at what is left. Gives how many steps there were. */
async function atEveryStep(
  t: TestContext,
  prepare: (place: Ground) => Promise<void>,
  act: (kit: CommitTools) => Promise<{ ok: boolean }>,
  check: (place: Ground) => Promise<void>,
): Promise<number> {
  const space = namespace(t, 'crash');
  for (let at = 0; ; at++)
    for (const isAfter of [false, true]) {
      const place = await begin(t, space);
      await prepare(place);
      const fate = new Fate(at, isAfter);
      if (!(await isKilled(() => act(tools(place, place, fate))))) return at;
      await check(place);
    }
}

test('applying on trial: the table is the former or the one on trial, and after the deadline the former', {
  skip,
}, async (t) => {
  const seen = new Set<string>();
  const steps = await atEveryStep(
    t,
    async () => undefined,
    (kit) => apply(young, { ...wishes, how: 'apply' }, kit),
    async (place) => {
      seen.add(await whose(place));
      place.nowMs += 3_600_000;
      assert.ok((await settleOverdue(tools(place, place))).ok);
      assert.equal(await whose(place), 'former');
      const again = await apply(young, { ...wishes, confirmSeconds: 0, how: 'apply' }, tools(place, place));
      assert.ok(again.ok);
      assert.equal(await whose(place), 'young');
    },
  );
  assert.equal(steps, 5);
  assert.deepEqual([...seen].sort(), ['former', 'young on trial']);
});

test('applying for good: the table is the former or the new one', { skip }, async (t) => {
  const seen = new Set<string>();
  await atEveryStep(
    t,
    async () => undefined,
    (kit) => apply(young, { ...wishes, confirmSeconds: 0, how: 'apply' }, kit),
    async (place) => {
      seen.add(await whose(place));
      assert.ok((await apply(young, { ...wishes, confirmSeconds: 0, how: 'apply' }, tools(place, place))).ok);
      assert.equal(await whose(place), 'young');
    },
  );
  assert.deepEqual([...seen].sort(), ['former', 'young']);
});

test('confirming: the rules are on trial or kept, and the next command keeps or takes back as far as it came', {
  skip,
}, async (t) => {
  const ends = new Set<string>();
  await atEveryStep(
    t,
    async (place) => {
      assert.ok((await apply(young, { ...wishes, how: 'apply' }, tools(place, place))).ok);
    },
    (kit) => confirm(kit),
    async (place) => {
      const left = await whose(place);
      assert.ok(left === 'young' || left === 'young on trial', left);
      place.nowMs += 3_600_000;
      assert.ok((await settleOverdue(tools(place, place))).ok);
      const now = await whose(place);
      assert.equal(now, left === 'young' ? 'young' : 'former');
      const store = new Store(place.directory);
      assert.equal(await store.current(), now === 'young' ? 2 : 1);
      assert.equal(await store.pending(), null);
      ends.add(now);
    },
  );
  assert.deepEqual([...ends].sort(), ['former', 'young']);
});

test('the guard, killed while it takes back: the next command takes back', { skip }, async (t) => {
  await atEveryStep(
    t,
    async (place) => {
      assert.ok((await apply(young, { ...wishes, how: 'apply' }, tools(place, place))).ok);
    },
    (kit) => restore(kit),
    async (place) => {
      place.nowMs += 3_600_000;
      assert.ok((await settleOverdue(tools(place, place))).ok);
      assert.equal(await whose(place), 'former');
      assert.equal(await new Store(place.directory).current(), 1);
    },
  );
});

test('going back: one whole table, whenever it ends', { skip }, async (t) => {
  await atEveryStep(
    t,
    async (place) => {
      assert.ok((await apply(young, { ...wishes, confirmSeconds: 0, how: 'apply' }, tools(place, place))).ok);
    },
    async (kit) => rollback(1, { ...wishes, confirmSeconds: 0 }, kit),
    async (place) => {
      assert.ok(['former', 'young'].includes(await whose(place)));
      assert.ok((await rollback(1, { ...wishes, confirmSeconds: 0 }, tools(place, place))).ok);
      assert.equal(await whose(place), 'former');
    },
  );
});

test('of two who apply at once one does, and what comes back is what stood before both', { skip }, async (t) => {
  const place = ground(t, namespace(t, 'crash'));
  assert.ok((await apply(former, { ...wishes, confirmSeconds: 0, how: 'apply' }, tools(place, place))).ok);
  // Both live, as far as each can see of the other.
  const reader = { read: () => 'node\0portcullis\0apply', list: () => [], link: () => null };
  const done = await Promise.all(
    [7, 8].map((pid) => apply(young, { ...wishes, how: 'apply' }, { ...tools(place, place), reader, pid })),
  );
  const refused = done.flatMap((each) => (each.ok ? [] : [each.trouble.says]));
  assert.deepEqual(refused, ["another command is changing the kernel's rules at this moment"]);
  assert.equal(await whose(place), 'young on trial');
  assert.ok((await rollback(null, wishes, tools(place, place))).ok);
  assert.equal(await whose(place), 'former');
  // The lock of a command that was killed keeps nobody out: its process is none of ours any more.
  assert.equal(await new Store(place.directory).lock(9, () => true), true);
  assert.ok((await apply(young, { ...wishes, confirmSeconds: 0, how: 'apply' }, tools(place, place))).ok);
});

test('a guard that cannot be started: nothing is applied', { skip }, async (t) => {
  const place = await begin(t, namespace(t, 'crash'));
  for (const [program, why] of [
    [['/nonexistent/portcullis'], /cannot be started, so nothing was applied: spawn \/nonexistent\/portcullis ENOENT$/],
    [['false'], /cannot be started, so nothing was applied: it ended \(exit code 1\)$/],
    [
      ['sh', '-c', 'echo no room for a guard >&2; exit 3'],
      /cannot be started, so nothing was applied: no room for a guard$/,
    ],
  ] as const) {
    const kit = { ...tools(place, place), startGuard: () => startGuard(place.directory, program) };
    const done = await apply(young, { ...wishes, how: 'apply' }, kit);
    assert.ok(!done.ok);
    assert.match(done.trouble.says, why);
    assert.equal(await whose(place), 'former');
    assert.equal(await kit.store.pending(), null);
  }
});
