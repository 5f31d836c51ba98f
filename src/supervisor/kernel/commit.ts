// Puts rules into the kernel so that they take themselves back: applied on trial, confirmed over a new connection, or undone.

import {
  checkTable,
  type Done,
  findDrift,
  type KernelTrouble,
  listTable,
  offTrial,
  onTrial,
  putTable,
  removeTable,
  settingOf,
  type Table,
  tableName,
  tableOf,
  withCallersOf,
  withoutCallers,
} from '../../firewall/firewall.ts';
import { type Established, listEstablished } from '../../ports/ports.ts';
import { type Candidate, cutText, firewallOf, type KernelTools, type Plan, planFor, untracked } from './candidate.ts';
import { callerOf, isSame } from './sessions.ts';
import type { Pending, Store, StoredGeneration } from './store.ts';
import { forgetCut } from './tracked.ts';
import { untrackedRemedy } from './untracked.ts';

/** What changes things needs beside what looks. */
export interface CommitTools extends KernelTools {
  readonly store: Store;
  /** Milliseconds since 1970. */
  now(): number;
  /** Starts the guard of the pending generation; its pid once it is ready, or why there is none. */
  startGuard(): Promise<Done<number>>;
  /** Ends the guard, which then finds nothing to undo. */
  endGuard(pid: number): void;
}

/** How something is applied. */
export interface ApplyWishes {
  /** Seconds within which it must be confirmed; 0 for at once and for good. */
  readonly confirmSeconds: number;
  readonly evenIfItLocksMeOut: boolean;
  /** `apply`, `rollback to 3`. */
  readonly how: string;
}

/** What was applied. `deadline` is null where nothing needs to be confirmed. */
export interface Applied {
  readonly generation: StoredGeneration;
  readonly plan: Plan;
  readonly deadline: number | null;
}

/** Longest wait for a guard to say that it is ready, in ms: a busy machine takes its time. */
export const maxStartMs = 60_000;

/** The kernel holds the rules this much longer than the guard, in seconds, so that the guard is the one who tells. */
const kernelGraceSeconds = 3;

/** Does something while no other command changes the kernel's rules: two at once would each take the other's for the former ones. */
async function alone<T>(tools: CommitTools, act: () => Promise<Done<T>>): Promise<Done<T>> {
  const isOurs = (pid: number) => (tools.reader.read(`/proc/${pid}/cmdline`) ?? '').includes('portcullis');
  if (!(await tools.store.lock(tools.pid, isOurs)))
    return refusal(
      "another command is changing the kernel's rules at this moment",
      'look what it does, and ask again when it has ended',
    );
  try {
    return await act();
  } finally {
    await tools.store.unlock();
  }
}

/** Puts a candidate into the kernel, all of it or nothing. */
export async function apply(candidate: Candidate, wishes: ApplyWishes, tools: CommitTools): Promise<Done<Applied>> {
  await tools.store.open();
  return alone(tools, () => applyAlone(candidate, wishes, tools));
}

async function applyAlone(candidate: Candidate, wishes: ApplyWishes, tools: CommitTools): Promise<Done<Applied>> {
  const { store } = tools;
  const waiting = await settleOverdue(tools);
  if (!waiting.ok) return waiting;
  if (waiting.value !== null)
    return refusal(
      `generation ${waiting.value.generation.number} waits to be confirmed`,
      '`portcullis confirm` keeps it, `portcullis rollback` takes it back; then apply anew',
    );
  const formerNumber = await store.current();
  const planned = await planFor(candidate, await store.find(formerNumber), tools);
  if (!planned.ok) return planned;
  const plan = planned.value;
  if (plan.lockouts.length > 0 && !wishes.evenIfItLocksMeOut) return refusal(lockoutText(plan), lockoutRemedy(plan));
  const generation = await generationOf(candidate, plan, wishes.how, tools);
  const checked = await checkTable(tools.nft, plan.table);
  if (!checked.ok) return checked;
  const applied =
    wishes.confirmSeconds === 0
      ? await applyForGood(generation, plan, tools)
      : await applyOnTrial(generation, plan, formerNumber, wishes.confirmSeconds, tools);
  // Because their packets are dropped from now on, nothing can bring the entries back in between.
  if (applied.ok)
    await forgetCut(
      tools.conntrack,
      plan.cuts.map(({ live }) => live),
    );
  return applied;
}

function lockoutText({ lockouts }: Plan): string {
  const own = lockouts.filter(({ live }) => live.kind === 'caller');
  if (own.length > 0) return `this would cut your own connection: ${cutText(own[0]!)}`;
  const what = lockouts.every(({ live }) => live.kind === 'ssh') ? ' of SSH' : ' of SSH or the dashboard';
  return `this would cut ${lockouts.length === 1 ? 'a session' : `${lockouts.length} sessions`}${what}: ${lockouts.slice(0, 3).map(cutText).join(', ')}`;
}

function lockoutRemedy({ lockouts }: Plan): string {
  const isUntracked = lockouts.every(({ rule }) => rule === untracked);
  return `${isUntracked ? untrackedRemedy : 'allow it by a rule'}, or say --even-if-it-locks-me-out`;
}

async function applyForGood(
  generation: StoredGeneration,
  plan: Plan,
  { nft, store }: CommitTools,
): Promise<Done<Applied>> {
  await store.keep(generation);
  const put = await putTable(nft, plan.table);
  if (!put.ok) return put;
  await store.setCurrent(generation.number);
  return { ok: true, value: { generation, plan, deadline: null } };
}

/** Because each step may be the last (a power cut, a kill), each leaves what the next start can put right: see `settleOverdue`. */
async function applyOnTrial(
  generation: StoredGeneration,
  plan: Plan,
  formerNumber: number,
  seconds: number,
  tools: CommitTools,
): Promise<Done<Applied>> {
  const { nft, store } = tools;
  const former = plan.standing === null ? null : withoutCallers(plan.standing);
  const caller = callerOf(tools.env, tools.pid, tools.reader);
  const known = listEstablished(tools.reader).map(knownText);
  const about = { generation, former, formerNumber, caller, known };
  // Because a guard may be slow to start, the time that people have begins when it stands.
  await store.setPending({ ...about, deadline: tools.now() + maxStartMs + seconds * 1000, guardPid: 0 });
  const guard = await tools.startGuard();
  if (!guard.ok) {
    await store.takePending();
    await store.finish();
    return guard;
  }
  const deadline = tools.now() + seconds * 1000;
  await store.setPending({ ...about, deadline, guardPid: guard.value });
  const put = await putTable(nft, onTrial(plan.table, former, seconds + kernelGraceSeconds));
  if (!put.ok) {
    await store.takePending();
    await store.finish();
    tools.endGuard(guard.value);
    return put;
  }
  if ((await store.pendingSince()) > 0) return { ok: true, value: { generation, plan, deadline } };
  // Because nft took longer than the whole trial, the guard has put the former rules back before ours came.
  const restored = await putFormer(former, tools);
  if (!restored.ok) return restored;
  return refusal(
    'putting the rules into the kernel took longer than the time to confirm them; the former ones are back',
    'give more time: --confirm-within 5m',
  );
}

/** The text by which a connection is known to have been there. */
function knownText({ remote, remotePort, localPort }: Established): string {
  return `${remote} ${remotePort} ${localPort}`;
}

async function generationOf(
  { firewall, kernel, blocklists = [] }: Candidate,
  plan: Plan,
  how: string,
  { store, now }: CommitTools,
): Promise<StoredGeneration> {
  return {
    number: await store.nextNumber(),
    at: new Date(now()).toISOString(),
    how,
    default: firewall.default === 'ALLOW' ? 'allow' : 'deny',
    rules: firewall.ruleSet.rules.map(settingOf),
    kernel,
    blocklists,
    changes: plan.changes ?? [],
  };
}

/** Keeps the generation that is on trial, if whoever asks came over a connection that was not there when it was applied. */
export function confirm(tools: CommitTools): Promise<Done<StoredGeneration>> {
  return alone(tools, () => confirmAlone(tools));
}

async function confirmAlone(tools: CommitTools): Promise<Done<StoredGeneration>> {
  const { store, nft } = tools;
  const waiting = await settleOverdue(tools);
  if (!waiting.ok) return waiting;
  const pending = waiting.value;
  if (pending === null)
    return refusal('nothing waits to be confirmed', 'apply first: `portcullis apply --confirm-within 60s`');
  const stale = whyNoProof(pending, tools);
  if (stale !== null)
    return refusal(
      stale,
      'open a new connection to this machine and confirm there: if that works, the rules let you in',
    );
  const taken = await store.takePending();
  if (taken === null) return refusal('the time was over at this very moment', 'apply anew');
  const { generation, guardPid } = taken;
  const listed = await listTable(nft);
  const read = listed.ok && listed.value !== null ? tableOf(listed.value, tableName) : null;
  if (read === null || !read.ok) {
    await store.putBack();
    return listed.ok ? refusal('the table on trial is not in the kernel any more', 'apply anew') : listed;
  }
  const put = await putTable(nft, offTrial(read.value));
  if (!put.ok) {
    await store.putBack();
    return put;
  }
  await store.keep(generation);
  await store.setCurrent(generation.number);
  await store.finish();
  tools.endGuard(guardPid);
  return { ok: true, value: generation };
}

/** Why this connection proves nothing, or null where it does. */
function whyNoProof({ caller, known }: Pending, { env, pid, reader }: CommitTools): string | null {
  const now = callerOf(env, pid, reader);
  // Because who sits at the console cannot be locked out by rules for the network.
  if (caller === null && now === null) return null;
  if (now === null) return 'this command came over no connection, and the rules were applied over one';
  if (caller !== null && isSame(caller, now)) return 'this is the connection over which the rules were applied';
  if (known.includes(knownText(now))) return 'this connection was open before the rules were applied';
  if (!listEstablished(reader).some((each) => isSame(each, now)))
    return 'SSH_CONNECTION names a connection that is not open';
  return null;
}

/** Takes the pending generation back; null where none waits (any more). */
export async function restore({ store, nft }: Pick<CommitTools, 'store' | 'nft'>): Promise<Done<Pending | null>> {
  const pending = await store.takePending();
  if (pending === null) return { ok: true, value: null };
  const put = await putFormer(pending.former, { nft });
  if (!put.ok) {
    await store.putBack();
    return put;
  }
  await store.finish();
  return { ok: true, value: pending };
}

/** The table that `restore` would put there. */
export async function putFormer(former: Table | null, { nft }: Pick<CommitTools, 'nft'>): Promise<Done<null>> {
  if (former === null) return removeTable(nft);
  const listed = await listTable(nft);
  if (!listed.ok) return listed;
  const read = listed.value === null ? null : tableOf(listed.value, tableName);
  return putTable(nft, withCallersOf(former, read?.ok === true ? read.value : null));
}

/** What is still pending; a generation whose time is over and whose guard did not live to undo it is undone now. */
export async function settleOverdue(tools: Pick<CommitTools, 'store' | 'nft' | 'now'>): Promise<Done<Pending | null>> {
  const settled = await settleAbandoned(tools);
  if (!settled.ok) return settled;
  const pending = await tools.store.pending();
  if (pending === null || tools.now() < pending.deadline) return { ok: true, value: pending };
  const restored = await restore(tools);
  return restored.ok ? { ok: true, value: null } : restored;
}

/** After so long whoever took a pending generation has ended without bringing it to its end, in ms. */
const abandonedMs = 60_000;

/** Brings to its end what a confirmation or a guard that was killed in the midst of it has begun: the kernel says how far it came. */
async function settleAbandoned({ store, nft, now }: Pick<CommitTools, 'store' | 'nft' | 'now'>): Promise<Done<null>> {
  const left = await store.abandoned(now(), abandonedMs);
  if (left === null) return { ok: true, value: null };
  const listed = await listTable(nft);
  if (!listed.ok) return listed;
  const read = listed.value === null ? null : tableOf(listed.value, tableName);
  const isOnTrial = read?.ok === true && read.value.chains.length !== offTrial(read.value).chains.length;
  const isFormer = left.former === null ? listed.value === null : findDrift(left.former, listed.value).length === 0;
  if (isOnTrial || read?.ok === false) {
    const put = await putFormer(left.former, { nft });
    if (!put.ok) return put;
  } else if (!isFormer) {
    await store.keep(left.generation);
    await store.setCurrent(left.generation.number);
  }
  await store.finish();
  return { ok: true, value: null };
}

/** Goes back to a generation by its number, to none (0: the table goes), or takes back what waits to be confirmed. */
export function rollback(
  number: number | null,
  wishes: Omit<ApplyWishes, 'how'>,
  tools: CommitTools,
): Promise<Done<Applied | null>> {
  return alone(tools, () => rollbackAlone(number, wishes, tools));
}

async function rollbackAlone(
  number: number | null,
  wishes: Omit<ApplyWishes, 'how'>,
  tools: CommitTools,
): Promise<Done<Applied | null>> {
  const { store, nft } = tools;
  const pending = await store.pending();
  if (pending !== null) {
    const restored = await restore(tools);
    if (!restored.ok) return restored;
    tools.endGuard(pending.guardPid);
    if (number === null || number === pending.formerNumber) return { ok: true, value: null };
  }
  const current = await store.current();
  if (number === null && current === 0)
    return refusal(
      'there is nothing to go back to',
      '`portcullis rollback --list` shows the generations that are kept',
    );
  const wanted = number ?? (await numberBefore(current, store));
  if (wanted === 0) {
    const removed = await removeTable(nft);
    if (!removed.ok) return removed;
    await store.setCurrent(0);
    return { ok: true, value: null };
  }
  const generation = await store.find(wanted);
  if (generation === null)
    return refusal(`there is no generation ${wanted}`, '`portcullis rollback --list` shows those that are kept');
  const { kernel, blocklists } = generation;
  const candidate = { firewall: firewallOf(generation), kernel, callers: null, blocklists };
  return applyAlone(candidate, { ...wishes, how: `rollback to ${wanted}` }, tools);
}

async function numberBefore(current: number, store: Store): Promise<number> {
  const kept = (await store.list()).map(({ number }) => number).filter((number) => number < current);
  return kept.at(-1) ?? 0;
}

function refusal(says: string, instead: string): { readonly ok: false; readonly trouble: KernelTrouble } {
  return { ok: false, trouble: { kind: 'refused', says, instead, rule: 0 } };
}
