// Changes that wait for each other.

/** One at a time, in the order in which they were asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Fulfilled when the change under way, and those that wait now, are over. */
  get settled(): Promise<unknown> {
    return this.#last;
  }

  /** Runs a change when those before it are over, however they ended. */
  run<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(change);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
