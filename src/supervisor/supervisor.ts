// The supervisor: draws a blueprint of the configuration, binds sockets, keeps workers that do the rest, changes them without loss,
// and answers its owner's commands for all of them.

import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { Admin } from '../admin/admin.ts';
import { systemClock } from '../base/clock.ts';
import type { Problem } from '../base/problem.ts';
import type { Settings } from '../config/config.ts';
import type { Callers, CallersChange, OffenceNote } from '../firewall/firewall.ts';
import type { ChallengeToken } from '../http/http.ts';
import type { ShelfChange } from '../tls/tls.ts';
import { type BanKeeper, banKeeperOf } from './ban-keeper.ts';
import type { Blueprint } from './blueprint.ts';
import type { Certificates } from './certificates/certificates.ts';
import { certificatesOf } from './certifying.ts';
import { changeOver, onlyIn } from './changeover.ts';
import { changesBetween } from './changes.ts';
import { answerForAll } from './commands.ts';
import type { Answers, Control } from './control.ts';
import { Crew } from './crew.ts';
import { openAdmin } from './dashboard.ts';
import { type Drawn, drawn } from './drawing.ts';
import { followed } from './following.ts';
import type { Estate } from './handover.ts';
import type { Inheritance } from './inheritance.ts';
import { launchHere } from './link.ts';
import { type Bound, bindAll, troubleOf } from './listeners.ts';
import { Notices } from './notices.ts';
import { Records } from './records.ts';
import type { Gate, GateAddress, Reloaded, Replacement, StartTools, Upgraded } from './running.ts';
import { type ServiceManager, serviceManagerOf } from './service-manager.ts';
import { Succession } from './succession.ts';
import { TlsKeeper } from './tls-keeper.ts';
import { controlOf, GateTrouble, orderTrouble, staysIn } from './trouble.ts';
import { Turns } from './turns.ts';

export { type Inheritance, inheritanceOf } from './inheritance.ts';
export * from './kernel/kernel.ts';
export { learntOf, readLearnt } from './learnt-keeper.ts';
export { launchProcess } from './link.ts';
export type { Finding, Gate, GateAddress, Reloaded, Replacement, StartTools, Upgraded } from './running.ts';
export { GateTrouble } from './trouble.ts';
export { askHistory, askWithoutGate, purgeHistory } from './without-gate.ts';
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
  readonly #service: ServiceManager;
  readonly #succession: Succession;
  #seed = randomInt(2 ** 47);
  readonly #startedAt = systemClock.now();
  /** Has a gate before this one what only one can have? */
  #isHeir = false;
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
  readonly #tls: TlsKeeper;
  #certificates: Certificates | null = null;
  /** The change under way: reloads and successors of workers wait for each other. */
  readonly #turns = new Turns();
  #stopping: Promise<void> | null = null;
  #finish: () => void = () => {};
  /** Filled when a worker has told what it can answer. */
  readonly #answers: Record<string, Answers[string]> = {};
  readonly #notices: Notices;
  /** Whether the worker lives in this process. */
  readonly #isAlone: boolean;

  constructor(tools: StartTools) {
    this.#tools = tools;
    this.#isAlone = (tools.launch ?? launchHere) === launchHere;
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
      inTurn: (change) => this.#turns.run(change),
      say: (text) => tools.say?.(text),
    });
    this.#notices = new Notices(tools);
    this.#tls = new TlsKeeper((order) => this.#crew.everyone(order));
    this.#service = serviceManagerOf(tools.env ?? {}, process.pid, (says) => tools.say?.(says));
    this.#succession = new Succession(tools.plan, {
      pid: process.pid,
      crew: this.#crew,
      bound: () => this.#bound,
      estate: () => this.#estate(),
      isStopping: () => this.#stopping !== null,
      inTurn: (change) => this.#turns.run(change),
      letGo: () => this.#letGo(),
      takeBack: () => this.#take(this.#blueprint!.settings).then(() => this.#certificates?.start()),
      leave: () => {
        this.#service.leave();
        this.#records!.regain((batch) => this.#succession.share('history', batch));
        void this.stop();
      },
    });
  }

  get addresses(): readonly GateAddress[] {
    return this.#bound.map(({ facts: { name, address, port, tls } }) => ({ name, address, port, tls }));
  }

  async start(settings: Settings): Promise<void> {
    const estate = (await this.#tools.inheritance?.estate) ?? null;
    const inheritance = estate === null ? null : this.#tools.inheritance!;
    if (estate !== null) this.#inherit(estate, settings);
    const asked = { ...this.#tools, settings };
    const { blueprint, caCertificatePath, callers, logFiles, served } = await this.#draw(
      asked,
      (estate?.generation ?? 0) + 1,
    );
    this.#blueprint = blueprint;
    this.#asked = asked;
    this.caCertificatePath = caCertificatePath;
    this.#records = new Records(settings.dataDirectory, settings.observe.historyBytes, !this.#isAlone, {
      reopen: () => this.reopen(),
      say: (text) => this.#tools.say?.(text),
    });
    this.#records.rotates(logFiles, settings.observe.rotation);
    if (inheritance === null) this.#control = await controlOf(settings, this.#answers);
    else await this.#records.hold();
    try {
      for (const [name, what] of estate?.known ?? [])
        if (name === 'callers') for (const change of what as readonly CallersChange[]) callers.absorb(change);
      await this.#keepBans(settings, callers, this.#tools);
      this.#bound = bindAll(settings.listen, inheritance?.sockets);
      await this.#certify(settings, served);
      for (const [name, what] of estate?.known ?? []) if (name === 'tokens') this.#hear(name, what);
      inheritance?.listen(
        (name, what) => this.#hear(name, what),
        () => this.#crew.buryPredecessor(),
      );
      await this.#crew.start(this.#crewSize(settings));
      this.#answerFor();
      if (inheritance !== null) await this.#succeed(inheritance, settings);
      else await this.#openAdmin(settings);
    } catch (error) {
      for (const { socket } of this.#bound) socket.close();
      void this.#bans?.stop();
      await this.#admin?.stop();
      await this.#control?.close();
      throw troubleOf(orderTrouble(error, this.#tools));
    }
    this.#records.start();
    this.#tls.start();
    this.#certificates?.start();
    void this.#service.ready(this.#status(), () => this.#crew.ready.length > 0);
  }

  #inherit({ dataDirectory, seed, tls, firstNumber, known }: Estate, settings: Settings): void {
    staysIn(dataDirectory, settings.dataDirectory);
    this.#isHeir = true;
    this.#seed = seed;
    this.#tls.inherit(tls);
    this.#crew.inherit(firstNumber, known);
  }

  /** The workers accept beside those of the gate before: now the rest is taken from it. */
  async #succeed(inheritance: Inheritance, settings: Settings): Promise<void> {
    await inheritance.claim();
    this.#isHeir = false;
    await this.#certificates!.takeOver();
    await this.#take(settings);
    inheritance.stand(this.#bound);
  }

  /** Has what only one gate can have, from whoever had it. */
  async #take(settings: Settings): Promise<void> {
    await this.#bans!.start();
    await this.#openAdmin(settings);
    const before = this.#control;
    this.#control = await controlOf(settings, this.#answers, true);
    await before?.close(true);
    this.#records!.regain(null);
  }

  async #letGo(): Promise<void> {
    await this.#certificates?.stop(true);
    await this.#bans!.stop();
    await this.#admin?.stop();
    this.#admin = null;
    await this.#records!.hold();
  }

  #estate() {
    const { settings, number } = this.#blueprint!;
    return { dataDirectory: settings.dataDirectory, generation: number, seed: this.#seed, tls: this.#tls.brief() };
  }

  async #openAdmin(settings: Settings): Promise<void> {
    const { dashboard: tools } = this.#tools;
    this.#admin = await openAdmin({ settings, tools, answers: this.#answers, blueprint: () => this.#blueprint! });
  }

  upgrade(program?: string): Promise<Upgraded> {
    return this.#succession.run(program);
  }

  dashboardLink(): string | null {
    return this.#admin?.link() ?? null;
  }

  async reopen(): Promise<string | null> {
    const problems = (await this.#crew.ask({ kind: 'reopen' })) as (Problem | null)[];
    const problem = problems.find((one) => one !== null && one !== undefined);
    return problem ? `${problem.says}; what it needs is ${problem.instead ?? 'another file'}` : null;
  }

  async reload(next: Replacement | Promise<Replacement>): Promise<Reloaded> {
    await this.#service.reloading(systemClock.monotonicMs());
    try {
      const changed = Promise.resolve(next).then((loaded) => this.#turns.run(() => this.#change(loaded)));
      return await this.#records!.reload(changed);
    } finally {
      void this.#service.settled(this.#status());
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#succession.abandon();
    // A reload that is half done is let through: its workers would otherwise be of two minds.
    await this.#turns.settled;
    const { isDone } = this.#succession;
    const { drainTimeoutMs } = this.#blueprint!.settings.limits;
    if (!isDone) void this.#service.stopping(drainTimeoutMs);
    // At once, so that who comes now is refused and does not wait in a queue that nobody empties.
    for (const { socket } of this.#bound) socket.close();
    // Whoever asked for the successor is still to hear of it.
    const closed = isDone ? this.#control?.close(true) : null;
    await this.#admin?.stop();
    await this.#crew.stop(drainTimeoutMs, isDone);
    this.#tls.stop();
    void this.#certificates?.stop();
    await (closed ?? this.#control?.close());
    await this.#bans?.stop();
    await this.#records!.stop();
    this.#succession.release();
    this.#finish();
  }

  async #change(next: Replacement): Promise<Reloaded> {
    const before = this.#blueprint!;
    const asked = this.#asked!.settings;
    if (this.#stopping !== null) throw new GateTrouble('the gate is about to end');
    if (this.#succession.isUnderWay) throw new GateTrouble('an upgrade is under way: reload when it is done');
    staysIn(before.settings.dataDirectory, next.settings.dataDirectory);
    const startedMs = systemClock.monotonicMs();
    const { blueprint, caCertificatePath, callers, warnings, logFiles, served } = await this.#draw(
      next,
      before.number + 1,
    );
    const held = this.#bound;
    const bound = bindAll(next.settings.listen, held);
    try {
      await this.#crew.all({ kind: 'build', blueprint });
    } catch (error) {
      for (const { socket } of onlyIn(bound, held)) socket.close();
      throw orderTrouble(error, next);
    }
    this.#blueprint = blueprint;
    this.#asked = next;
    this.#admin?.adopt(next.settings.admin);
    this.#bound = bound;
    this.caCertificatePath = caCertificatePath;
    const size = this.#crewSize(next.settings);
    const troubles = await changeOver(this.#crew, blueprint.number, size, { before: held, after: bound });
    await this.#keepBans(next.settings, callers, next);
    await this.#certify(next.settings, served);
    this.#crew.share('callers', callers.snapshot());
    await this.#records!.bound(next.settings.observe.historyBytes);
    this.#records!.rotates(logFiles, next.settings.observe.rotation);
    const { limits } = next.settings;
    await this.#crew.resize(size, limits.drainTimeoutMs);
    return {
      generation: blueprint.number,
      ms: systemClock.monotonicMs() - startedMs,
      changes: changesBetween(asked, next.settings),
      warnings: [...warnings.map(({ says }) => says), ...troubles],
    };
  }

  /** The rules that stand in the kernel hold at accept from now on. Builds nothing else anew, and loses nothing. */
  #follow(): Promise<void> {
    return this.#turns.run(async () => {
      const blueprint = await followed(this.#blueprint!, this.#asked!);
      if (blueprint === null) return;
      this.#blueprint = blueprint;
      await this.#crew.all({ kind: 'rules', firewall: blueprint.settings.firewall, places: blueprint.places });
    });
  }

  #draw(next: Replacement, number: number): Promise<Drawn> {
    return drawn(next, { number, seed: this.#seed, shelf: this.#tls.shelf, crewSize: this.#crewSize(next.settings) });
  }

  /** Goes on keeping certificates under these settings; `served` are names that files serve. */
  async #certify(settings: Settings, served: readonly string[]): Promise<void> {
    const share = (name: string, what: unknown) => this.#succession.share(name, what);
    const { dataDirectory } = settings;
    this.#certificates ??= certificatesOf(dataDirectory, this.#crew, this.#tls, () => this.#bound, share, this.#tools);
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
    if (!this.#isHeir) await this.#bans.start();
    callers.onChange((change) => this.#crew.share('callers', [change]));
    Object.assign(this.#answers, this.#bans.answers());
  }

  /** A worker has banned somebody: the others hear of it through the crew. Offences of all workers are counted here. */
  #hear(name: string, deltas: unknown): void {
    if (name === 'offences') this.#callers!.weighAll(deltas as readonly OffenceNote[]);
    this.#records!.hear(name, deltas);
    if (name === 'certificates') void this.#tls.put(deltas as readonly ShelfChange[]).catch(() => {});
    if (name === 'rates' || name === 'clients') this.#crew.hearPredecessor(name, deltas);
    if (name === 'tokens') void this.#certificates?.inherit(deltas as readonly ChallengeToken[]).catch(() => {});
    if (name === 'want') this.#certificates?.want(String(deltas));
    if (name === 'shared-client') this.#notices.shared(String(deltas));
    if (name !== 'callers') return;
    for (const change of deltas as readonly CallersChange[]) this.#bans!.absorb(change);
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

  putCertificates(changes: readonly ShelfChange[]): Promise<void> {
    this.#succession.share('certificates', changes);
    return this.#tls.put(changes);
  }

  #answerFor(): void {
    const records = this.#records!;
    const generation = () => this.#blueprint!.number;
    answerForAll(this.#answers, { crew: this.#crew, records, pid: process.pid, generation });
    this.#answers.reload = async () => {
      const { load } = this.#tools;
      if (load !== undefined) return this.reload(load());
      throw new GateTrouble('this gate has no configuration file that could be loaded anew');
    };
    this.#answers.upgrade = ({ program }) => this.upgrade(typeof program === 'string' ? program : undefined);
  }

  /** A line for the service manager. */
  #status(): string {
    return `generation ${this.#blueprint!.number}, ${this.#crew.size} workers`;
  }
}
