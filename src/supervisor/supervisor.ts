// Starts a gate, answers its owner's questions, and stops it: the frame around the spine. One process in this version;
// what is asked and answered here is what a supervisor of several workers will ask and answer.

import { randomFillSync, randomInt } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { Identifiers } from '../base/identifier.ts';
import type { Path, Problem } from '../base/problem.ts';
import type { Settings } from '../config/config.ts';
import { Deadlines } from '../connections/connections.ts';
import { Gateway } from '../gateway.ts';
import { build, type Generation } from '../generation.ts';
import { answersOf } from './answers.ts';
import { BanKeeper } from './ban-keeper.ts';
import { type Control, ControlTrouble, listenControl } from './control.ts';
import { readDescriptors } from './figures.ts';
import { kernelKeeperOf } from './kernel/keeper.ts';
import { type Opened, openListeners } from './listeners.ts';
import { GateTrouble } from './trouble.ts';

export * from './kernel/kernel.ts';
export { GateTrouble } from './trouble.ts';

/** What a start is handed. */
export interface StartTools {
  /** `file:line` of a path of the settings, or ''. */
  locate(path: Path): string;
  /** The trouble that problems of the configuration are; without it they are told one a line. */
  trouble?(problems: readonly Problem[]): Error;
  /** Hears warnings that do not keep the gate from starting. */
  warn?(warnings: readonly Problem[]): void;
}

/** An address that the gate listens on; `port` is the bound one. */
export interface GateAddress {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
}

/** A gate that runs. */
export interface Gate {
  readonly addresses: readonly GateAddress[];
  readonly caCertificatePath: string | null;
  /** Opens the journal anew, after log rotation; gives what is wrong where that cannot be, and the gate goes on. */
  reopen(): Promise<string | null>;
  /** Takes no more connections, lets what runs end within the drain deadline, and closes everything. */
  stop(): Promise<void>;
  readonly finished: Promise<void>;
}

/** Starts a gate; rejects with `GateTrouble` (or what `tools.trouble` makes of problems) with nothing left open. */
export async function startGate(settings: Settings, tools: StartTools): Promise<Gate> {
  const clock = systemClock;
  const deadlines = new Deadlines(clock);
  const generation = await generationOf(settings, tools, deadlines);
  const identifiers = new Identifiers((block) => randomFillSync(block));
  const { connections, observe } = generation;
  const gateway = new Gateway(generation, { clock, timekeeper: deadlines, identifiers, connections, observe });

  const journalProblem = await observe.start();
  if (journalProblem !== null) throw asTrouble([journalProblem], tools);
  let opened: Opened[] = [];
  let control: Control;
  const bans = banKeeperOf(settings, gateway, tools);
  try {
    control = await controlOf(settings, gateway, () => opened, bans);
    await bans.start();
  } catch (error) {
    await observe.stop();
    throw error instanceof ControlTrouble ? new GateTrouble(error.message) : error;
  }
  try {
    opened = await openListeners(settings.listen, (socket, listener) => gateway.accept(socket, listener));
  } catch (error) {
    // A listener that was open for a moment may have let somebody in.
    await gateway.drain(0);
    await control.close();
    bans.stop();
    await observe.stop();
    throw error;
  }
  deadlines.start();
  generation.proxy.start();
  return runningGate(gateway, deadlines, control, opened, bans);
}

async function generationOf(settings: Settings, tools: StartTools, deadlines: Deadlines): Promise<Generation> {
  const result = await build(settings, {
    locate: tools.locate,
    clock: systemClock,
    timekeeper: deadlines,
    seed: randomInt(2 ** 47),
    hostname: hostname(),
    mayWrite: true,
  });
  if (!result.ok) throw asTrouble(result.problems, tools);
  const warnings = [...result.warnings, ...descriptorWarnings(settings)];
  if (warnings.length > 0) tools.warn?.(warnings);
  return result.value;
}

/** Each proxied connection takes two descriptors, one on each side. */
function descriptorWarnings({ limits }: Settings): Problem[] {
  const { limit } = readDescriptors();
  if (limit === 0 || limits.maxConnections < limit) return [];
  return [
    {
      path: ['limits', 'maxConnections'],
      code: 'connections/few-descriptors',
      says: `${limits.maxConnections} connections are allowed, and this process may hold ${limit} file descriptors, those to upstreams included`,
      instead: `a number well below ${limit}, or a higher limit (ulimit -n, LimitNOFILE)`,
    },
  ];
}

function asTrouble(problems: readonly Problem[], tools: StartTools): Error {
  if (tools.trouble !== undefined) return tools.trouble(problems);
  return new GateTrouble(
    problems
      .map(({ code, says, instead }) => `${code}: ${says}${instead === undefined ? '' : `; instead: ${instead}`}`)
      .join('\n'),
  );
}

function banKeeperOf(settings: Settings, gateway: Gateway, tools: StartTools): BanKeeper {
  const { callers } = gateway.generation;
  callers.onChange(({ kind }) => {
    if (kind === 'banned' || kind === 'listed') gateway.endShutOut();
  });
  return new BanKeeper(callers, {
    clock: systemClock,
    dataDirectory: settings.dataDirectory,
    blocklists: settings.blocklists,
    never: {
      neverLoopback: settings.bans.neverLoopback,
      trusted: [...settings.trustedProxies, ...settings.listen.flatMap(({ proxyProtocol }) => proxyProtocol)],
      upstreams: settings.sites.flatMap(({ to }) => to.flatMap(({ host }) => (host === '' ? [] : [host]))),
    },
    kernel: kernelKeeperOf(settings, callers, (says) =>
      tools.warn?.([{ path: ['firewall', 'enforce'], code: 'firewall/kernel', says }]),
    ),
    warn: (says) => tools.warn?.([{ path: ['bans'], code: 'firewall/bans', says }]),
  });
}

function controlOf(
  settings: Settings,
  gateway: Gateway,
  opened: () => readonly Opened[],
  bans: BanKeeper,
): Promise<Control> {
  const path = join(settings.dataDirectory, 'control.sock');
  return listenControl(path, { ...answersOf(gateway, opened, systemClock.now()), ...bans.answers() });
}

function runningGate(
  gateway: Gateway,
  deadlines: Deadlines,
  control: Control,
  opened: readonly Opened[],
  bans: BanKeeper,
): Gate {
  const { settings, tls, observe, proxy } = gateway.generation;
  let stopping: Promise<void> | null = null;
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const stop = async (): Promise<void> => {
    for (const { socket } of opened) void socket.close();
    await gateway.drain(settings.limits.drainTimeoutMs);
    proxy.stop();
    await control.close();
    bans.stop();
    await observe.stop();
    deadlines.stop();
    finish();
  };
  return {
    addresses: opened.map(({ socket, listener }) => ({
      name: listener.name,
      address: socket.address,
      port: socket.port,
      tls: listener.tls,
    })),
    caCertificatePath: tls?.caCertificatePath ?? null,
    reopen: async () => {
      const problem = await observe.reopen();
      return problem === null ? null : `${problem.says}; what it needs is ${problem.instead ?? 'another file'}`;
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
    finished,
  };
}
