// How much of the traffic may be retries: when an upstream fails, tries that are repeated without a bound would finish it off.

/** Requests that a site may try again before it has had any traffic to speak of. */
const firstRetries = 10;
/** However much traffic there was, no more than so many retries are saved up. */
const maxRetries = 200;

/** A token budget: each request earns a part of a retry, each retry costs a whole one. */
export class RetryBudget {
  readonly #perRequest: number;
  #tokens: number;

  /** `percent` of traffic may be retries; 0 allows none. */
  constructor(percent: number) {
    this.#perRequest = percent / 100;
    this.#tokens = percent === 0 ? 0 : firstRetries;
  }

  /** A request that was not a retry. */
  earn(): void {
    if (this.#tokens < maxRetries) this.#tokens = Math.min(maxRetries, this.#tokens + this.#perRequest);
  }

  /** Takes one retry out; false where there is none left. */
  spend(): boolean {
    // Because a fifth added five times is a hair less than one.
    if (this.#tokens < 0.999_999) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Retries that are left now. */
  get left(): number {
    return Math.floor(this.#tokens + 0.000_001);
  }
}
