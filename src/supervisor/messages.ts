// What a supervisor and its workers say to each other. Every order gets one reply; events come by themselves.

import type { Problem } from '../base/problem.ts';
import type { FirewallSettings } from '../config/config.ts';
import type { TrafficFigures } from '../observe/observe.ts';
import type { ShelfChange } from '../tls/tls.ts';
import type { HistoryBatch } from '../traffic/history.ts';
import type { Blueprint } from './blueprint.ts';
import type { ControlQuestion } from './control.ts';
import type { RuleFigures } from './rule-counts.ts';

/** A listener as workers are told of it; `key` is its name between supervisor and worker. */
export interface ListenerFacts {
  readonly key: string;
  /** As its owner wrote it: `:443 tls`. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  /** Port of the redirect's target, or 0. */
  readonly redirectPort: number;
  /** CIDRs of the balancers that announce their clients. */
  readonly proxyProtocol: readonly string[];
}

/** The numbers that a worker gives its connections. */
export interface Numbers {
  readonly first: number;
  readonly step: number;
}

/** State that workers share, by the name of who keeps it. */
export type Deltas = readonly (readonly [name: string, deltas: unknown])[];

export type Order =
  | {
      readonly kind: 'start';
      readonly blueprint: Blueprint;
      readonly slot: number;
      readonly crew: number;
      readonly numbers: Numbers;
      /** The newest first. */
      readonly ticketKeys: readonly Uint8Array[];
      readonly shelf: readonly ShelfChange[];
      readonly startedAt: number;
      /** What others counted before. */
      readonly known: Deltas;
    }
  /** Accepts on the socket that comes along. */
  | { readonly kind: 'listen'; readonly facts: ListenerFacts }
  /** Accepts no longer: because the listener is gone and its connections are to end, or (without `drains`) for a while. */
  | { readonly kind: 'unlisten'; readonly key: string; readonly drains: boolean }
  /** Builds a generation beside the one that stands. */
  | { readonly kind: 'build'; readonly blueprint: Blueprint }
  /** Puts the generation that was built in its place. */
  | {
      readonly kind: 'swap';
      readonly number: number;
      readonly listeners: readonly ListenerFacts[];
      readonly crew: number;
      /** Null where the numbers go on. */
      readonly numbers: Numbers | null;
    }
  /** Puts other rules of the firewall in place of those that hold; `places` as in the blueprint. */
  | { readonly kind: 'rules'; readonly firewall: FirewallSettings; readonly places: ReadonlyMap<string, string> }
  | { readonly kind: 'absorb'; readonly deltas: Deltas }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'ask'; readonly question: ControlQuestion }
  | { readonly kind: 'ticket-keys'; readonly keys: readonly Uint8Array[] }
  /** Other certificates to serve, at once. */
  | { readonly kind: 'certificates'; readonly changes: readonly ShelfChange[] }
  /** What became of a name that a worker wanted a certificate for. */
  | { readonly kind: 'wanted'; readonly name: string; readonly isThere: boolean }
  | { readonly kind: 'reopen' }
  /** What was told to be written down has been, and there is room for more. */
  | { readonly kind: 'history-taken' }
  /** Takes no more connections, lets what runs end within `ms`, and is done; `gently` where others accept in its place. */
  | { readonly kind: 'drain'; readonly ms: number; readonly gently: boolean };

export interface ToWorker {
  readonly id: number;
  readonly order: Order;
}

/** What a worker counted since its start, kept by the supervisor for when the worker is gone. */
export interface Tallies {
  readonly exchanges: number;
  readonly detected: number;
  readonly whys: Readonly<Record<string, number>>;
  readonly statuses: Readonly<Record<string, number>>;
  /** Accepted connections by name of the listener. */
  readonly accepted: Readonly<Record<string, number>>;
}

/** What a worker measures: sums since its start, and how it is. */
export interface WorkerFigures {
  /** When it looked, in ms of its own monotonic clock: two looks give a rate. */
  readonly atMs: number;
  readonly traffic: TrafficFigures;
  readonly rules: RuleFigures;
  readonly accepted: number;
  /** CPU time of the process, in µs. */
  readonly cpuUs: number;
  readonly open: number;
  readonly rssBytes: number;
  readonly descriptorsOpen: number;
  readonly descriptorsLimit: number;
  /** Requests that wait for an upstream. */
  readonly queued: number;
}

export type WorkerEvent =
  /** A sign of life, several times a second, with what is to be shared. */
  | {
      readonly kind: 'pulse';
      readonly open: number;
      readonly nextNumber: number;
      readonly deltas: Deltas;
      readonly tallies: Tallies | null;
      /** Once a second. */
      readonly figures: WorkerFigures | null;
    }
  /** Journeys to be written down; no more come before the reply. */
  | { readonly kind: 'history'; readonly batch: HistoryBatch }
  /** What must not wait for the next pulse. */
  | { readonly kind: 'told'; readonly name: string; readonly deltas: unknown }
  /** It has nearly as many descriptors open as it may, or has room again. */
  | { readonly kind: 'room'; readonly isFull: boolean }
  /** An error that nobody caught: the worker ends as soon as what runs has ended. */
  | { readonly kind: 'fault'; readonly says: string };

export type FromWorker =
  | { readonly reply: number; readonly ok: true; readonly value: unknown }
  | { readonly reply: number; readonly ok: false; readonly says: string; readonly problems: readonly Problem[] }
  | { readonly event: WorkerEvent };

/** An order that could not be carried out. `problems` is empty where it is not about the configuration. */
export class OrderFailure extends Error {
  readonly problems: readonly Problem[];

  constructor(says: string, problems: readonly Problem[] = []) {
    super(says);
    this.problems = problems;
  }
}
