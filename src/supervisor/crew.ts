// The workers together: started, watched, replaced when they die or stall, and told what the others count.

import type { CrewTools } from './crew-tools.ts';
import { ClientLedger } from './ledger.ts';
import type { Ending } from './link.ts';
import { Member } from './member.ts';
import type { Deltas, Numbers, Order, OrderFailure, Tallies, WorkerEvent } from './messages.ts';
import { type CrewHistory, Necrology, secondsText } from './necrology.ts';

/** Deltas wait so long for others that come with them, in ms: one message then carries all. */
const relayMs = 10;
/** How often it is looked whether a worker stalls, in ms. */
const watchMs = 250;
/** Longest time that building a first generation may take, in ms. */
const startMs = 120_000;
/** How far ahead of the last known number a successor begins: more than are admitted between two pulses. */
const numbersAhead = 10_000;
/** Times `numbersAhead` that a handover to another crew may take: its workers start while these go on. */
const longHandover = 100;
/** The id of a crew before this one, which no worker has. */
const predecessor = 0;
/** A worker that holds more connections than `crowdedShare` of what each holds on average, and this many on top, leaves accepting to others. */
const crowdedShare = 1.2;
const crowdedSlack = 100;
/** Time beyond the drain's own after which a worker that was told to end is ended, in ms. */
const endGraceMs = 5000;

/** All workers of one gate. */
export class Crew {
  readonly #necrology: Necrology;
  /** What workers that are gone had counted. */
  readonly gone: Tallies[] = [];
  /** What a worker can be asked. */
  questions: readonly string[] = [];
  #tools: CrewTools;
  #size = 0;
  /** By slot, from 1. Those that leave are no longer here. */
  #bySlot = new Map<number, Member>();
  #leaving = new Set<Member>();
  #nextNumbers = new Map<number, number>();
  #ledger = new ClientLedger();
  #lastId = 0;
  #relays: { readonly from: number; readonly name: string; readonly deltas: unknown }[] = [];
  #relayTimer: NodeJS.Timeout | null = null;
  #watchTimer: NodeJS.Timeout | null = null;
  #watchedMs = 0;
  #isStopping = false;
  /** What a crew before this one knew, for the first workers. */
  #inherited: Deltas = [];
  #firstNumber = 0;
  /** Another crew that takes over from this one, and is told what is counted here. */
  #heir: ((deltas: Deltas) => void) | null = null;

  constructor(tools: CrewTools) {
    this.#tools = tools;
    this.#necrology = new Necrology(tools.clock);
  }

  get history(): CrewHistory {
    return this.#necrology.history;
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
      if (member !== undefined) void this.#dismiss(member, ms, true);
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

  /** What a crew that takes over has to know; from here on `heir` is told what is counted besides, until it is null. */
  async bequeath(heir: (deltas: Deltas) => void): Promise<{ readonly firstNumber: number; readonly known: Deltas }> {
    this.#heir = heir;
    const known: Deltas = [...(await this.#rates()), ...this.#tools.known(), ['clients', this.#ledger.all()]];
    const highest = Math.max(1, this.#firstNumber, ...this.#nextNumbers.values());
    return { firstNumber: highest + numbersAhead * longHandover * this.#size, known };
  }

  /** The heir is none. */
  disinherit(): void {
    this.#heir = null;
  }

  /** Begins with what a crew before this one knew and gave no longer. */
  inherit(firstNumber: number, known: Deltas): void {
    this.#firstNumber = firstNumber;
    this.#inherited = known.filter(([name]) => name !== 'clients' && name !== 'callers');
    for (const [name, deltas] of known) if (name === 'clients') this.#ledger.note(predecessor, deltas);
  }

  /** The crew before this one, which still drains, counted something. */
  hearPredecessor(name: string, deltas: unknown): void {
    this.#counted(predecessor, name, deltas);
  }

  /** The crew before this one is gone, and its connections with it. */
  buryPredecessor(): void {
    const lost = this.#ledger.forget(predecessor);
    if (lost !== null) this.#relay(predecessor, 'clients', lost);
  }

  /** Tells every worker what the supervisor found out. */
  share(name: string, deltas: unknown): void {
    this.#heir?.([[name, deltas]]);
    for (const member of this.#bySlot.values())
      if (member.isBriefed) member.tell({ kind: 'absorb', deltas: [[name, deltas]] });
  }

  /** Every worker drains within `ms` and ends; `gently` where another crew accepts in its place. */
  async stop(ms: number, gently = false): Promise<void> {
    this.#isStopping = true;
    const leavers = [...this.#leaving].map(({ link }) => link.ended);
    const members = [...this.#bySlot.values()];
    await Promise.all([...leavers, ...members.map((member) => this.#dismiss(member, ms, gently))]);
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
    if (first === undefined) return this.#inherited;
    return (await first.call({ kind: 'snapshot' }).catch(() => [])) as Deltas;
  }

  #numbersOf(slot: number): Numbers {
    const known = this.#nextNumbers.get(slot);
    const first = known === undefined ? this.#firstNumber + slot : known + numbersAhead * this.#size;
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
        for (const [name, deltas] of event.deltas) this.#counted(member.id, name, deltas);
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

  #counted(from: number, name: string, deltas: unknown): void {
    if (name === 'clients') this.#ledger.note(from, deltas);
    // Because offences are counted in one place, other workers need not hear of each.
    if (name === 'offences') this.#tools.hear(name, deltas);
    else this.#relay(from, name, deltas);
  }

  #relay(from: number, name: string, deltas: unknown): void {
    if (this.#bySlot.size < 2 && from !== predecessor && this.#heir === null) return;
    this.#relays.push({ from, name, deltas });
    this.#relayTimer ??= setTimeout(() => this.#sendRelays(), relayMs).unref();
  }

  #sendRelays(): void {
    this.#relayTimer = null;
    const relays = this.#relays;
    this.#relays = [];
    this.#heir?.(relays.map(({ name, deltas }) => [name, deltas] as const));
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
    const { says, pauseMs } = this.#necrology.enter(member, ending);
    this.#tools.say(says);
    setTimeout(() => void this.#replace(member.slot), pauseMs);
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
      if (member.silence.ms(member.heardMs, now) <= (member.isReady || member.isLeaving ? stallMs : startMs)) continue;
      this.history.stalls++;
      member.fault = `said nothing for ${secondsText(now - member.heardMs)} and was killed`;
      member.heardMs = Number.POSITIVE_INFINITY;
      member.link.kill();
    }
  }

  async #dismiss(member: Member, ms: number, gently: boolean): Promise<void> {
    member.isLeaving = true;
    if (this.#bySlot.get(member.slot) === member) this.#bySlot.delete(member.slot);
    this.#leaving.add(member);
    const { link } = member;
    const insist = setTimeout(() => link.kill(), ms + endGraceMs).unref();
    const last = await member.call({ kind: 'drain', ms, gently }).catch(() => null);
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
