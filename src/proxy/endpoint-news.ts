// What workers tell each other about an endpoint, so that one of them asks it for all and what one found out holds for all.

/** What became of a check: whether the endpoint is up by all that is known, and why not. */
export interface CheckNews {
  readonly isUp: boolean;
  readonly says: string;
}

/** What traffic found: it was taken out, or let in again; or that one request tries it, or tries no more and nothing is known. */
export interface BreakerNews {
  readonly state: 'open' | 'closed' | 'probing' | 'free';
  readonly says: string;
}

/** The newest of each kind since it was told last; null for nothing new. Plain data: it travels to other processes. */
export interface EndpointNews {
  readonly check: CheckNews | null;
  readonly breaker: BreakerNews | null;
}

/** What is to be told of one endpoint. Only the newest counts. */
export class Untold {
  check: CheckNews | null = null;
  breaker: BreakerNews | null = null;

  /** What is new since the last call, or null. */
  take(): EndpointNews | null {
    const { check, breaker } = this;
    if (check === null && breaker === null) return null;
    this.check = null;
    this.breaker = null;
    return { check, breaker };
  }
}
