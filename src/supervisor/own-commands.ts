// Commands of our own that somebody at the dashboard has run: each in a process of its own, one after the other, bounded in time and output.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/portcullis', import.meta.url));

/** Longest run of a command, in ms, and most that it may say, in characters. */
const maxRunMs = 120_000;
const maxChars = 8 * 1024 * 1024;
/** Commands that may wait for the one that runs. */
const maxWaiting = 8;

/** Runs commands with the same configuration and data directory as the gate. */
export class OwnCommands {
  readonly #words: readonly string[];
  readonly #cwd: string;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** `words` are put behind each command: `--data-dir`, `--config`. */
  constructor(words: readonly string[], cwd: string) {
    this.#words = words;
    this.#cwd = cwd;
  }

  /** Hears each line of JSON as the command says it; rejects where it fails. Waits for its turn like every other. */
  lines(words: readonly string[], hear: (line: unknown) => void): Promise<unknown> {
    return this.#inTurn(() => linesOf([...words, '--json'], this.#cwd, hear));
  }

  /** What the command says with `--json`, whatever its exit code; rejects with what it complains about where that is no JSON. */
  json(words: readonly string[], own: readonly string[] = this.#words): Promise<unknown> {
    return this.#inTurn(() => jsonOf([...words, '--json', ...own], this.#cwd));
  }

  #inTurn(start: () => Promise<unknown>): Promise<unknown> {
    if (this.#waiting >= maxWaiting) return Promise.reject(new Error('too much is asked at once; wait a moment'));
    this.#waiting++;
    const run = this.#turn.then(start);
    this.#turn = run.catch(() => {});
    return run.finally(() => this.#waiting--);
  }
}

async function jsonOf(words: readonly string[], cwd: string): Promise<unknown> {
  const { said, complained } = await ran(words, cwd, () => {});
  try {
    return JSON.parse(said);
  } catch {
    throw new Error(sentenceOf(complained) || `portcullis ${words[0]} said nothing that can be read`);
  }
}

async function linesOf(words: readonly string[], cwd: string, hear: (line: unknown) => void): Promise<void> {
  let rest = '';
  const { code, complained } = await ran(words, cwd, (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) hear(JSON.parse(line));
  });
  if (code !== 0) throw new Error(sentenceOf(complained) || `portcullis ${words[0]} ended with ${code}`);
}

interface Ran {
  readonly code: number | null;
  readonly said: string;
  readonly complained: string;
}

function ran(words: readonly string[], cwd: string, hear: (text: string) => void): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    const child = spawn(process.execPath, [program, ...words], {
      cwd,
      stdio,
      timeout: maxRunMs,
      killSignal: 'SIGKILL',
    });
    let said = '';
    let complained = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.length > maxChars) child.kill('SIGKILL');
      else hear(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complained = (complained + text).slice(-maxChars);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, said, complained }));
  });
}

/** What a command complained, without its name before it. */
function sentenceOf(complained: string): string {
  const text = complained.trim();
  return text.startsWith('portcullis: ') ? text.slice('portcullis: '.length) : text;
}
