// What the spine's parts say to each other about: listeners, what outlives a generation, and how a refusal is written down.

import type { CidrSet } from './base/cidr.ts';
import type { Clock } from './base/clock.ts';
import type { Identifiers } from './base/identifier.ts';
import type { Connections } from './connections/connections.ts';
import type { Generation } from './generation.ts';
import type { ChallengeAnswers, ClientGuard } from './http/http.ts';
import type { Observe } from './observe/observe.ts';
import type { Tarpit } from './tarpit.ts';
import type { Connection } from './traffic/connection.ts';
import type { Timekeeper } from './traffic/deadline.ts';
import { Exchange } from './traffic/exchange.ts';
import type { Refusal } from './traffic/verdict.ts';
import type { RequestHead } from './traffic/wire.ts';

/** A listener as the spine needs it. */
export interface Listener {
  readonly name: string;
  readonly port: number;
  /** The one address that connections reach it at, normalised; '' where it listens at all of them. */
  readonly local: string;
  readonly tls: boolean;
  /** Port of the redirect's target, or 0 where this listener does not redirect. */
  readonly redirectPort: number;
  /** Sources that announce in a PROXY header whom they bring; null for none. */
  readonly announcers: CidrSet | null;
  accepted: number;
}

/** What outlives a generation. */
export interface GatewayTools {
  readonly clock: Clock;
  readonly timekeeper: Timekeeper;
  readonly identifiers: Identifiers;
  readonly connections: Connections;
  readonly observe: Observe;
  readonly guard: ClientGuard;
  /** What certificate authorities are answered. */
  readonly challenges: ChallengeAnswers;
}

/** One client connection on its way through the gate. */
export interface Passing {
  /** No further request after the next one at most: an idle connection closes at once, or `gently`, where others go on in this one's place,
   * with the answer to a request that may be on its way already. */
  drain(gently: boolean): void;
  /** Ends the connection at once. */
  destroy(why: string): void;
}

/** What a passage needs of the gate that it leads through. */
export interface Gate {
  /** A record that may be renewed for the next exchange, or null. */
  spare: Exchange | null;
  readonly generation: Generation;
  readonly tools: GatewayTools;
  readonly tarpit: Tarpit;
  /** Whether something is to be known first: then `resume` is called, and nothing is judged before. */
  await(exchange: Exchange, generation: Generation, resume: () => void): boolean;
  /** Asks the stations about the head of an exchange: the refusal, or null where it may go on. */
  judgeHead(exchange: Exchange, generation: Generation): Refusal | null;
  /** What an exchange that was refused, or found nothing, may count against its client. */
  weigh(exchange: Exchange): void;
  /** The connection of a passage is over. */
  forget(passing: Passing, connection: Connection): void;
}

/** Whether a request on a listener that redirects is sent on all the same: what is wrong with it is for where it goes to find out. */
export function mayRedirect(refusal: Refusal | null): boolean {
  return (
    refusal === null ||
    refusal.why.startsWith('waf/') ||
    refusal.why === 'tls/misdirected' ||
    refusal.treatment === 'challenge'
  );
}

/** Writes a refusal into its exchange. */
export function refuse(exchange: Exchange, station: string, refusal: Refusal): Refusal {
  exchange.refusal = refusal;
  exchange.refusedBy = station;
  exchange.status = refusal.status;
  return refusal;
}

/** What broke, and where: for whoever mends it. */
export function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.name}: ${error.message} ${error.stack?.split('\n')[1]?.trim() ?? ''}`;
}

/** The record of a new exchange: a spare one where there is one. */
export function recordOf(gate: Gate, connection: Connection, head: RequestHead, now: number): Exchange {
  const { method, target, path, query, version, host, headers } = head;
  const bodyLength = head.framing === 'chunked' ? -1 : Math.max(0, head.contentLength);
  const id = gate.tools.identifiers.next(now);
  const { spare } = gate;
  const number = connection.requests;
  if (spare === null)
    return new Exchange(id, connection, number, now, method, target, path, query, version, host, headers, bodyLength);
  gate.spare = null;
  spare.renew(id, connection, number, now, method, target, path, query, version, host, headers, bodyLength);
  return spare;
}

/** Whether somebody wants to hear of the end of an exchange beside observation: most are of no interest to anybody. */
export function isWeighed({ refusal, status, rateSettlement, lesson, recording }: Exchange): boolean {
  return refusal !== null || status === 404 || rateSettlement !== null || lesson !== null || recording !== null;
}
