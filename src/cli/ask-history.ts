// A question about what was, put to the gate that runs, or to the history that lies in its data directory where none does.

import { ask, NoGate, type Question } from './ask.ts';
import { Trouble, type World } from './command.ts';

/** Whether nobody runs here, so that what is on disk is all. */
export type Source = 'gate' | 'disk';

/** The answer, and who gave it. Rejects with `NoGate` where neither there is. */
export async function askHistory(
  dataDirectory: string,
  question: Question,
  deadlineMs = 30_000,
): Promise<{ readonly answer: unknown; readonly source: Source }> {
  return askEither(dataDirectory, question, deadlineMs, () => onDisk(dataDirectory, question));
}

/** The answer of the gate, or what `disk` gives where none runs. Rejects with `NoGate` where that is undefined. */
export async function askEither(
  dataDirectory: string,
  question: Question,
  deadlineMs: number,
  disk: () => Promise<unknown>,
): Promise<{ readonly answer: unknown; readonly source: Source }> {
  try {
    return { answer: await ask(dataDirectory, question, deadlineMs), source: 'gate' };
  } catch (error) {
    if (!(error instanceof NoGate)) throw error;
    const answer = await disk();
    if (answer === undefined) throw error;
    return { answer, source: 'disk' };
  }
}

/** What the history on disk answers; undefined where there is none. Rejects with a `Trouble` where it cannot be read. */
export async function onDisk(dataDirectory: string, question: Question): Promise<unknown> {
  const supervisor = await import('../supervisor/supervisor.ts');
  try {
    return await supervisor.askHistory(dataDirectory, question);
  } catch (error) {
    throw new Trouble(`no gate is running, and its history cannot be asked: ${(error as Error).message}`);
  }
}

/** Says once that nobody runs. */
export function tellSource(source: Source, dataDirectory: string, world: Pick<World, 'stderr'>): void {
  if (source === 'disk') world.stderr.write(`no gate is running: this is the history in ${dataDirectory}\n`);
}
