// The door of the history: what workers chose is written by a thread of its own, and questions about it are answered.

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../base/clock.ts';
import type { HistoryBatch, HistoryCounts } from '../../traffic/history.ts';
import type { Journey } from '../../traffic/journey.ts';
import type { Answers, ControlQuestion } from '../control.ts';
import type { FromThread, ThreadOrder, ThreadStart, ToThread } from './messages.ts';

/** A thread that ended by itself has no successor sooner than this, in ms. */
const pauseMs = 5000;

/** Longest time that the disk may take for counts, in ms. */
const soonMs = 2000;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** What was said about the history while there is none. */
const nothing: HistoryCounts = {
  journeys: 0,
  bytes: 0,
  maxBytes: 0,
  written: 0,
  notKept: 0,
  lost: 0,
  trouble: '',
};

/** What a promise gives, or an `Error` where it takes too long: whoever asks how the gate is does not wait for its disk. */
function soon<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the disk did not answer within ${soonMs} ms`)), soonMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The history of one gate. Its thread starts with the first that there is to do. */
export class History {
  readonly #path: string;
  readonly #clock: Clock;
  #maxBytes: number | null;
  #thread: Worker | null = null;
  #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #lost = 0;
  #trouble = '';
  #notBeforeMs = 0;

  /** The file is `history.sqlite` in `directory`; `maxBytes` is null where nothing is to be kept. */
  constructor(directory: string, maxBytes: number | null, clock: Clock) {
    this.#path = join(directory, 'history.sqlite');
    this.#maxBytes = maxBytes;
    this.#clock = clock;
  }

  /** Goes on with another bound. */
  async bound(maxBytes: number | null): Promise<void> {
    if (this.#maxBytes === maxBytes) return;
    this.#maxBytes = maxBytes;
    if (maxBytes === null) await this.stop();
    else if (this.#thread !== null) await this.#order({ kind: 'bound', maxBytes }).catch(() => {});
  }

  /** Has a batch written; resolves when there is room for the next one. Never rejects. */
  async keep(batch: HistoryBatch): Promise<void> {
    if (this.#maxBytes === null) return;
    try {
      await this.#order({ kind: 'write', batch });
    } catch {
      this.#lost += batch.journeys.length;
    }
  }

  /** The table of answers for the control socket. */
  answers(): Answers {
    const ask = (question: ControlQuestion) => this.#ask(question);
    return {
      history: ask,
      'history-groups': ask,
      'history-counts': ask,
      'history-tuning': ask,
      'history-lines': ask,
    };
  }

  /** Deletes what the question names; how many journeys that were. None where nothing is kept. */
  async purge(question: ControlQuestion): Promise<number> {
    if (this.#maxBytes === null) return 0;
    return Number(await this.#order({ kind: 'ask', question: { ...question, ask: 'purge' } }));
  }

  /** The whole journeys that a question of `explain` is about; none where nothing is kept or found. */
  async journeys(question: ControlQuestion): Promise<Journey[]> {
    if (this.#maxBytes === null) return [];
    const lines = await this.#order({ kind: 'ask', question: { ...question, ask: 'journeys' } }).catch(() => []);
    return (lines as readonly string[]).flatMap((line) => {
      try {
        return [JSON.parse(line) as Journey];
      } catch {
        // A line that a damaged file gave is none.
        return [];
      }
    });
  }

  /** What it holds, and what troubles it; null where nothing is kept. Does not wait for a disk that hangs. */
  async counts(): Promise<HistoryCounts | null> {
    if (this.#maxBytes === null) return null;
    try {
      const counts = (await soon(this.#order({ kind: 'ask', question: { ask: 'counts' } }))) as HistoryCounts;
      return { ...counts, lost: counts.lost + this.#lost };
    } catch (error) {
      return { ...nothing, maxBytes: this.#maxBytes, lost: this.#lost, trouble: (error as Error).message };
    }
  }

  /** Writes what waits and ends the thread. */
  async stop(): Promise<void> {
    const thread = this.#thread;
    if (thread === null) return;
    thread.ref();
    await this.#order({ kind: 'close' }).catch(() => {});
    this.#thread = null;
    await thread.terminate();
  }

  async #ask(question: ControlQuestion): Promise<unknown> {
    if (this.#maxBytes === null) throw new Error('no history is kept: `history: off` stands in the configuration');
    return this.#order({ kind: 'ask', question });
  }

  #order(order: ThreadOrder): Promise<unknown> {
    const thread = this.#running();
    if (thread === null) return Promise.reject(new Error(this.#trouble));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      thread.postMessage({ id, order } satisfies ToThread);
    });
  }

  #running(): Worker | null {
    if (this.#thread !== null) return this.#thread;
    if (this.#clock.monotonicMs() < this.#notBeforeMs) return null;
    const start: ThreadStart = { path: this.#path, maxBytes: this.#maxBytes ?? 0 };
    const thread = new Worker(new URL('./history-thread.ts', import.meta.url), { workerData: start, stdout: false });
    this.#thread = thread;
    thread.on('message', (reply: FromThread) => this.#hear(reply));
    thread.on('error', (error: Error) => this.#end(thread, error.message));
    thread.on('exit', () => this.#end(thread, 'it ended'));
    thread.unref();
    return thread;
  }

  #hear(reply: FromThread): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.ok) waiting?.resolve(reply.value);
    else waiting?.reject(new Error(reply.says));
  }

  #end(thread: Worker, says: string): void {
    if (this.#thread !== thread) return;
    this.#thread = null;
    this.#trouble = `the history's thread ended: ${says}`;
    this.#notBeforeMs = this.#clock.monotonicMs() + pauseMs;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new Error(this.#trouble));
  }
}
