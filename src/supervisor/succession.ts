// The old gate's part in an upgrade: another program is started beside this one, takes everything over, and only then does this one go.

import { systemClock } from '../base/clock.ts';
import type { Crew } from './crew.ts';
import { type Estate, handoverProtocol } from './handover.ts';
import { Heir, type HeirPlan, versionOf } from './heir.ts';
import type { Bound } from './listeners.ts';
import type { Upgraded } from './running.ts';
import { GateTrouble } from './trouble.ts';

/** What of the gate an upgrade touches. */
export interface SuccessionTools {
  readonly pid: number;
  readonly crew: Crew;
  bound(): readonly Bound[];
  estate(): Pick<Estate, 'dataDirectory' | 'generation' | 'seed' | 'tls'>;
  isStopping(): boolean;
  /** Runs a change while no other runs. */
  inTurn<T>(change: () => Promise<T>): Promise<T>;
  /** Gives up what only one gate can have; and takes it back. */
  letGo(): Promise<void>;
  takeBack(): Promise<void>;
  /** The other gate has everything: this one ends. */
  leave(): void;
}

/** One at a time; what fails leaves everything as it was. */
export class Succession {
  readonly #plan: HeirPlan | undefined;
  readonly #tools: SuccessionTools;
  #heir: Heir | null = null;
  #isUnderWay = false;
  #isDone = false;

  constructor(plan: HeirPlan | undefined, tools: SuccessionTools) {
    this.#plan = plan;
    this.#tools = tools;
  }

  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** Whether another gate stands in this one's place. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Starts `program`, or the one that runs here as it lies on disk now; rejects with everything that is wrong with it. */
  async run(program?: string): Promise<Upgraded> {
    const { crew, bound, inTurn, leave } = this.#tools;
    const plan = this.#plan;
    if (plan === undefined) throw new GateTrouble('only a gate that `portcullis run` started can be upgraded');
    this.#judge();
    this.#isUnderWay = true;
    const startedMs = systemClock.monotonicMs();
    try {
      const next = { ...plan, program: program ?? plan.program };
      const version = await versionOf(next.program);
      const heir = new Heir(next);
      this.#heir = heir;
      await heir.start(await this.#estate(heir), bound());
      await inTurn(() => this.#enthrone(heir));
      leave();
      return { version, pid: heir.pid, ms: systemClock.monotonicMs() - startedMs };
    } catch (error) {
      crew.disinherit();
      this.#heir?.abandon();
      this.#heir = null;
      throw error;
    } finally {
      this.#isUnderWay = false;
    }
  }

  /** Tells whoever takes over, or has, what came to be known here. */
  share(name: string, what: unknown): void {
    this.#heir?.share([[name, what]]);
  }

  /** The gate ends: whoever was to take over ends, too, unless it has. */
  abandon(): void {
    if (!this.#isDone) this.#heir?.abandon();
  }

  /** The gate has ended: the other is on its own. */
  release(): void {
    this.#heir?.release();
  }

  #judge(): void {
    const { pid, isStopping } = this.#tools;
    if (pid === 1)
      throw new GateTrouble(
        'this gate is process 1, with which its container ends: it cannot hand over to another\n  start a new container',
      );
    if (isStopping()) throw new GateTrouble('the gate is about to end');
    if (this.#isUnderWay) throw new GateTrouble('an upgrade is under way already');
  }

  async #estate(heir: Heir): Promise<Estate> {
    const { crew, bound, estate } = this.#tools;
    const counted = await crew.bequeath((deltas) => heir.share(deltas));
    return { protocol: handoverProtocol, ...estate(), ...counted, sockets: bound().length };
  }

  async #enthrone(heir: Heir): Promise<void> {
    const { isStopping, letGo, takeBack } = this.#tools;
    if (isStopping()) throw new GateTrouble('the gate is about to end');
    await letGo();
    try {
      await heir.enthrone();
    } catch (error) {
      await takeBack();
      throw error;
    }
    this.#isDone = true;
  }
}
