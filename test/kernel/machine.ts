// A machine in a namespace that is administered over the network: a shell on port 22, a configuration, and a person who calls from next door.

import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { addresses, type World, world } from './namespace.ts';

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** What a command said, and its exit code. */
export interface Said {
  readonly text: string;
  readonly code: number;
}

/** A connection that a person works over. */
export interface Session {
  /** Gives a command and waits for its end. */
  say(words: string): Promise<Said>;
  /** Gives a command without waiting. */
  begin(words: string): void;
}

/** The machine. */
export interface Machine extends World {
  readonly folder: string;
  /** Writes rules that allow SSH from this network, and these lines. */
  allow(network: string, ...lines: readonly string[]): void;
  /** Starts the shell, as a machine does that comes up. */
  start(): Promise<void>;
  /** Kills every process of the machine; those in `but` live. */
  kill(but?: readonly number[]): Promise<void>;
  /** Its processes. */
  pids(): number[];
  /** A new connection. Waits as long as TCP does: a SYN that is dropped is sent again. */
  call(): Promise<Session>;
}

/** A machine that is up. */
export async function machine(t: TestContext): Promise<Machine> {
  // Because what is to be done at the end is done in the order it was asked for, processes are ended before their namespace goes.
  let ending = async (): Promise<void> => undefined;
  t.after(() => ending());
  const wire = world(t);
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-machine-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const children: Child[] = [];
  const inside = (name: string, script: string, ...words: string[]): Child => {
    const file = join(import.meta.dirname, script);
    const child = spawn('ip', ['netns', 'exec', name, process.execPath, file, ...words], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.on('error', () => undefined);
    children.push(child);
    return child;
  };
  const pids = () =>
    execFileSync('ip', ['netns', 'pids', wire.gate.name], { encoding: 'utf8' }).split('\n').filter(Boolean).map(Number);
  const kill = async (but: readonly number[] = []) => {
    const doomed = pids().filter((pid) => !but.includes(pid));
    for (const pid of doomed) end(pid);
    const isGone = () => pids().every((pid) => but.includes(pid));
    while (!isGone()) await new Promise((resolve) => setImmediate(resolve));
  };
  ending = async () => {
    await kill();
    for (const child of children) child.kill('SIGKILL');
  };
  const made: Machine = {
    ...wire,
    folder,
    pids,
    kill,
    allow: (network, ...lines) => writeFileSync(join(folder, 'portcullis.yaml'), configuration(network, lines)),
    start: async () => {
      const child = inside(wire.gate.name, 'shell-server.ts', addresses.gate.four, '22', folder);
      await once(child.stdout, 'data');
    },
    call: async () => {
      const child = inside(wire.caller.name, 'shell-client.ts', addresses.gate.four, '22');
      const session = new TextSession(child);
      await session.until('connected\n');
      return session;
    },
  };
  made.allow('10.50.0.0/24');
  await made.start();
  return made;
}

function configuration(network: string, lines: readonly string[]): string {
  const rules = [`allow tcp 22 from ${network}`, ...lines].map((line) => `    - ${line}`);
  const head = ['listen: [{ port: 8443 }]', 'sites: [{ host: a, to: 3000 }]', 'data_directory: data'];
  return [...head, 'firewall:', '  enforce: [accept, kernel]', '  rules:', ...rules, ''].join('\n');
}

class TextSession implements Session {
  readonly #child: Child;
  #text = '';

  constructor(child: Child) {
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      this.#text += piece;
    });
  }

  begin(words: string): void {
    this.#child.stdin.write(`${words}\n`);
  }

  async say(words: string): Promise<Said> {
    this.begin(words);
    const text = await this.until(/^exit (\S+)\n/m);
    const at = text.lastIndexOf('exit ');
    return { text: text.slice(0, at), code: Number(text.slice(at + 5)) };
  }

  /** What was said up to the end of this. */
  async until(mark: string | RegExp): Promise<string> {
    for (;;) {
      const found = typeof mark === 'string' ? this.#text.indexOf(mark) : this.#text.search(mark);
      if (found >= 0) {
        const end = this.#text.indexOf('\n', found) + 1;
        const text = this.#text.slice(0, end);
        this.#text = this.#text.slice(end);
        return text;
      }
      await once(this.#child.stdout, 'data');
    }
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
