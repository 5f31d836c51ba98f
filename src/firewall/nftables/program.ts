// Runs nft, conntrack and the savers of iptables, the programs through which the kernel is spoken to: an argument list, bounded output, bounded time.

import { spawn } from 'node:child_process';

/** What came of a run. `says` is one sentence without a full stop; `text` is what the program wrote to stderr. */
export type Ran =
  | { readonly ok: true; readonly output: string }
  | { readonly ok: false; readonly kind: Failure; readonly says: string; readonly text: string };

/** `missing`: not installed; `forbidden`: not root; `refused`: it ran and said no; `broken`: it said nothing sensible. */
export type Failure = 'missing' | 'forbidden' | 'refused' | 'broken';

/** A program that can be run. */
export interface Program {
  /** Never rejects. `input` goes to its stdin. */
  run(args: readonly string[], input?: string): Promise<Ran>;
}

/** Where a program is and what it may take. */
export interface ProgramSettings {
  /** The command before the arguments: `['nft']`, or `['ip', 'netns', 'exec', 'NAME', 'nft']`. */
  readonly command: readonly string[];
  /** Longest run, in ms: a set of a million entries takes the kernel some 30 s. */
  readonly timeoutMs: number;
  /** Most bytes of output: a listing of a million entries has some 60 MB. */
  readonly maxOutputBytes: number;
}

/** Because root's PATH is the administrator's and a caller's is anybody's, only the system's folders are looked in. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

const defaults = { timeoutMs: 120_000, maxOutputBytes: 256 * 1024 * 1024 };

/** The program `nft` of this machine. */
export function nftProgram(settings: Partial<ProgramSettings> = {}): Program {
  return programOf({ command: ['nft'], ...defaults, ...settings });
}

/** The program `conntrack` of this machine. */
export function conntrackProgram(settings: Partial<ProgramSettings> = {}): Program {
  return programOf({ command: ['conntrack'], ...defaults, ...settings });
}

/** A program of this machine that prints rules of iptables: `iptables-nft-save` or one of its kin. */
export function saverProgram(name: string, settings: Partial<ProgramSettings> = {}): Program {
  return programOf({ command: [name], ...defaults, ...settings });
}

/**
 * Because nft opens /dev/stdin by name, which the kernel refuses for the sockets that Node makes, a shell puts a real
 * pipe between. The script is constant; the program and its arguments are its parameters, never its text.
 */
const piped = ['sh', '-c', 'cat | "$0" "$@"'];

function programOf(settings: ProgramSettings): Program {
  return { run: (args, input = '') => new Promise((resolve) => start(settings, args, input, resolve)) };
}

function start(
  { command, timeoutMs, maxOutputBytes }: ProgramSettings,
  args: readonly string[],
  input: string,
  end: (ran: Ran) => void,
): void {
  const name = command.at(-1)!;
  const words = [...(input === '' ? [] : piped), ...command, ...args];
  const child = spawn(words[0]!, words.slice(1), { env: environment, stdio: 'pipe' });
  const output = new Gathered(maxOutputBytes);
  const errors = new Gathered(64 * 1024);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const fail = (kind: Failure, says: string) => end({ ok: false, kind, says, text: errors.text().trim() });
  child.stdout.on('data', (piece: Buffer) => {
    if (!output.take(piece)) child.kill('SIGKILL');
  });
  child.stderr.on('data', (piece: Buffer) => void errors.take(piece));
  // Because a program that ends before it has read its input is told about by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  child.on('error', (error: NodeJS.ErrnoException) => {
    clearTimeout(timer);
    if (error.code === 'ENOENT') fail('missing', `the program ${name} is not installed`);
    else if (error.code === 'EACCES') fail('forbidden', `this user may not run ${name}`);
    else fail('broken', `${name} cannot be started: ${error.message}`);
  });
  child.on('close', (code, signal) => {
    clearTimeout(timer);
    if (isLate) fail('broken', `${name} took longer than ${timeoutMs} ms`);
    else if (output.isFull) fail('broken', `${name} wrote more than ${maxOutputBytes} bytes`);
    else if (code === 127) fail('missing', `the program ${name} is not installed`);
    else if (code === 0) end({ ok: true, output: output.text() });
    else if (errors.text().includes('Operation not permitted')) fail('forbidden', `${name} may only be run by root`);
    else fail('refused', code === null ? `${name} was ended by ${signal}` : `${name} refused (exit code ${code})`);
  });
}

/** Bytes up to a bound; what is beyond it is not kept. */
class Gathered {
  readonly #pieces: Buffer[] = [];
  readonly #max: number;
  #bytes = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get isFull(): boolean {
    return this.#bytes > this.#max;
  }

  take(piece: Buffer): boolean {
    this.#bytes += piece.length;
    if (!this.isFull) this.#pieces.push(piece);
    return !this.isFull;
  }

  text(): string {
    return Buffer.concat(this.#pieces).toString('utf8');
  }
}
