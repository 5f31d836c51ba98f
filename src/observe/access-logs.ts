// All access logs of a worker: told together, and changed by a reload one by one.

import type { Problem } from '../base/problem.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { Outcome } from '../traffic/history.ts';
import type { AccessLogWords } from '../traffic/log-target.ts';
import { AccessLog } from './access-log.ts';
import type { Files } from './files.ts';
import type { JournalCounts } from './journal.ts';
import { opening } from './opening.ts';
import { sinksOver } from './sinks.ts';

/** The logs that the configuration has. */
export class AccessLogs {
  #logs: readonly AccessLog[];

  constructor(words: readonly AccessLogWords[], files: Files, hostname: string) {
    const sinks = sinksOver(
      files,
      words.map(({ to }) => to),
    );
    this.#logs = words.map((one) => new AccessLog(one, sinks, hostname));
  }

  /** Takes an exchange that has ended. */
  tell(exchange: Exchange, outcome: Outcome): void {
    for (const log of this.#logs) log.tell(exchange, outcome);
  }

  /** By where they go. */
  get counts(): Readonly<Record<string, JournalCounts>> {
    return Object.fromEntries(this.#logs.map(({ file }) => [file.path, file.counts]));
  }

  /** Those that are files. */
  get files(): readonly string[] {
    return this.#logs.filter(({ words }) => words.to.kind === 'file').map(({ file }) => file.path);
  }

  /** Opens all; gives the first problem. */
  start(): Promise<Problem | null> {
    return each(this.#logs, ({ file }) => file.start());
  }

  /** Opens all anew, under their names. */
  reopen(): Promise<Problem | null> {
    return each(this.#logs, ({ file }) => file.reopen());
  }

  /** Goes on with the logs of `next`: those with the same words are opened anew; the others are closed when those that are new are open. */
  async adopt(next: AccessLogs): Promise<Problem | null> {
    const before = this.#logs;
    this.#logs = next.#logs.map((log) => before.find((old) => old.isSame(log)) ?? log);
    const problem = await this.reopen();
    await Promise.all(before.filter((log) => !this.#logs.includes(log)).map(({ file }) => file.stop()));
    return problem;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#logs.map(({ file }) => file.stop()));
  }
}

async function each(logs: readonly AccessLog[], act: (log: AccessLog) => Promise<void>): Promise<Problem | null> {
  const problems = await Promise.all(logs.map((log) => opening('log', () => act(log))));
  return problems.find((problem) => problem !== null) ?? null;
}
