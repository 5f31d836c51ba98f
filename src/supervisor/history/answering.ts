// The questions about the history, and which function of it answers them: for the thread that writes it, and for whoever only reads.

import type { DatabaseSync } from 'node:sqlite';
import type { ControlQuestion } from '../control.ts';
import { countsOf, groupsOf } from './counting.ts';
import { journeysOf, lastLines, search } from './search.ts';
import { tuningOf } from './tuning.ts';

/** Most journeys that one answer has whole. */
const maxJourneys = 100;

/** What answers one of them. */
export type HistoryAnswer = (database: DatabaseSync, question: ControlQuestion) => unknown;

/** What there is to ask. */
export const historyQuestions: Readonly<Record<string, HistoryAnswer>> = Object.freeze({
  history: search,
  'history-groups': groupsOf,
  'history-counts': (database, question) => ({ rows: countsOf(database, question) }),
  'history-tuning': tuningOf,
  'history-lines': lastLines,
  journeys: (database, question) => journeysOf(database, question, maxJourneys),
});
