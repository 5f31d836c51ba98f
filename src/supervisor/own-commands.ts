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

  /** What the command says with `--json`, whatever its exit code; rejects with what it complains about where that is no JSON. */
  json(words: readonly string[], own: readonly string[] = this.#words): Promise<unknown> {
    if (this.#waiting >= maxWaiting) return Promise.reject(new Error('too much is asked at once; wait a moment'));
    this.#waiting++;
    const run = this.#turn.then(() => jsonOf([...words, '--json', ...own], this.#cwd));
    this.#turn = run.catch(() => {});
    return run.finally(() => this.#waiting--);
  }
}

function jsonOf(words: readonly string[], cwd: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...words], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: maxRunMs,
      killSignal: 'SIGKILL',
    });
    let said = '';
    let complained = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.length > maxChars) child.kill('SIGKILL');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complained = (complained + text).slice(-maxChars);
    });
    child.on('error', reject);
    child.on('close', () => {
      try {
        resolve(JSON.parse(said));
      } catch {
        reject(new Error(sentenceOf(complained) || `portcullis ${words[0]} said nothing that can be read`));
      }
    });
  });
}

/** What a command complained, without its name before it. */
function sentenceOf(complained: string): string {
  const text = complained.trim();
  return text.startsWith('portcullis: ') ? text.slice('portcullis: '.length) : text;
}
