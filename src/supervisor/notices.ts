// What every worker may notice by itself, and is said once.

import type { StartTools } from './running.ts';

/** Says it. */
export class Notices {
  readonly #tools: Pick<StartTools, 'warn'>;
  /** The last thing that was said. */
  #told = '';

  constructor(tools: Pick<StartTools, 'warn'>) {
    this.#tools = tools;
  }

  /** A proxy that nobody trusts makes one client of many. */
  shared(says: string): void {
    if (this.#told === says) return;
    this.#told = says;
    this.#tools.warn?.([{ path: ['trustedProxies'], code: 'http/shared-client', says }]);
  }
}
