// How workers died: what is told of each, and how long its successor waits, so that one that cannot live does not eat the machine.

import type { Clock } from '../base/clock.ts';
import type { Ending } from './link.ts';
import type { Member } from './member.ts';

/** What the crew went through. */
export interface CrewHistory {
  deaths: number;
  stalls: number;
  last: { readonly at: string; readonly worker: number; readonly pid: number; readonly says: string } | null;
}

/** A worker that lived shorter than this died young; those that do wait longer and longer for their successor. */
const youngMs = 10_000;
const firstPauseMs = 100;
const longestPauseMs = 10_000;
/** Deaths in a row of one worker after which it is called a crash loop. */
const loopDeaths = 3;
/** Lines of what it last wrote that are repeated. */
const maxQuoted = 8;

/** The deaths of one crew. */
export class Necrology {
  readonly history: CrewHistory = { deaths: 0, stalls: 0, last: null };
  readonly #clock: Clock;
  /** Deaths in a row by slot: as many as there are workers. */
  readonly #young = new Map<number, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Writes a death down; gives what is to be told of it, and the pause before a successor, in ms. */
  enter(member: Member, ending: Ending): { readonly says: string; readonly pauseMs: number } {
    const { slot, link } = member;
    const livedMs = this.#clock.monotonicMs() - member.launchedMs;
    const young = livedMs < youngMs ? (this.#young.get(slot) ?? 0) + 1 : 1;
    this.#young.set(slot, young);
    const pauseMs = young < 2 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (young - 2));
    const says = `worker ${slot} (pid ${link.pid}) ${sentenceOf(member, ending)} after ${secondsText(livedMs)}`;
    this.history.deaths++;
    this.history.last = { at: new Date(this.#clock.now()).toISOString(), worker: slot, pid: link.pid, says };
    const next = pauseMs === 0 ? 'another takes its place' : `another takes its place in ${secondsText(pauseMs)}`;
    const loop =
      young >= loopDeaths ? `; it died ${young} times in a row within ${secondsText(youngMs)} of its start` : '';
    return { says: `${says}; ${next}${loop}${quoted(ending.stderr)}`, pauseMs };
  }
}

function sentenceOf({ fault }: Member, { code, signal }: Ending): string {
  if (fault.startsWith('said nothing')) return fault;
  if (fault !== '') return 'ends itself after an error that nobody caught';
  if (signal !== null) return `was ended by ${signal}`;
  return code === null ? 'could not be started' : `ended with code ${code}`;
}

/** A duration for people. */
export function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** The last lines of stderr, as a quotation. */
function quoted(stderr: string): string {
  const lines = stderr.trimEnd().split('\n').slice(-maxQuoted);
  return lines[0] === '' && lines.length === 1 ? '' : lines.map((line) => `\n  | ${line}`).join('');
}
