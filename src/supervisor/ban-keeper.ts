// Keeps bans: on disk, away from those who must get in, with fresh blocklists; and answers their owner's commands.

import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Problem } from '../base/problem.ts';
import type { Settings } from '../config/config.ts';
import { type BanRecord, type Callers, type CallersChange, targetText } from '../firewall/firewall.ts';
import { machineReader } from '../ports/ports.ts';
import { BanStore } from './ban-store.ts';
import { BlocklistKeeper, type BlocklistSettings } from './blocklists.ts';
import type { Answers, ControlQuestion } from './control.ts';
import { type KernelKeeper, kernelKeeperOf } from './kernel/keeper.ts';
import { NeverLook, type NeverSettings } from './never-ban.ts';

/** What a keeper is handed. */
export interface BanKeeperTools {
  readonly clock: Clock;
  readonly dataDirectory: string;
  readonly never: NeverSettings;
  readonly blocklists: readonly BlocklistSettings[];
  /** Has bans and lists in the kernel, too; null where it is left alone. */
  readonly kernel: KernelKeeper | null;
  /** Hears a sentence for the owner. */
  warn(says: string): void;
}

/** Between two looks at what is due, in ms. */
const tickMs = 1000;
/** Between two looks at the machine, in ms; longer where a look takes long, so that it costs at most a two-hundredth. */
const lookMs = 10_000;
const prepareMs = 60_000;

/** The owner's side of the bans of one gate. */
export class BanKeeper {
  readonly #callers: Callers;
  readonly #tools: BanKeeperTools;
  readonly #store: BanStore;
  readonly #look: NeverLook;
  readonly #lists: BlocklistKeeper;
  #timer: ReturnType<typeof setInterval> | null = null;
  #lookDueMs = 0;
  #prepareDueMs = 0;

  constructor(callers: Callers, tools: BanKeeperTools) {
    this.#callers = callers;
    this.#tools = tools;
    this.#store = new BanStore(tools.dataDirectory, tools.clock);
    this.#look = new NeverLook(tools.never, machineReader);
    this.#lists = new BlocklistKeeper(tools.blocklists, {
      clock: tools.clock,
      directory: join(tools.dataDirectory, 'blocklists'),
      load: fetch,
      use: (lists) => callers.setBlocklists(lists),
      warn: tools.warn,
    });
    callers.onChange((change) => this.#keep(change));
  }

  /** Restores what was kept, before the first connection comes; then sees to everything once a second. It may start again after `stop`,
   * also with what somebody else kept in the files meanwhile. */
  async start(): Promise<void> {
    const { bans, trouble } = this.#store.open();
    if (trouble !== '') this.#tools.warn(trouble);
    for (const ban of bans) this.#callers.absorb({ kind: 'banned', ban });
    await this.#prepare();
    this.#lookAtMachine('');
    await this.#lists.start();
    // Files are there or not: they are in force before anybody is let in. Servers may take their time.
    await this.#lists.tick(true);
    await this.#tools.kernel?.start();
    this.#timer = setInterval(() => this.tick(), tickMs).unref();
  }

  /** A change that a worker made: whoever hears of changes here hears of it, too. */
  absorb(change: CallersChange): void {
    this.#callers.absorb(change);
    this.#callers.tell(change);
  }

  #keep(change: CallersChange): void {
    if (change.kind === 'banned') this.#store.write({ put: change.ban });
    else if (change.kind === 'freed') this.#store.write({ drop: change.target });
  }

  /** What is due: writes, looks, lists. */
  tick(): void {
    const nowMs = this.#tools.clock.monotonicMs();
    this.#flush();
    this.#callers.sweep();
    void this.#tools.kernel?.tick();
    if (nowMs >= this.#prepareDueMs) void this.#prepare();
    if (nowMs >= this.#lookDueMs) this.#lookAtMachine('');
    void this.#lists.tick();
  }

  /** Writes what waits and closes the file; fulfilled when the kernel has what it was to have. */
  stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#lists.stop();
    this.#flush();
    this.#store.close();
    return this.#tools.kernel?.stop() ?? Promise.resolve();
  }

  /** The table of answers for the control socket. */
  answers(): Answers {
    return {
      bans: () => this.#listed(),
      ban: (question) => this.#add(question),
      unban: (question) => this.#remove(question),
      refill: async () => {
        await this.#tools.kernel?.refill();
        return this.#tools.kernel !== null;
      },
    };
  }

  #listed() {
    const bans = this.#callers.list();
    return {
      total: bans.length,
      bans: bans.slice(0, maxListed),
      kept: this.#store.isKept,
      spared: this.#callers.spared,
      never: this.#callers.never().map(({ cidr, why }) => ({ target: targetText(cidr), why })),
      blocklists: this.#lists.status(),
    };
  }

  #add(question: ControlQuestion) {
    this.#lookAtMachine(typeof question.caller === 'string' ? question.caller : '');
    const { target, reason, lengthMs } = question;
    if (typeof target !== 'string') throw new Error('say whom to ban');
    const length = typeof lengthMs === 'number' && lengthMs > 0 ? lengthMs : Number.POSITIVE_INFINITY;
    const answer = this.#callers.add(target, typeof reason === 'string' ? reason : '', length);
    if (!answer.ok) throw new Error(answer.says);
    this.#flush();
    return { ban: answer.ban, spared: answer.spared, kept: this.#store.isKept };
  }

  #remove(question: ControlQuestion): { ban: BanRecord } {
    const target = typeof question.target === 'string' ? question.target : '';
    const ban = this.#callers.remove(target);
    if (ban === null) throw new Error(this.#whyNotBanned(target));
    this.#flush();
    return { ban };
  }

  #whyNotBanned(target: string): string {
    const over = this.#callers.holding(target);
    return over === null ? `${target} is not banned` : `${target} is not banned by itself, but ${over} is`;
  }

  #flush(): void {
    const trouble = this.#store.flush();
    if (trouble !== '') this.#tools.warn(trouble);
  }

  async #prepare(): Promise<void> {
    this.#prepareDueMs = this.#tools.clock.monotonicMs() + prepareMs;
    await this.#look.prepare();
  }

  #lookAtMachine(caller: string): void {
    const { clock } = this.#tools;
    const before = clock.monotonicMs();
    this.#callers.setNever(this.#look.look(caller));
    const after = clock.monotonicMs();
    this.#lookDueMs = after + Math.max(lookMs, (after - before) * 200);
  }
}

/** Most bans that one answer lists. */
const maxListed = 10_000;

/** The keeper that the settings ask for; `warn` hears problems that are told and no more. */
export function banKeeperOf(
  settings: Settings,
  callers: Callers,
  warn: (problems: readonly Problem[]) => void,
  { follow, dashboards }: { follow(): Promise<void>; dashboards(): readonly string[] },
): BanKeeper {
  return new BanKeeper(callers, {
    clock: systemClock,
    dataDirectory: settings.dataDirectory,
    blocklists: settings.blocklists,
    never: {
      neverLoopback: settings.bans.neverLoopback,
      trusted: [...settings.trustedProxies, ...settings.listen.flatMap(({ proxyProtocol }) => proxyProtocol)],
      upstreams: settings.sites.flatMap(({ to }) => to.flatMap(({ host }) => (host === '' ? [] : [host]))),
      dashboards,
    },
    kernel: kernelKeeperOf(
      settings,
      callers,
      (says) => warn([{ path: ['firewall', 'enforce'], code: 'firewall/kernel', says }]),
      follow,
    ),
    warn: (says) => warn([{ path: ['bans'], code: 'firewall/bans', says }]),
  });
}
