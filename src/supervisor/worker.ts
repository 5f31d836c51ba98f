// One worker: holds a gateway and the sockets it accepts on, does what its supervisor orders, and tells what others must know.

import { randomFillSync } from 'node:crypto';
import type { Socket } from 'node:net';
import { type Clock, systemClock } from '../base/clock.ts';
import { Identifiers } from '../base/identifier.ts';
import type { Path } from '../base/problem.ts';
import { Deadlines } from '../connections/connections.ts';
import { build as buildFirewall, type CallersChange } from '../firewall/firewall.ts';
import type { Listener } from '../gate.ts';
import { Gateway } from '../gateway.ts';
import type { Generation } from '../generation.ts';
import { ChallengeAnswers, type ChallengeToken, ClientGuard } from '../http/http.ts';
import { acceptOn, type OpenListener } from '../ports/ports.ts';
import { Shelf } from '../tls/tls.ts';
import { answersOf } from './answers.ts';
import { type Blueprint, raise } from './blueprint.ts';
import type { Answers } from './control.ts';
import { readCpuMicroseconds, readDescriptors, readResidentBytes } from './figures.ts';
import {
  type Deltas,
  type FromWorker,
  type ListenerFacts,
  type Order,
  OrderFailure,
  type Tallies,
  type ToWorker,
  type WorkerFigures,
} from './messages.ts';
import { RuleCounts } from './rule-counts.ts';
import { shareAmong, sharedOf } from './sharing.ts';
import { listenerOf } from './worker-listener.ts';

/** How often others are told, in ms. */
const pulseMs = 100;

/** Every so many pulses the tallies go along, and descriptors are looked at. */
const talliesEvery = 10;

/** Every so many pulses journeys go along that are to be written down. */
const historyEvery = 5;

/** Every so many pulses goes along what was learnt of sites. */
const learntEvery = 100;

/** Parts of the descriptors that may be in use before other workers are left to accept, and when it begins again. */
const fullShare = 0.93;
const roomyShare = 0.9;

/** How long a worker whose supervisor is gone lets what runs go on, in ms. */
const orphanMs = 10_000;

/** A listener that is open here. `listener` is replaced when its settings change. */
interface Open {
  listener: Listener;
  readonly socket: OpenListener;
}

type OrderOf<K extends Order['kind']> = Extract<Order, { readonly kind: K }>;

/** A worker, whether it is a process of its own or not. `send` reaches its supervisor. */
export class Worker {
  readonly #send: (message: FromWorker) => void;
  readonly #clock: Clock = systemClock;
  readonly #deadlines = new Deadlines(systemClock);
  readonly #open = new Map<string, Open>();
  /** Those of this process before it served anybody, and the most it may have. */
  readonly #descriptors = readDescriptors();
  readonly #challenges = new ChallengeAnswers();
  #gateway: Gateway | null = null;
  #answers: Answers = {};
  readonly #rules = new RuleCounts();
  /** Orders that came before the start was done. */
  #early: [ToWorker, object | undefined][] | null = null;
  /** The generation that waits to be put in place, and its number. */
  #next: { readonly generation: Generation; readonly number: number } | null = null;
  #ticketKeys: readonly Buffer[] = [];
  /** Certificates that came since the start; generations share it. */
  readonly #shelf = new Shelf();
  /** Who waits for the supervisor's word about a name; as many as the station lets wait. */
  readonly #wanted = new Map<string, (isThere: boolean) => void>();
  #pulses = 0;
  /** Its number among those that work, from 1. */
  #slot = 1;
  /** Whether journeys are on their way to the disk: until they have arrived, others wait here, where there is a bound. */
  #isHistoryOut = false;
  #isFull = false;
  #timer: NodeJS.Timeout | null = null;
  #draining: Promise<void> | null = null;
  /** What was counted until the end. */
  #last: Tallies | null = null;

  constructor(send: (message: FromWorker) => void) {
    this.#send = send;
  }

  /** Does what is ordered and replies; `handle` is the socket that came with the order. */
  receive(message: ToWorker, handle?: object): void {
    if (message.order.kind === 'start') this.#early = [];
    else if (this.#early !== null) {
      this.#early.push([message, handle]);
      return;
    }
    void this.#reply(message, handle);
  }

  /** The supervisor is gone: nobody would be answered for long, so that what runs may end and nothing begins. */
  async orphaned(): Promise<void> {
    await this.#drain(orphanMs, false);
  }

  /** An error that nobody caught left something in a state that nobody knows: another worker takes over, what runs may end within `ms`. */
  async stepDown(says: string, ms: number): Promise<void> {
    this.#send({ event: { kind: 'fault', says } });
    await this.#drain(ms, false);
  }

  async #reply({ id, order }: ToWorker, handle: object | undefined): Promise<void> {
    let reply: FromWorker;
    try {
      reply = { reply: id, ok: true, value: await this.#obey(order, handle) };
    } catch (error) {
      const problems = error instanceof OrderFailure ? error.problems : [];
      reply = { reply: id, ok: false, says: error instanceof Error ? error.message : String(error), problems };
    }
    // Number 0 is an order whose reply nobody waits for.
    if (id > 0) this.#send(reply);
    if (order.kind !== 'start') return;
    const early = this.#early ?? [];
    this.#early = null;
    for (const [message, itsHandle] of early) void this.#reply(message, itsHandle);
  }

  #obey(order: Order, handle: object | undefined): unknown {
    switch (order.kind) {
      case 'start':
        return this.#start(order);
      case 'listen':
        return this.#listen(order.facts, handle);
      case 'unlisten':
        return this.#unlisten(order);
      case 'build':
        return this.#build(order.blueprint);
      case 'swap':
        return this.#swap(order);
      case 'rules':
        return this.#useRules(order);
      case 'absorb':
        return this.#absorb(order.deltas);
      case 'snapshot':
        return this.#snapshot();
      case 'ask':
        return this.#answers[order.question.ask]?.(order.question);
      case 'ticket-keys':
        return this.#useTicketKeys(order.keys);
      case 'certificates':
        return this.#shelf.apply(order.changes);
      case 'wanted':
        return this.#wanted.get(order.name)?.(order.isThere);
      case 'reopen':
        return this.#gateway?.tools.observe.reopen();
      case 'history-taken':
        this.#isHistoryOut = false;
        return null;
      case 'drain':
        return this.#drain(order.ms, order.gently).then(() => this.#last);
    }
  }

  async #start(order: OrderOf<'start'>): Promise<readonly string[]> {
    this.#shelf.apply(order.shelf);
    const generation = await this.#raised(order.blueprint);
    const { connections, observe } = generation;
    const problem = await observe.start();
    if (problem !== null) throw new OrderFailure(problem.says, [problem]);
    const identifiers = new Identifiers((block) => randomFillSync(block));
    const guard = new ClientGuard((says) =>
      this.#send({ event: { kind: 'told', name: 'shared-client', deltas: says } }),
    );
    const world = { clock: this.#clock, timekeeper: this.#deadlines, identifiers, challenges: this.#challenges };
    const tools = { ...world, connections, observe, guard };
    this.#gateway = new Gateway(generation, tools);
    connections.numberFrom(order.numbers.first, order.numbers.step);
    generation.callers.onChange((change) => {
      this.#send({ event: { kind: 'told', name: 'callers', deltas: [change] } });
      this.#gateway?.endShutOut();
    });
    this.#slot = order.slot;
    shareAmong(this.#gateway, order.slot, order.crew);
    this.#useTicketKeys(order.ticketKeys);
    this.#absorb(order.known);
    this.#answers = answersOf(this.#gateway, () => [...this.#open.values()], order.startedAt);
    this.#deadlines.start();
    generation.proxy.start();
    this.#timer = setInterval(() => this.#pulse(), pulseMs).unref();
    return Object.keys(this.#answers);
  }

  async #raised(blueprint: Blueprint): Promise<Generation> {
    const previous = this.#gateway?.generation ?? null;
    const dynamic = { shelf: this.#shelf, want: (name: string) => this.#want(name) };
    const result = await raise(blueprint, this.#clock, this.#deadlines, dynamic, previous, turn);
    if (result.ok) return result.value;
    throw new OrderFailure('the configuration has problems', result.problems);
  }

  async #listen(facts: ListenerFacts, handle: object | undefined): Promise<void> {
    const gateway = this.#gateway!;
    if (handle === undefined) throw new OrderFailure(`no socket came along for ${facts.name}`);
    const before = this.#open.get(facts.key);
    await before?.socket.close();
    let open: Open | null = null;
    const accept = (socket: Socket): void => gateway.accept(socket, open!.listener);
    const socket = await acceptOn(handle, facts.address, facts.port, accept);
    open = { listener: listenerOf(facts, before?.listener.accepted ?? 0), socket };
    this.#open.set(facts.key, open);
  }

  async #unlisten({ key, drains }: OrderOf<'unlisten'>): Promise<void> {
    const open = this.#open.get(key);
    if (open === undefined) return;
    void open.socket.close();
    // A worker that only rests still has the listener, and will accept again.
    if (!drains) return;
    this.#open.delete(key);
    const gateway = this.#gateway!;
    // Not waited for: a tunnel on it may go on until the deadline, and the owner wants to hear of the change now.
    void gateway.drainListener(open.listener.name, gateway.generation.settings.limits.drainTimeoutMs);
  }

  async #build(blueprint: Blueprint): Promise<void> {
    this.#next = { generation: await this.#raised(blueprint), number: blueprint.number };
  }

  async #swap({ number, listeners, crew, numbers }: OrderOf<'swap'>): Promise<string | null> {
    const next = this.#next;
    if (next === null || next.number !== number) throw new OrderFailure(`generation ${number} is not built here`);
    this.#next = null;
    const { observe, connections } = this.#gateway!.tools;
    next.generation.waf.succeed(this.#gateway!.generation.waf);
    this.#tellLearnt();
    this.#gateway!.swap(next.generation);
    if (numbers !== null) connections.numberFrom(numbers.first, numbers.step);
    shareAmong(this.#gateway!, this.#slot, crew);
    this.#useTicketKeys(this.#ticketKeys);
    for (const facts of listeners) {
      const open = this.#open.get(facts.key);
      if (open !== undefined) open.listener = listenerOf(facts, open.listener.accepted);
    }
    this.#gateway!.endShutOut();
    const problem = await observe.adopt(next.generation.observe);
    return problem?.says ?? null;
  }

  /** Other rules hold from now on; whom they no longer let in is cut off. */
  #useRules({ firewall, places }: OrderOf<'rules'>): void {
    const gateway = this.#gateway!;
    const locate = (path: Path) => places.get(JSON.stringify(['firewall', ...path])) ?? '';
    const built = buildFirewall(firewall, { locate });
    if (!built.ok) throw new OrderFailure('the rules have problems', built.problems);
    const { generation } = gateway;
    gateway.generation = { ...generation, firewall: built.value, settings: { ...generation.settings, firewall } };
    gateway.endShutOut();
  }

  #absorb(deltas: Deltas): void {
    const shared = new Map(sharedOf(this.#gateway!));
    for (const [name, what] of deltas)
      if (name === 'callers') this.#absorbCallers(what as readonly CallersChange[]);
      else if (name === 'tokens') this.#challenges.use(what as readonly ChallengeToken[]);
      else shared.get(name)?.absorb(what);
  }

  #absorbCallers(changes: readonly CallersChange[]): void {
    for (const change of changes) this.#gateway!.generation.callers.absorb(change);
    this.#gateway!.endShutOut();
  }

  #snapshot(): Deltas {
    const all = sharedOf(this.#gateway!).map(([name, shared]) => [name, shared.snapshot()] as const);
    return all.filter(([, what]) => what !== null);
  }

  #want(name: string): Promise<boolean> {
    this.#send({ event: { kind: 'told', name: 'want', deltas: name } });
    return new Promise<boolean>((resolve) => this.#wanted.set(name, resolve)).finally(() => this.#wanted.delete(name));
  }

  #useTicketKeys(keys: readonly Uint8Array[]): void {
    this.#ticketKeys = keys.map((one) => Buffer.from(one));
    this.#gateway?.generation.tls?.useTicketKeys(this.#ticketKeys);
  }

  #pulse(): void {
    const { tools, generation } = this.#gateway!;
    const told = sharedOf(this.#gateway!).map(([name, shared]) => [name, shared.takeDeltas()] as const);
    const deltas = [...told, ['offences', generation.callers.takeOffences()] as const].filter(
      ([, what]) => what !== null,
    );
    const isDue = this.#pulses++ % talliesEvery === 0;
    const tallies = isDue ? this.#tallies() : null;
    const figures = isDue ? this.#figures() : null;
    const { size: open, nextNumber } = tools.connections;
    this.#send({ event: { kind: 'pulse', open, nextNumber, deltas, tallies, figures } });
    if (this.#pulses % historyEvery === 0 && !this.#isHistoryOut) this.#tellHistory();
    if (this.#pulses % learntEvery === 0) this.#tellLearnt();
    this.#lookForRoom(open);
  }

  #tallies(): Tallies {
    const { exchanges, detected, whys, statuses } = this.#gateway!.tools.observe.counts();
    const accepted: Record<string, number> = {};
    for (const { listener } of this.#open.values()) accepted[listener.name] = listener.accepted;
    return { exchanges, detected, whys, statuses, accepted };
  }

  #figures(): WorkerFigures {
    const { generation, tools } = this.#gateway!;
    const accepted = [...this.#open.values()].reduce((sum, { listener }) => sum + listener.accepted, 0);
    return {
      atMs: this.#clock.monotonicMs(),
      traffic: tools.observe.measures.figures(),
      rules: this.#rules.read(generation),
      accepted,
      cpuUs: readCpuMicroseconds(),
      open: tools.connections.size,
      rssBytes: readResidentBytes(),
      // Reading /proc takes ms where tens of thousands are open: what is known to be open is added up instead.
      descriptorsOpen: this.#descriptors.open + this.#socketsOpen(tools.connections.size),
      descriptorsLimit: this.#descriptors.limit,
      queued: generation.proxy.routes.reduce((sum, { waiting }) => sum + waiting, 0),
    };
  }

  /** What came together since the last pulses, before nobody tells it any more. */
  #tellLast(): void {
    const { size: open, nextNumber } = this.#gateway!.tools.connections;
    const figures = this.#figures();
    this.#send({ event: { kind: 'pulse', open, nextNumber, deltas: [], tallies: null, figures } });
    this.#tellHistory();
    this.#tellLearnt();
  }

  #tellLearnt(): void {
    const deltas = this.#gateway!.generation.model.takeLearnt();
    if (deltas !== null) this.#send({ event: { kind: 'told', name: 'learnt', deltas } });
  }

  #tellHistory(): void {
    const batch = this.#gateway!.tools.observe.takeHistory();
    if (batch === null) return;
    this.#isHistoryOut = true;
    this.#send({ event: { kind: 'history', batch } });
  }

  #lookForRoom(open: number): void {
    const { limit } = this.#descriptors;
    if (limit === 0) return;
    const isFull = this.#socketsOpen(open) >= limit * (this.#isFull ? roomyShare : fullShare);
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#send({ event: { kind: 'room', isFull } });
  }

  /** Sockets to clients and upstreams. */
  #socketsOpen(open: number): number {
    const { proxy } = this.#gateway!.generation;
    return proxy.describe().reduce((sum, { idle, busy }) => sum + idle + busy, open);
  }

  #drain(ms: number, gently: boolean): Promise<void> {
    this.#draining ??= this.#end(ms, gently);
    return this.#draining;
  }

  async #end(ms: number, gently: boolean): Promise<void> {
    const accepted = this.#gateway === null ? {} : this.#tallies().accepted;
    for (const { socket } of this.#open.values()) void socket.close();
    this.#open.clear();
    const gateway = this.#gateway;
    if (gateway === null) return;
    await gateway.drain(ms, gently);
    this.#tellLast();
    gateway.generation.proxy.stop();
    await gateway.tools.observe.stop();
    this.#deadlines.stop();
    this.#last = { ...this.#tallies(), accepted };
    if (this.#timer !== null) clearInterval(this.#timer);
  }
}

/** What the loop has to do comes first. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
