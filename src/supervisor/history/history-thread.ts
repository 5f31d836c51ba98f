// The thread that has the history's file: whoever waits for a slow disk is this thread alone.

import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../base/clock.ts';
import type { ControlQuestion } from '../control.ts';
import { historyQuestions } from './answering.ts';
import type { FromThread, ThreadOrder, ThreadStart, ToThread } from './messages.ts';
import { HistoryStore } from './store.ts';

/** Answers orders until it is told to close. */
function serve(port: NonNullable<typeof parentPort>, start: ThreadStart): void {
  const store = new HistoryStore(start.path, start.maxBytes, systemClock);
  port.on('message', ({ id, order }: ToThread) => {
    let reply: FromThread;
    try {
      reply = { id, ok: true, value: obey(store, order) ?? null };
    } catch (error) {
      reply = { id, ok: false, says: error instanceof Error ? error.message : String(error) };
    }
    port.postMessage(reply);
    if (order.kind === 'close') port.close();
  });
}

function obey(store: HistoryStore, order: ThreadOrder): unknown {
  switch (order.kind) {
    case 'write':
      return store.write(order.batch);
    case 'ask':
      return answer(store, order.question);
    case 'bound':
      return store.bound(order.maxBytes);
    case 'close':
      return store.close();
  }
}

function answer(store: HistoryStore, question: ControlQuestion): unknown {
  // No question, and not for whoever only reads.
  if (question.ask === 'purge') return store.purge(question);
  if (!Object.hasOwn(historyQuestions, question.ask)) return store.counts();
  const told = store.read((database) => historyQuestions[question.ask]!(database, question));
  return question.ask === 'history-counts' ? { ...(told as object), ...store.sums } : told;
}

if (parentPort !== null) serve(parentPort, workerData as ThreadStart);
