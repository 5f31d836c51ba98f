// What the supervisor answers to its owner's commands: for all workers whatever one of them can answer, and what it alone knows.

import { type Clock, systemClock } from '../base/clock.ts';
import type { Answers, ControlQuestion } from './control.ts';
import type { Crew } from './crew.ts';
import { crewStatus } from './crew-status.ts';
import { readResidentBytes } from './figures.ts';
import { merges, withShare, withTallies } from './merge.ts';
import { PortWatch } from './port-watch.ts';
import type { Records } from './records.ts';
import { GateTrouble } from './trouble.ts';

/** What only the supervisor knows. */
export interface CommandTools {
  readonly crew: Crew;
  readonly records: Records;
  readonly pid: number;
  readonly clock?: Clock;
  generation(): number;
}

/** Fills `answers` with those that workers give, made one, and with what is remembered of them. */
export function answerForAll(
  answers: Record<string, Answers[string]>,
  { crew, records, pid, clock = systemClock, generation }: CommandTools,
): void {
  for (const name of crew.questions) answers[name] = (question) => askAll(crew, name, { ...question, ask: name });
  Object.assign(answers, records.answers(answers));
  Object.assign(
    answers,
    records.learnt.answers(() => crew.ask({ kind: 'ask', question: { ask: 'learnt' } })),
  );
  answers.explain = async (question) =>
    records.explained(await askAll(crew, 'explain', { ...question, ask: 'explain' }), question);
  answers.purge = async (question) => {
    const remembered = (await crew.ask({ kind: 'ask', question: { ...question, ask: 'purge' } })) as number[];
    return { journeys: await records.purge(question), remembered: remembered.reduce((sum, one) => sum + one, 0) };
  };
  const ports = new PortWatch(clock);
  answers.status = async (question) => {
    const history = await records.history();
    const merged = withTallies(await askAll(crew, 'status', { ...question, ask: 'status' }), crew.gone);
    const status = await ports.seen(merged as Readonly<Record<string, unknown>>);
    const { memory, ...rest } = status as { readonly memory: { readonly rssBytes: number } };
    const isApart = crew.ready.some(({ link }) => link.isProcess);
    return {
      ...rest,
      pid,
      workers: crew.size,
      generation: generation(),
      history,
      memory: { ...memory, rssBytes: memory.rssBytes + (isApart ? readResidentBytes() : 0) },
      crew: crewStatus(crew, clock.monotonicMs()),
    };
  };
}

/** What all workers answer to one question, made one answer. */
export async function askAll(crew: Crew, name: string, question: ControlQuestion): Promise<unknown> {
  const merge = merges[name];
  if (merge !== undefined) {
    const asked = withShare(question, crew.ready.length);
    const answers = await crew.ask({ kind: 'ask', question: asked });
    if (answers.length > 0) return merge(answers, asked);
  } else {
    const [first] = crew.ready;
    if (first !== undefined) return first.call({ kind: 'ask', question });
  }
  throw new GateTrouble('no worker is up at the moment; ask again');
}
