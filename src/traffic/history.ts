// What is written down of what happened: journeys chosen among many, exact counts of all; and how it is asked for. Plain data.

/** What became of an exchange or connection. `fail`: nobody refused it, and it broke all the same. */
export type Outcome = 'pass' | 'detect' | 'block' | 'fail';

/** All outcomes. */
export const outcomes: readonly Outcome[] = Object.freeze(['pass', 'detect', 'block', 'fail']);

/** Who decides: every station that refuses, and the application where nobody did. */
export const layers: readonly string[] = Object.freeze([
  'ports',
  'firewall',
  'connections',
  'tls',
  'http',
  'rules',
  'bots',
  'model',
  'rates',
  'waf',
  'proxy',
  'app',
]);

/** What one journey is found by. Texts may hold anything that came from outside. */
export interface JourneyFacts {
  readonly id: string;
  /** When it began, in ms since 1970. */
  readonly at: number;
  /** The client's address, as text. */
  readonly client: string;
  /** `address:port` of whoever was on the socket. */
  readonly from: string;
  readonly method: string;
  readonly host: string;
  readonly site: string;
  /** Without the query. */
  readonly path: string;
  /** 0 where none was sent. */
  readonly status: number;
  readonly verdict: Outcome;
  readonly layer: string;
  readonly why: string;
  /** The rule that decided, or ''. */
  readonly rule: string;
  readonly says: string;
  readonly score: number;
  readonly ms: number;
  readonly bytes: number;
}

/** A journey that is kept: what it is found by, and the whole of it as a line of JSON. */
export interface KeptJourney extends JourneyFacts {
  /** Whether it is the first of its kind, which is kept longer than one by chance. */
  readonly isFirst: boolean;
  /** Ids of rules and names of detectors that found something in it. */
  readonly found: readonly string[];
  readonly journey: string;
}

/** How often the same was decided about the same part of the network. */
export interface GroupCount {
  readonly layer: string;
  readonly verdict: Outcome;
  readonly why: string;
  readonly rule: string;
  readonly site: string;
  /** `203.0.113.0/24`, `2001:db8::/48`; '' for many. */
  readonly prefix: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** The id of one that was kept, or ''. */
  readonly sample: string;
}

/** How often something was decided on a site, whoever asked. */
export interface Tally {
  readonly layer: string;
  readonly verdict: Outcome;
  readonly why: string;
  readonly site: string;
  readonly count: number;
}

/** What one worker has to be written down. */
export interface HistoryBatch {
  readonly journeys: readonly KeptJourney[];
  readonly groups: readonly GroupCount[];
  readonly tallies: readonly Tally[];
  /** Journeys that are counted and were not kept. */
  readonly notKept: number;
}

/** A journey in a list: `n` is its place in time, and the cursor. */
export interface HistoryRow extends JourneyFacts {
  readonly n: number;
}

/** One page of journeys. */
export interface HistoryPage {
  readonly rows: readonly HistoryRow[];
  /** What to ask on with (`before`, or `after` where that was asked), or null where there is nothing more. */
  readonly next: number | null;
  /** The newest journey's place, whatever was asked; 0 for none. */
  readonly newest: number;
  /** False where the search ended at the work that one question may cost. */
  readonly isWhole: boolean;
}

/** What the history holds and what troubles it. */
export interface HistoryCounts {
  readonly journeys: number;
  readonly bytes: number;
  readonly maxBytes: number;
  /** Since the start: written, left to chance, and lost to a disk that does not take them. */
  readonly written: number;
  readonly notKept: number;
  readonly lost: number;
  /** What is wrong, or ''. */
  readonly trouble: string;
}
