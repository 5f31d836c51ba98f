// The workers together: started, watched, replaced when they die or stall, and told what the others count.

import type { Clock } from '../base/clock.ts';
import type { HistoryBatch } from '../traffic/history.ts';
import { ClientLedger } from './ledger.ts';
import type { Ending, Launch } from './link.ts';
import { Member } from './member.ts';
import type { Deltas, Numbers, Order, OrderFailure, Tallies, WorkerEvent, WorkerFigures } from './messages.ts';

/** What a worker is told when it starts, but for what only the crew knows. */
export interface Briefing {
  readonly order: Omit<Extract<Order, { readonly kind: 'start' }>, 'kind' | 'slot' | 'crew' | 'numbers' | 'known'>;
  readonly sockets: readonly Handed[];
  readonly stallMs: number;
}

/** A bound socket with what workers need to know of it. */
export interface Handed {
  readonly facts: Extract<Order, { readonly kind: 'listen' }>['facts'];
  readonly handle: object;
}

export interface CrewTools {
  readonly launch: Launch;
  readonly clock: Clock;
  /** What a worker that starts now is told. */
  brief(): Briefing;
  /** What the supervisor knows, for a worker that starts. */
  known(): Deltas;
  /** What a worker must have everybody know at once. */
  hear(name: string, deltas: unknown): void;
  /** Writes down what a worker told; resolves when there is room for more, and never rejects. */
  keep(batch: HistoryBatch): Promise<void>;
  /** What worker `id` measured; null once it is gone. */
  measured(id: number, figures: WorkerFigures | null): void;
  /** Runs a change while no other runs. */
  inTurn<T>(change: () => Promise<T>): Promise<T>;
  /** Tells the owner what happened to a worker. */
  say(text: string): void;
}

/** What the crew went through. */
export interface CrewHistory {
  deaths: number;
  stalls: number;
  last: { readonly at: string; readonly worker: number; readonly pid: number; readonly says: string } | null;
}

/** Deltas wait so long for others that come with them, in ms: one message then carries all. */
const relayMs = 10;
/** How often it is looked whether a worker stalls, in ms. */
const watchMs = 250;
/** Longest time that building a first generation may take, in ms. */
const startMs = 120_000;
/** A worker that lived shorter than this died young; those that do wait longer and longer for their successor. */
const youngMs = 10_000;
const firstPauseMs = 100;
const longestPauseMs = 10_000;
/** Deaths in a row of one worker after which it is called a crash loop. */
const loopDeaths = 3;
/** How far ahead of the last known number a successor begins: more than are admitted between two pulses. */
const numbersAhead = 10_000;
/** A worker that holds more connections than `crowdedShare` of what each holds on average, and this many on top, leaves accepting to others. */
const crowdedShare = 1.2;
const crowdedSlack = 100;
/** Time beyond the drain's own after which a worker that was told to end is ended, in ms. */
const endGraceMs = 5000;

/** All workers of one gate. */
export class Crew {
  readonly history: CrewHistory = { deaths: 0, stalls: 0, last: null };
  /** What workers that are gone had counted. */
  readonly gone: Tallies[] = [];
  /** What a worker can be asked. */
  questions: readonly string[] = [];
  #tools: CrewTools;
  #size = 0;
  /** By slot, from 1. Those that leave are no longer here. */
  #bySlot = new Map<number, Member>();
  #leaving = new Set<Member>();
  /** Deaths in a row by slot. */
  #youngDeaths = new Map<number, number>();
  #nextNumbers = new Map<number, number>();
  #ledger = new ClientLedger();
  #lastId = 0;
  #relays: { readonly from: number; readonly name: string; readonly deltas: unknown }[] = [];
  #relayTimer: NodeJS.Timeout | null = null;
  #watchTimer: NodeJS.Timeout | null = null;
  #watchedMs = 0;
  #isStopping = false;

  constructor(tools: CrewTools) {
    this.#tools = tools;
  }

  /** Workers that accept and answer, by slot. */
  get ready(): readonly Member[] {
    return [...this.#bySlot.values()].filter(({ isReady }) => isReady).sort((a, b) => a.slot - b.slot);
  }

  /** How many workers there should be. */
  get size(): number {
    return this.#size;
  }

  /** Starts so many workers; rejects with the failure of the first that cannot, and then none is left. */
  async start(size: number): Promise<void> {
    this.#size = size;
    this.#watchedMs = this.#tools.clock.monotonicMs();
    this.#watchTimer = setInterval(() => this.#watch(), watchMs).unref();
    const slots = Array.from({ length: size }, (_, index) => index + 1);
    const outcomes = await Promise.allSettled(slots.map((slot) => this.#enlist(slot)));
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure === undefined) return;
    await this.stop(0);
    throw failure.reason;
  }

  /** Gives an order to every worker that is ready; one that dies meanwhile is passed over, any other failure rejects. */
  all(order: Order): Promise<void> {
    return callAll(this.ready, order);
  }

  /** As `all`, and also to workers that are starting and were told what was so before. */
  everyone(order: Order): Promise<void> {
    return callAll(
      [...this.#bySlot.values()].filter(({ isBriefed }) => isBriefed),
      order,
    );
  }

  /** What each ready worker replies; those that die meanwhile are left out. */
  async ask(order: Order): Promise<unknown[]> {
    const replies = await Promise.all(
      this.ready.map((member) =>
        member.call(order).then(
          (value) => ({ value }),
          (failure: unknown) => {
            if (member.isReady) throw failure;
            return null;
          },
        ),
      ),
    );
    return replies.filter((reply) => reply !== null).map(({ value }) => value);
  }

  /** Makes the crew larger or smaller; those who leave drain within `ms`, which is not waited for. */
  async resize(size: number, ms: number): Promise<void> {
    const before = this.#size;
    this.#size = size;
    for (let slot = before; slot > size; slot--) {
      const member = this.#bySlot.get(slot);
      if (member !== undefined) void this.#dismiss(member, ms);
    }
    const slots = Array.from({ length: Math.max(0, size - before) }, (_, index) => before + index + 1);
    await Promise.all(slots.map((slot) => this.#enlist(slot)));
  }

  /** Numbers for every slot of a crew of `size` that none has given yet. */
  numbersAnew(size: number): (slot: number) => Numbers {
    const highest = Math.max(1, ...this.#nextNumbers.values()) + numbersAhead * Math.max(this.#size, size);
    for (let slot = 1; slot <= Math.max(size, this.#size); slot++) this.#nextNumbers.set(slot, highest + slot);
    return (slot) => ({ first: highest + slot, step: size });
  }

  /** Tells every worker what the supervisor found out. */
  share(name: string, deltas: unknown): void {
    for (const member of this.#bySlot.values())
      if (member.isBriefed) member.tell({ kind: 'absorb', deltas: [[name, deltas]] });
  }

  /** Every worker drains within `ms` and ends. */
  async stop(ms: number): Promise<void> {
    this.#isStopping = true;
    const leavers = [...this.#leaving].map(({ link }) => link.ended);
    const members = [...this.#bySlot.values()];
    await Promise.all([...leavers, ...members.map((member) => this.#dismiss(member, ms))]);
    if (this.#watchTimer !== null) clearInterval(this.#watchTimer);
    if (this.#relayTimer !== null) clearTimeout(this.#relayTimer);
  }

  /** Launches the worker of a slot and brings it to where it accepts. */
  async #enlist(slot: number): Promise<void> {
    const { launch, clock, brief } = this.#tools;
    const member = new Member(
      ++this.#lastId,
      slot,
      launch,
      () => clock.monotonicMs(),
      (from, event) => this.#onEvent(from, event),
      (from, ending) => this.#onEnd(from, ending),
    );
    this.#bySlot.set(slot, member);
    const rates = await this.#rates();
    const { order, sockets } = brief();
    const clients = this.#ledger.all();
    const known: Deltas = [...rates, ...this.#tools.known(), ['clients', clients]];
    const numbers = this.#numbersOf(slot);
    const started = member.call({ kind: 'start', ...order, slot, crew: this.#size, numbers, known });
    member.isBriefed = true;
    this.questions = (await started) as readonly string[];
    member.generation = order.blueprint.number;
    await Promise.all(sockets.map(({ facts, handle }) => member.call({ kind: 'listen', facts }, handle)));
    member.isReady = true;
    member.heardMs = clock.monotonicMs();
  }

  /** What is counted that a successor should know, from a worker that knows of all. */
  async #rates(): Promise<Deltas> {
    const [first] = this.ready;
    if (first === undefined) return [];
    return (await first.call({ kind: 'snapshot' }).catch(() => [])) as Deltas;
  }

  #numbersOf(slot: number): Numbers {
    const known = this.#nextNumbers.get(slot);
    const first = known === undefined ? slot : known + numbersAhead * this.#size;
    this.#nextNumbers.set(slot, first);
    return { first, step: this.#size };
  }

  #onEvent(member: Member, event: WorkerEvent): void {
    switch (event.kind) {
      case 'pulse':
        member.open = event.open;
        member.nextNumber = event.nextNumber;
        this.#nextNumbers.set(member.slot, Math.max(event.nextNumber, this.#nextNumbers.get(member.slot) ?? 0));
        if (event.tallies !== null) member.tallies = event.tallies;
        if (event.figures !== null) this.#tools.measured(member.id, event.figures);
        this.#makeRoom(member);
        for (const [name, deltas] of event.deltas) {
          if (name === 'clients') this.#ledger.note(member.id, deltas);
          // Because offences are counted in one place, other workers need not hear of each.
          if (name === 'offences') this.#tools.hear(name, deltas);
          else this.#relay(member.id, name, deltas);
        }
        break;
      case 'told':
        this.#tools.hear(event.name, event.deltas);
        break;
      case 'history':
        void this.#tools.keep(event.batch).then(() => member.tell({ kind: 'history-taken' }));
        break;
      case 'room':
        member.isFull = event.isFull;
        this.#makeRoom(member);
        break;
      case 'fault':
        member.fault = event.says;
        this.#abandon(member);
        break;
    }
  }

  /** A worker that ends itself by and by: another takes its place at once. */
  #abandon(member: Member): void {
    if (member.isLeaving || this.#bySlot.get(member.slot) !== member) return;
    member.isLeaving = true;
    member.isReady = false;
    this.#bySlot.delete(member.slot);
    this.#leaving.add(member);
    this.#bury(member, { code: null, signal: null, stderr: member.fault });
  }

  /** A worker that is nearly out of descriptors, or holds far more connections than the others, leaves accepting to those: the kernel
   * gives a connection to whoever wakes first, and one worker may be that for a long time. One always accepts. */
  #makeRoom(member: Member): void {
    const { ready } = this;
    const mean = ready.reduce((sum, { open }) => sum + open, 0) / ready.length;
    const rests = member.isFull || member.open > mean * crowdedShare + crowdedSlack;
    if (rests === member.isResting || !member.isReady) return;
    if (rests && !ready.some((other) => other !== member && !other.isFull && !other.isResting)) return;
    const { sockets } = this.#tools.brief();
    member.isResting = rests;
    if (rests) for (const { facts } of sockets) member.tell({ kind: 'unlisten', key: facts.key, drains: false });
    else for (const { facts, handle } of sockets) member.tell({ kind: 'listen', facts }, handle);
  }

  #relay(from: number, name: string, deltas: unknown): void {
    if (this.#bySlot.size < 2) return;
    this.#relays.push({ from, name, deltas });
    this.#relayTimer ??= setTimeout(() => this.#sendRelays(), relayMs).unref();
  }

  #sendRelays(): void {
    this.#relayTimer = null;
    const relays = this.#relays;
    this.#relays = [];
    for (const member of this.#bySlot.values()) {
      const deltas = relays.filter(({ from }) => from !== member.id).map(({ name, deltas }) => [name, deltas] as const);
      if (member.isBriefed && deltas.length > 0) member.tell({ kind: 'absorb', deltas });
    }
  }

  #onEnd(member: Member, ending: Ending): void {
    const { tallies, slot, id } = member;
    if (tallies !== null) this.gone.push(tallies);
    this.#tools.measured(id, null);
    const lost = this.#ledger.forget(id);
    this.#leaving.delete(member);
    if (this.#bySlot.get(slot) === member) this.#bySlot.delete(slot);
    if (lost !== null) this.#relay(id, 'clients', lost);
    if (member.isLeaving || this.#isStopping) return;
    this.#bury(member, ending);
  }

  /** Writes down how a worker died, and has another take its place. */
  #bury(member: Member, ending: Ending): void {
    const { clock, say } = this.#tools;
    const { slot, link } = member;
    const livedMs = clock.monotonicMs() - member.launchedMs;
    const young = livedMs < youngMs ? (this.#youngDeaths.get(slot) ?? 0) + 1 : 1;
    this.#youngDeaths.set(slot, young);
    const pauseMs = young < 2 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (young - 2));
    const says = `worker ${slot} (pid ${link.pid}) ${sentenceOf(member, ending)} after ${secondsText(livedMs)}`;
    this.history.deaths++;
    this.history.last = { at: new Date(clock.now()).toISOString(), worker: slot, pid: link.pid, says };
    const next = pauseMs === 0 ? 'another takes its place' : `another takes its place in ${secondsText(pauseMs)}`;
    const loop =
      young >= loopDeaths ? `; it died ${young} times in a row within ${secondsText(youngMs)} of its start` : '';
    say(`${says}; ${next}${loop}${quoted(ending.stderr)}`);
    setTimeout(() => void this.#replace(slot), pauseMs);
  }

  async #replace(slot: number): Promise<void> {
    await this.#tools.inTurn(async () => {
      if (this.#isStopping || slot > this.#size || this.#bySlot.has(slot)) return;
      await this.#enlist(slot).catch((failure: OrderFailure) => {
        const member = this.#bySlot.get(slot);
        const problems = failure.problems?.map(({ says }) => `\n  ${says}`).join('') ?? '';
        // One that died is buried already; one that cannot start is ended, and then buried.
        if (member === undefined) return;
        this.#tools.say(`worker ${slot} cannot start: ${failure.message}${problems}`);
        member.link.kill();
      });
    });
  }

  /** Ends workers that say nothing for too long: their event loop hangs, and so does every connection they hold. */
  #watch(): void {
    const now = this.#tools.clock.monotonicMs();
    const lateMs = now - this.#watchedMs - watchMs;
    this.#watchedMs = now;
    const members = [...this.#bySlot.values(), ...this.#leaving].filter(({ link }) => link.isProcess);
    // While this process itself did not run it heard of nobody, and nobody is to blame for that.
    if (lateMs > watchMs) for (const member of members) member.heardMs += lateMs;
    const { stallMs } = this.#tools.brief();
    for (const member of members) {
      if (now - member.heardMs <= (member.isReady || member.isLeaving ? stallMs : startMs)) continue;
      this.history.stalls++;
      member.fault = `said nothing for ${secondsText(now - member.heardMs)} and was killed`;
      member.heardMs = Number.POSITIVE_INFINITY;
      member.link.kill();
    }
  }

  async #dismiss(member: Member, ms: number): Promise<void> {
    member.isLeaving = true;
    if (this.#bySlot.get(member.slot) === member) this.#bySlot.delete(member.slot);
    this.#leaving.add(member);
    const { link } = member;
    const insist = setTimeout(() => link.kill(), ms + endGraceMs).unref();
    const last = await member.call({ kind: 'drain', ms }).catch(() => null);
    if (last !== null) member.tallies = last as Tallies;
    if (link.isProcess) {
      link.close();
      await link.ended;
    } else this.#leaving.delete(member);
    clearTimeout(insist);
  }
}

async function callAll(members: readonly Member[], order: Order): Promise<void> {
  const calls = members.map((member) =>
    member.call(order).catch((failure: unknown) => {
      if (member.isReady) throw failure;
    }),
  );
  await Promise.all(calls);
}

function sentenceOf({ fault }: Member, { code, signal }: Ending): string {
  if (fault.startsWith('said nothing')) return fault;
  if (fault !== '') return 'ends itself after an error that nobody caught';
  if (signal !== null) return `was ended by ${signal}`;
  return code === null ? 'could not be started' : `ended with code ${code}`;
}

function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** The last lines of stderr, as a quotation. */
function quoted(stderr: string): string {
  const lines = stderr.trimEnd().split('\n').slice(-8);
  return lines[0] === '' && lines.length === 1 ? '' : lines.map((line) => `\n  | ${line}`).join('');
}
