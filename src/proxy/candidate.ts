// What a way of balancing sees of an upstream endpoint, and what it must be able to do: choose one.

/** An endpoint that may be chosen. All but `turn` is its owner's to write. */
export interface Candidate {
  /** May it take one more request now? False while it is down, being kept from traffic, or full. */
  readonly isReady: boolean;
  /** Its share of traffic, above 0; lower than its owner wrote while it starts slowly. */
  readonly share: number;
  /** Its share as its owner wrote it, which never moves: where keys go must not depend on the moment. */
  readonly weight: number;
  /** Requests that it has in hand. */
  readonly load: number;
  /** 32 bits by which keys tell endpoints apart: the same in every worker and after every start. */
  readonly seed: number;
  /** The round robin's own account. */
  turn: number;
}

/** A way of balancing over one list of candidates. It is asked once a request and allocates nothing. */
export interface Balancer {
  /** One that is ready and is not among `avoided`, or null. `key` is 32 bits of whatever requests are told apart by. */
  choose<C extends Candidate>(candidates: readonly C[], key: number, avoided: readonly Candidate[] | null): C | null;
}

/** May `candidate` be chosen? */
export function isEligible(candidate: Candidate, avoided: readonly Candidate[] | null): boolean {
  return candidate.isReady && (avoided === null || !avoided.includes(candidate));
}
