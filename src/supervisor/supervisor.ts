// The supervisor: draws a blueprint of the configuration, binds sockets, keeps workers that do the rest, changes them without loss,
// and answers its owner's commands for all of them.

import { randomInt } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import type { Admin } from '../admin/admin.ts';
import { systemClock } from '../base/clock.ts';
import type { Problem } from '../base/problem.ts';
import type { Settings } from '../config/config.ts';
import type { Callers, CallersChange, OffenceNote } from '../firewall/firewall.ts';
import type { ShelfChange } from '../tls/tls.ts';
import { type BanKeeper, banKeeperOf } from './ban-keeper.ts';
import type { Blueprint } from './blueprint.ts';
import { Certificates } from './certificates/certificates.ts';
import { changesBetween } from './changes.ts';
import type { Answers, Control, ControlQuestion } from './control.ts';
import { Crew } from './crew.ts';
import { crewStatus } from './crew-status.ts';
import { openAdmin } from './dashboard.ts';
import { descriptorWarnings, readResidentBytes } from './figures.ts';
import { drawInForce, followed } from './following.ts';
import { launchHere } from './link.ts';
import { type Bound, bindAll, troubleOf } from './listeners.ts';
import { merges, withTallies } from './merge.ts';
import { Records } from './records.ts';
import type { Gate, GateAddress, Reloaded, Replacement, StartTools } from './running.ts';
import { TlsKeeper } from './tls-keeper.ts';
import { asTrouble, controlOf, GateTrouble, orderTrouble } from './trouble.ts';

export * from './kernel/kernel.ts';
export { launchProcess } from './link.ts';
export type { Finding, Gate, GateAddress, Reloaded, Replacement, StartTools } from './running.ts';
export { GateTrouble } from './trouble.ts';
export { askWithoutGate } from './without-gate.ts';
export { runWorker } from './worker-process.ts';

/** Starts a gate; rejects with `GateTrouble` (or what `tools.trouble` makes of problems) with nothing left open. */
export async function startGate(settings: Settings, tools: StartTools): Promise<Gate> {
  const supervisor = new Supervisor(tools);
  await supervisor.start(settings);
  return supervisor;
}

class Supervisor implements Gate {
  readonly finished: Promise<void>;
  caCertificatePath: string | null = null;
  readonly #tools: StartTools;
  readonly #crew: Crew;
  readonly #seed = randomInt(2 ** 47);
  readonly #startedAt = systemClock.now();
  #records: Records | null = null;
  #blueprint: Blueprint | null = null;
  /** The configuration as it was written; the blueprint's rules may be others, which stand in the kernel. */
  #asked: Replacement | null = null;
  #bound: Bound[] = [];
  #control: Control | null = null;
  #admin: Admin | null = null;
  /** What is known of callers, and who keeps it; the workers have it too. */
  #callers: Callers | null = null;
  #bans: BanKeeper | null = null;
  #certificates: Certificates | null = null;
  readonly #tls: TlsKeeper;
  /** The change under way: reloads and successors of workers wait for each other. */
  #turn: Promise<unknown> = Promise.resolve();
  #stopping: Promise<void> | null = null;
  #finish: () => void = () => {};
  /** Filled when a worker has told what it can answer. */
  readonly #answers: Record<string, Answers[string]> = {};

  /** The last thing that was said by `warnOnce`. */
  #told = '';

  constructor(tools: StartTools) {
    this.#tools = tools;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#crew = new Crew({
      launch: tools.launch ?? launchHere,
      clock: systemClock,
      brief: () => this.#brief(),
      known: () => [['callers', this.#callers!.snapshot()], ...(this.#certificates?.known ?? [])],
      hear: (name, deltas) => this.#hear(name, deltas),
      keep: (batch) => this.#records!.keep(batch),
      measured: (id, figures) => this.#records!.measured(id, figures),
      inTurn: (change) => this.#inTurn(change),
      say: (text) => tools.say?.(text),
    });
    this.#tls = new TlsKeeper((order) => this.#crew.everyone(order));
  }

  get addresses(): readonly GateAddress[] {
    return this.#bound.map(({ facts: { name, address, port, tls } }) => ({ name, address, port, tls }));
  }

  async start(settings: Settings): Promise<void> {
    const drawn = await this.#draw({ ...this.#tools, settings }, 1);
    this.#blueprint = drawn.blueprint;
    this.#asked = { ...this.#tools, settings };
    this.caCertificatePath = drawn.caCertificatePath;
    this.#records = new Records(settings.dataDirectory, settings.observe.historyBytes, !this.#isAlone, {
      reopen: () => this.reopen(),
      say: (text) => this.#tools.say?.(text),
    });
    this.#records.rotates(drawn.logFiles, settings.observe.rotation);
    this.#control = await controlOf(settings, this.#answers);
    try {
      await this.#keepBans(settings, drawn.callers, this.#tools);
      this.#bound = bindAll(settings.listen);
      await this.#certify(settings, drawn.served);
      await this.#crew.start(this.#crewSize(settings));
      const { dashboard: tools } = this.#tools;
      if (tools)
        this.#admin = await openAdmin({ settings, tools, answers: this.#answers, blueprint: () => this.#blueprint! });
    } catch (error) {
      for (const { socket } of this.#bound) socket.close();
      void this.#bans?.stop();
      await this.#control.close();
      throw troubleOf(orderTrouble(error, this.#tools));
    }
    this.#answerFor();
    this.#records.start();
    this.#tls.start();
    this.#certificates?.start();
  }

  dashboardLink(): string | null {
    return this.#admin?.link() ?? null;
  }

  async reopen(): Promise<string | null> {
    const problems = (await this.#crew.ask({ kind: 'reopen' })) as (Problem | null)[];
    const problem = problems.find((one) => one !== null && one !== undefined);
    return problem ? `${problem.says}; what it needs is ${problem.instead ?? 'another file'}` : null;
  }

  reload(next: Replacement | Promise<Replacement>): Promise<Reloaded> {
    const changed = Promise.resolve(next).then((loaded) => this.#inTurn(() => this.#change(loaded)));
    return this.#records!.reload(changed);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    // A reload that is half done is let through: its workers would otherwise be of two minds.
    await this.#turn;
    // At once, so that who comes now is refused and does not wait in a queue that nobody empties.
    for (const { socket } of this.#bound) socket.close();
    await this.#admin?.stop();
    await this.#crew.stop(this.#blueprint!.settings.limits.drainTimeoutMs);
    this.#tls.stop();
    this.#certificates?.stop();
    await this.#control?.close();
    await this.#bans?.stop();
    await this.#records!.stop();
    this.#finish();
  }

  async #change(next: Replacement): Promise<Reloaded> {
    const before = this.#blueprint!;
    const asked = this.#asked!.settings;
    if (this.#stopping !== null) throw new GateTrouble('the gate is about to end');
    if (next.settings.dataDirectory !== before.settings.dataDirectory)
      throw new GateTrouble(
        `the data directory cannot change while the gate runs: ${before.settings.dataDirectory} → ${next.settings.dataDirectory}\n` +
          '  end the gate and start it anew',
      );
    const startedMs = systemClock.monotonicMs();
    const { blueprint, caCertificatePath, callers, warnings, logFiles, served } = await this.#draw(
      next,
      before.number + 1,
    );
    const held = this.#bound;
    const bound = bindAll(next.settings.listen, held);
    const opened = bound.filter(({ socket }) => !held.some((one) => one.socket === socket));
    try {
      await this.#crew.all({ kind: 'build', blueprint });
    } catch (error) {
      for (const { socket } of opened) socket.close();
      throw orderTrouble(error, next);
    }
    this.#blueprint = blueprint;
    this.#asked = next;
    this.#admin?.adopt(next.settings.admin);
    this.#bound = bound;
    this.caCertificatePath = caCertificatePath;
    const troubles = await this.#swap(held, opened);
    await this.#keepBans(next.settings, callers, next);
    await this.#certify(next.settings, served);
    this.#crew.share('callers', callers.snapshot());
    await this.#records!.bound(next.settings.observe.historyBytes);
    this.#records!.rotates(logFiles, next.settings.observe.rotation);
    const { limits } = next.settings;
    await this.#crew.resize(this.#crewSize(next.settings), limits.drainTimeoutMs);
    return {
      generation: blueprint.number,
      ms: systemClock.monotonicMs() - startedMs,
      changes: changesBetween(asked, next.settings),
      warnings: [...warnings.map(({ says }) => says), ...troubles],
    };
  }

  /** The rules that stand in the kernel hold at accept from now on. Builds nothing else anew, and loses nothing. */
  #follow(): Promise<void> {
    return this.#inTurn(async () => {
      const blueprint = await followed(this.#blueprint!, this.#asked!);
      if (blueprint === null) return;
      this.#blueprint = blueprint;
      await this.#crew.all({ kind: 'rules', firewall: blueprint.settings.firewall, places: blueprint.places });
    });
  }

  /** Puts the built generation in its place in all workers, then opens what is new and closes what is gone. */
  async #swap(held: readonly Bound[], opened: readonly Bound[]): Promise<string[]> {
    const { number, settings } = this.#blueprint!;
    const listeners = this.#bound.map(({ facts }) => facts);
    const size = this.#crewSize(settings);
    const numbers = size === this.#crew.size ? null : this.#crew.numbersAnew(size);
    const replies = await Promise.all(
      this.#crew.ready.map((member) =>
        member
          .call({ kind: 'swap', number, listeners, crew: size, numbers: numbers?.(member.slot) ?? null })
          .then((says) => {
            member.generation = number;
            return says as string | null;
          })
          .catch(() => null),
      ),
    );
    await Promise.all(
      opened.flatMap(({ socket, facts }) =>
        this.#crew.ready.map((member) =>
          member.call({ kind: 'listen', facts }, socket.handle).then(
            () => null,
            (failure: Error) => failure.message,
          ),
        ),
      ),
    ).then((failures) => replies.push(...failures));
    for (const { socket, facts } of held) {
      if (this.#bound.some((one) => one.socket === socket)) continue;
      socket.close();
      await this.#crew.all({ kind: 'unlisten', key: facts.key, drains: true });
    }
    return [...new Set(replies.filter((says) => says !== null))];
  }

  async #draw(next: Replacement, number: number) {
    const { settings, locate } = next;
    const result = await drawInForce(settings, {
      number,
      locate,
      clock: systemClock,
      seed: this.#seed,
      hostname: hostname(),
      shelf: this.#tls.shelf,
    });
    if (!result.ok) throw asTrouble(result.problems, next);
    const warnings = [...result.warnings, ...descriptorWarnings(settings, this.#crewSize(settings))];
    if (warnings.length > 0) next.warn?.(warnings);
    const { blueprint, generation } = result.value;
    // A journal that cannot be written is known before anything is touched that would have to be taken back.
    const trouble = await generation.observe.start();
    await generation.observe.stop();
    if (trouble !== null) throw asTrouble([trouble], next);
    return {
      blueprint,
      warnings,
      caCertificatePath: generation.tls?.caCertificatePath ?? null,
      served: generation.tls?.describe().flatMap(({ from, names }) => (from === 'file' ? names : [])) ?? [],
      callers: generation.callers,
      logFiles: generation.observe.files,
    };
  }

  /** Goes on keeping certificates under these settings; `served` are names that files serve. */
  async #certify(settings: Settings, served: readonly string[]): Promise<void> {
    this.#certificates ??= new Certificates(settings.dataDirectory, {
      order: (order) => this.#crew.everyone(order),
      put: (changes) => this.#tls.put(changes),
      listeners: () => this.#bound.map(({ facts }) => facts),
      ask: (question) => this.#ask(question.ask, question),
      say: (text) => this.#tools.say?.(text),
    });
    await this.#certificates.adopt(settings, served);
    Object.assign(this.#answers, this.#certificates.answers());
  }

  /** Goes on keeping bans under these settings; `callers` is empty, and takes over what was known. */
  async #keepBans(settings: Settings, callers: Callers, tools: Pick<StartTools, 'warn'>): Promise<void> {
    void this.#bans?.stop();
    if (this.#callers !== null) callers.inherit(this.#callers);
    for (const change of this.#callers?.snapshot() ?? []) callers.absorb(change);
    this.#callers = callers;
    this.#bans = banKeeperOf(settings, callers, (problems) => tools.warn?.(problems), {
      follow: () => this.#follow(),
      dashboards: () => (this.#admin?.tuples() ?? []).map(({ from }) => from),
    });
    await this.#bans.start();
    callers.onChange((change) => this.#crew.share('callers', [change]));
    Object.assign(this.#answers, this.#bans.answers());
  }

  /** A worker has banned somebody: the others hear of it through the crew. Offences of all workers are counted here. */
  #hear(name: string, deltas: unknown): void {
    if (name === 'offences') this.#callers!.weighAll(deltas as readonly OffenceNote[]);
    if (name === 'shared-client') this.#warnOnce(String(deltas));
    if (name === 'want') this.#certificates?.want(String(deltas));
    if (name === 'callers') for (const change of deltas as readonly CallersChange[]) this.#bans!.absorb(change);
  }

  /** Whether the worker lives in this process. */
  get #isAlone(): boolean {
    return (this.#tools.launch ?? launchHere) === launchHere;
  }

  /** What every worker may notice by itself is said once. */
  #warnOnce(says: string): void {
    if (this.#told === says) return;
    this.#told = says;
    this.#tools.warn?.([{ path: ['trustedProxies'], code: 'http/shared-client', says }]);
  }

  /** Within this process there is one worker, however many the settings ask for. */
  #crewSize({ workers }: Settings): number {
    if (this.#isAlone) return 1;
    return workers === 0 ? availableParallelism() : workers;
  }

  #brief() {
    const blueprint = this.#blueprint!;
    return {
      order: { blueprint, ...this.#tls.brief(), startedAt: this.#startedAt },
      sockets: this.#bound.map(({ socket, facts }) => ({ facts, handle: socket.handle })),
      stallMs: blueprint.settings.limits.workerStallMs,
    };
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(change);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  putCertificates(changes: readonly ShelfChange[]): Promise<void> {
    return this.#tls.put(changes);
  }

  // ---- commands

  /** Answers for all workers whatever one of them can answer. */
  #answerFor(): void {
    for (const name of this.#crew.questions)
      this.#answers[name] = (question) => this.#ask(name, { ...question, ask: name });
    this.#answers.status = (question) => this.#status({ ...question, ask: 'status' });
    Object.assign(this.#answers, this.#records!.answers(this.#answers));
    this.#answers.explain = async (question) =>
      this.#records!.explained(await this.#ask('explain', { ...question, ask: 'explain' }), question);
    this.#answers.reload = () => this.#reloadAsAsked();
  }

  async #ask(name: string, question: ControlQuestion): Promise<unknown> {
    const merge = merges[name];
    const order = { kind: 'ask', question } as const;
    if (merge !== undefined) {
      const answers = await this.#crew.ask(order);
      if (answers.length > 0) return merge(answers, question);
    } else {
      const [first] = this.#crew.ready;
      if (first !== undefined) return first.call(order);
    }
    throw new GateTrouble('no worker is up at the moment; ask again');
  }

  async #status(question: ControlQuestion): Promise<unknown> {
    const history = await this.#records!.history();
    const status = withTallies(await this.#ask('status', question), this.#crew.gone);
    const { memory, ...rest } = status as { readonly memory: { readonly rssBytes: number } };
    const isApart = this.#crew.ready.some(({ link }) => link.isProcess);
    return {
      ...rest,
      pid: process.pid,
      workers: this.#crew.size,
      generation: this.#blueprint!.number,
      history,
      memory: { ...memory, rssBytes: memory.rssBytes + (isApart ? readResidentBytes() : 0) },
      crew: crewStatus(this.#crew, systemClock.monotonicMs()),
    };
  }

  async #reloadAsAsked(): Promise<Reloaded> {
    const { load } = this.#tools;
    if (load === undefined) throw new GateTrouble('this gate has no configuration file that could be loaded anew');
    return this.reload(load());
  }
}
