// A gate that runs, and what starts and changes it, as those who start one see it.

import type { Path, Problem } from '../base/problem.ts';
import type { Settings } from '../config/config.ts';
import type { ShelfChange } from '../tls/tls.ts';
import type { HeirPlan } from './heir.ts';
import type { Inheritance } from './inheritance.ts';
import type { Launch } from './link.ts';

export type { Finding } from './certificates/finding.ts';

/** What a start is handed. */
export interface StartTools {
  /** `file:line` of a path of the settings, or ''. */
  locate(path: Path): string;
  /** The trouble that problems of the configuration are; without it they are told one a line. */
  trouble?(problems: readonly Problem[]): Error;
  /** Hears warnings that do not keep the gate from starting. */
  warn?(warnings: readonly Problem[]): void;
  /** Hears what happens to workers. */
  say?(text: string): void;
  /** How workers are made: as processes, or one within this process, which is so where nothing is said. */
  readonly launch?: Launch;
  /** What the dashboard works with; none is served without it. */
  readonly dashboard?: DashboardTools;
  /** Loads the configuration anew for whoever asks for a reload over the control socket; throws its trouble. */
  load?(): Promise<Replacement>;
  /** How the process was started, so that another can be in its place; without it the gate cannot be upgraded. */
  readonly plan?: HeirPlan;
  /** What a gate before this one hands over. */
  readonly inheritance?: Inheritance;
  /** The environment, for the service manager above. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What somebody at the dashboard may do beyond what the gate itself can. */
export interface DashboardTools {
  /** The configuration file, absolute; null where there is none. */
  readonly file: string | null;
  /** Where commands run. */
  readonly cwd: string;
  /** The settings of another file, read as the gate's own are; rejects with every problem. */
  load(file: string): Promise<Pick<Replacement, 'settings'>>;
}

/** Settings to go on with. */
export interface Replacement extends Pick<StartTools, 'locate' | 'trouble' | 'warn'> {
  readonly settings: Settings;
}

/** An address that the gate listens on; `port` is the bound one. */
export interface GateAddress {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
}

/** What a reload did. */
export interface Reloaded {
  readonly generation: number;
  readonly ms: number;
  /** A line for each setting that changed. */
  readonly changes: readonly string[];
  /** What was wrong without being against it. */
  readonly warnings: readonly string[];
}

/** What an upgrade came to. */
export interface Upgraded {
  /** The version that runs now, and its process. */
  readonly version: string;
  readonly pid: number;
  readonly ms: number;
}

/** A gate that runs. */
export interface Gate {
  readonly addresses: readonly GateAddress[];
  readonly caCertificatePath: string | null;
  /** A link that logs one browser in to the dashboard, or null where none is served. */
  dashboardLink(): string | null;
  /** Opens the journal anew, after log rotation; gives what is wrong where that cannot be, and the gate goes on. */
  reopen(): Promise<string | null>;
  /** Serves certificates that came at run time; see `TlsKeeper.put`. */
  putCertificates(changes: readonly ShelfChange[]): Promise<void>;
  /** Goes on with other settings in all workers and loses nothing; rejects with every problem, also one of loading them, and then all stays as it was. */
  reload(next: Replacement | Promise<Replacement>): Promise<Reloaded>;
  /** Starts the program anew, or another in its place, hands it everything, and ends by and by as `stop` does. Rejects with everything
   * that is wrong with it, and then goes on. */
  upgrade(program?: string): Promise<Upgraded>;
  /** Takes no more connections, lets what runs end within the drain deadline, and closes everything. */
  stop(): Promise<void>;
  readonly finished: Promise<void>;
}
