// What a command is: one file in this folder exports one. Commands say what they did through `World`, never console.

/** Everything a command may touch of the outside. */
export interface World {
  readonly stdout: {
    write(text: string): unknown;
    readonly isTTY?: boolean;
    readonly columns?: number;
    readonly rows?: number;
  };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted on SIGINT and SIGTERM: a command that stays then ends in order. */
  readonly stop: AbortSignal;
}

/** One option: `--name VALUE` (or `--name` for a boolean), one line of help. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands for the value in help: `FILE`, `IP:PORT`. */
  readonly value?: string;
  readonly says: string;
}

/** Arguments after parsing against the command's own options. `--json`, `--help` and `--no-color` exist everywhere. */
export interface Arguments {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | string[] | undefined>>;
}

/** Exit codes: 0 fine, 1 problems found, 2 wrong usage. */
export type ExitCode = 0 | 1 | 2;

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Behind the name in the usage line: `[NUMBER|NAME] [--listening]`. */
  readonly usage: string;
  readonly options: Readonly<Record<string, Option>>;
  /** Each is run by a test; what it does, and the command line. */
  readonly examples: readonly { readonly says: string; readonly line: string }[];
  readonly run: (args: Arguments, world: World) => Promise<ExitCode>;
}

/** Thrown by a command for wrong usage: printed with the usage line, exit code 2. */
export class UsageError extends Error {}

/** Thrown by a command for a trouble it can name: printed as it is, exit code 1. */
export class Trouble extends Error {}
