// Looks for journeys in a journal file: a line each, read one after the other, whatever else stands in the file.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { systemClock } from '../base/clock.ts';
import type { Journey } from '../traffic/journey.ts';
import { Trouble, type World } from './command.ts';
import type { Question } from './explain-questions.ts';
import { Progress } from './progress.ts';

/** The journeys that the question is about, the newest first; rejects with `Trouble` where the file cannot be read. */
export async function findInJournal(
  path: string,
  question: Question,
  maxFound: number,
  world: Pick<World, 'stderr'>,
): Promise<Journey[]> {
  const found: Journey[] = [];
  const needle = question.kind === 'id' ? question.id : question.kind === 'tuple' ? question.from : '';
  const progress = new Progress(world, `reading ${path}`, () => systemClock.monotonicMs());
  try {
    const { size } = await stat(path);
    const input = createReadStream(path, 'utf8');
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    for await (const line of lines) {
      progress.show(size > 0 ? input.bytesRead / size : null);
      // Because most lines are about others, and reading JSON is slow.
      const journey = line.includes(needle) ? journeyOf(line) : null;
      if (journey === null || !isAbout(journey, question)) continue;
      found.push(journey);
      if (question.kind === 'id') break;
      if (found.length > maxFound) found.shift();
    }
  } catch (error) {
    throw new Trouble(`the journal ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    progress.end();
  }
  return found.reverse();
}

/** The journey on a line of a journal, or null where a line was torn or is something else. */
export function journeyOf(line: string): Journey | null {
  try {
    const value = JSON.parse(line) as Partial<Journey> | null;
    const texts = [
      value?.id,
      value?.client,
      value?.connection?.from,
      value?.connection?.to,
      value?.connection?.listener,
    ];
    const { action, station, why, says, rule, at, place, value: bytes } = value?.verdict ?? {};
    texts.push(value?.firewall?.action, value?.firewall?.description, value?.firewall?.at);
    texts.push(action, station, why, says, rule, at, place, bytes);
    return texts.every((text) => typeof text === 'string') ? (value as Journey) : null;
  } catch {
    return null;
  }
}

function isAbout({ id, connection }: Journey, question: Question): boolean {
  if (question.kind === 'id') return id === question.id;
  if (question.kind === 'rehearsal') return false;
  return isAt(question.from, connection.from) && (question.to === null || isAt(question.to, connection.to));
}

/** Whether an endpoint is the one that was written: whole, its address alone, or its port alone (`:443`). */
function isAt(written: string, found: string): boolean {
  if (written === found) return true;
  const colon = found.lastIndexOf(':');
  return written === found.slice(colon) || written === found.slice(0, colon).replace('[', '').replace(']', '');
}
