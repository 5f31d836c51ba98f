// What the supervisor remembers for whoever looks: the history on disk, and the figures of the last minutes.

import { type Clock, systemClock } from '../base/clock.ts';
import { type Exposition, expose } from '../observe/observe.ts';
import type { HistoryBatch, HistoryCounts } from '../traffic/history.ts';
import type { Journey } from '../traffic/journey.ts';
import { Chronicle, maxPoints } from './chronicle.ts';
import type { Answers, ControlQuestion } from './control.ts';
import { readCpuMicroseconds, readResidentBytes } from './figures.ts';
import { History } from './history/history.ts';
import { LearntKeeper } from './learnt-keeper.ts';
import { LogRotation, type RotationSettings } from './log-rotation.ts';
import type { WorkerFigures } from './messages.ts';
import { metricFamilies } from './metrics.ts';

/** Between two looks at files of logs, in ticks. */
const rotateEvery = 5;
/** Between two points of the figures, in ms. */
const tickMs = 1000;

/** What is asked of the gate around. */
export interface RecordTools {
  /** Has workers open their logs anew; gives what is wrong, or null. */
  reopen(): Promise<string | null>;
  /** Tells the owner. */
  say(text: string): void;
}

/** The memory of one gate. */
export class Records {
  readonly chronicle: Chronicle;
  readonly learnt: LearntKeeper;
  readonly #history: History;
  readonly #clock: Clock = systemClock;
  /** Whether this process is no worker as well, so that what it takes comes on top. */
  readonly #isApart: boolean;
  readonly #tools: RecordTools;
  readonly #rotation: LogRotation;
  #logs: { readonly files: readonly string[]; readonly settings: RotationSettings } | null = null;
  #ticks = 0;
  #timer: NodeJS.Timeout | null = null;
  #reloads = { succeeded: 0, failed: 0, lastAt: 0, lastOk: true };
  /** Fulfilled while it is known who has the file. */
  #mine: Promise<void> = Promise.resolve();
  #goOn: () => void = () => {};
  #isHeld = false;
  #other: ((batch: HistoryBatch) => void) | null = null;

  constructor(directory: string, historyBytes: number | null, isApart: boolean, tools: RecordTools) {
    this.#isApart = isApart;
    this.#tools = tools;
    this.#rotation = new LogRotation(this.#clock);
    this.chronicle = new Chronicle(isApart ? readCpuMicroseconds() : 0);
    this.learnt = new LearntKeeper(directory, tools.say);
    this.#history = new History(directory, historyBytes, this.#clock);
  }

  start(): void {
    this.#reloads.lastAt = this.#clock.now();
    this.#timer = setInterval(() => this.#tick(), tickMs).unref();
  }

  /** Renames these files from now on as the settings say. */
  rotates(files: readonly string[], settings: RotationSettings): void {
    this.#logs = { files, settings };
  }

  #tick(): void {
    this.chronicle.tick(this.#clock.now(), this.#own());
    // Logs are renamed by whoever has the data directory.
    if (this.#isHeld || this.#logs === null || ++this.#ticks % rotateEvery !== 0) return;
    const { renamed, troubles } = this.#rotation.rotate(this.#logs.files, this.#logs.settings);
    for (const trouble of troubles) this.#tools.say(trouble);
    if (renamed.length > 0) void this.#tools.reopen().then((says) => says !== null && this.#tools.say(says));
  }

  /** Goes on with another bound of the history, in bytes; null for none. */
  bound(historyBytes: number | null): Promise<void> {
    return this.#history.bound(historyBytes);
  }

  /** Something that a worker, or the gate before this one, tells to be remembered. */
  hear(name: string, what: unknown): void {
    if (name === 'history') void this.keep(what as HistoryBatch);
    if (name === 'learnt') this.learnt.absorb(what);
  }

  async keep(batch: HistoryBatch): Promise<void> {
    await this.#mine;
    if (this.#other === null) await this.#history.keep(batch);
    else this.#other(batch);
  }

  measured(id: number, figures: WorkerFigures | null): void {
    if (figures === null) this.chronicle.forget(id);
    else this.chronicle.note(id, figures);
  }

  purge(question: ControlQuestion): Promise<number> {
    return this.#history.purge(question);
  }

  history(): Promise<HistoryCounts | null> {
    return this.#history.counts();
  }

  /** Lets go of the file: what is to be kept waits until `regain`. */
  async hold(): Promise<void> {
    this.#isHeld = true;
    this.#mine = new Promise((resolve) => {
      this.#goOn = resolve;
    });
    await this.#history.stop();
  }

  /** The file is this gate's again; or another's, and then that is told what is to be kept. */
  regain(other: ((batch: HistoryBatch) => void) | null): void {
    this.#other = other;
    this.#isHeld = other !== null;
    this.#goOn();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await Promise.all([this.#history.stop(), this.learnt.settle()]);
  }

  /** Counts how an attempt to change the configuration ended. */
  async reload<T>(change: Promise<T>): Promise<T> {
    try {
      const value = await change;
      this.#reloads = {
        ...this.#reloads,
        succeeded: this.#reloads.succeeded + 1,
        lastAt: this.#clock.now(),
        lastOk: true,
      };
      return value;
    } catch (error) {
      this.#reloads = { ...this.#reloads, failed: this.#reloads.failed + 1, lastOk: false };
      throw error;
    }
  }

  /** The table of answers for the control socket; `all` are those of the whole gate, which metrics are made of. */
  answers(all: Answers): Answers {
    return {
      metrics: ({ accept }) => this.#metrics(all, typeof accept === 'string' ? accept : ''),
      ...this.#history.answers(),
      series: (question) => this.chronicle.series(secondsOf(question)),
      figures: () => this.chronicle.totals(),
    };
  }

  /** What workers said of a journey, with what only the history knows. */
  async explained(answer: unknown, question: ControlQuestion): Promise<unknown> {
    const told = answer as { readonly journey?: Journey | null; readonly journeys?: readonly Journey[] };
    if (told.journey === null) {
      const [journey] = await this.#history.journeys({ ask: 'journeys', id: question.id });
      return { ...told, journey: journey ?? null };
    }
    if (told.journeys?.length !== 0) return told;
    const journeys = await this.#history.journeys({ ask: 'journeys', from: question.from });
    const { to } = question;
    return {
      ...told,
      journeys: journeys.filter(({ connection }) => typeof to !== 'string' || isAt(to, connection.to)),
    };
  }

  async #metrics(all: Answers, accept: string): Promise<Exposition> {
    // What cannot be answered at the moment, because no worker is up, is missing and nothing else.
    const told = async (ask: string): Promise<unknown> => {
      try {
        return await all[ask]?.({ ask });
      } catch {
        return null;
      }
    };
    const [status, bans] = await Promise.all(['status', 'bans'].map(told));
    const totals = this.chronicle.totals();
    return expose(metricFamilies({ totals, status, bans, reloads: this.#reloads }), accept);
  }

  #own() {
    return this.#isApart ? { cpuUs: readCpuMicroseconds(), rssBytes: readResidentBytes() } : { cpuUs: 0, rssBytes: 0 };
  }
}

function secondsOf({ seconds }: ControlQuestion): number {
  if (seconds === undefined) return 300;
  if (typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 1 && seconds <= maxPoints) return seconds;
  throw new Error(`seconds is a whole number from 1 to ${maxPoints}`);
}

/** Whether an endpoint is the one that was written: whole, its address alone, or its port alone (`:443`). */
function isAt(written: string, found: string): boolean {
  const colon = found.lastIndexOf(':');
  const address = found.slice(0, colon).replace('[', '').replace(']', '');
  return written === found || written === found.slice(colon) || written === address;
}
