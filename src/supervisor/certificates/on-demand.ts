// Certificates for names that clients ask for: the owner's program is asked whether a name is one of theirs, within hard limits, before any CA is.

import { full, pour } from '../../base/bucket.ts';
import type { Clock } from '../../base/clock.ts';

/** The part of the settings named `tls.on_demand`. */
export interface OnDemandSettings {
  /** Asked with `?domain=NAME`: 200 is yes, everything else no. */
  readonly ask: string;
  /** Names for which a certificate may be got, in the life of the gate. */
  readonly max: number;
  readonly perMinute: number;
}

/** What it needs of the outside. */
export interface OnDemandTools {
  readonly clock: Clock;
  /** The status of a GET, or a failure. */
  status(url: string, timeoutMs: number): Promise<number>;
  /** Has a certificate for one more name. */
  demand(name: string): Promise<boolean>;
  /** Tells the owner why a name was refused. */
  say(text: string): void;
}

/** The longest that the owner's program may think, in ms. */
const askMs = 5000;
/** Names that are asked about at once. */
const maxAsking = 64;
const minuteMs = 60_000;

/** Decides which names get a certificate. */
export class OnDemand {
  /** May be replaced at any time. */
  settings: OnDemandSettings;
  readonly #tools: OnDemandTools;
  readonly #granted = new Set<string>();
  readonly #asking = new Map<string, Promise<boolean>>();
  #emptyAtMs = 0;

  constructor(settings: OnDemandSettings, tools: OnDemandTools) {
    this.settings = settings;
    this.#tools = tools;
  }

  /** Whether there is a certificate for this name (lower case, as `readName` gives it) in the end. */
  decide(name: string): Promise<boolean> {
    const before = this.#asking.get(name);
    if (before !== undefined) return before;
    if (this.#asking.size >= maxAsking) return Promise.resolve(false);
    const deciding = this.#decide(name).finally(() => this.#asking.delete(name));
    this.#asking.set(name, deciding);
    return deciding;
  }

  async #decide(name: string): Promise<boolean> {
    const { max, perMinute } = this.settings;
    if (this.#granted.has(name)) return this.#tools.demand(name);
    if (this.#granted.size >= max) return this.#refuse(name, `${max} names have one already (tls.on_demand.max)`);
    const next = pour(this.#emptyAtMs, this.#tools.clock.monotonicMs(), minuteMs / perMinute, perMinute);
    if (next === full)
      return this.#refuse(name, `more than ${perMinute} a minute were asked for (tls.on_demand.per_minute)`);
    this.#emptyAtMs = next;
    const why = await this.#whyNot(name);
    if (why !== '') return this.#refuse(name, why);
    // Others may have been granted while the owner's program thought.
    if (this.#granted.size >= max) return this.#refuse(name, `${max} names have one already (tls.on_demand.max)`);
    this.#granted.add(name);
    return this.#tools.demand(name);
  }

  async #whyNot(name: string): Promise<string> {
    const url = new URL(this.settings.ask);
    url.searchParams.set('domain', name);
    try {
      const status = await this.#tools.status(url.href, askMs);
      return status === 200 ? '' : `${this.settings.ask} says ${status}`;
    } catch (error) {
      return `${this.settings.ask} does not answer: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  #refuse(name: string, why: string): false {
    this.#tools.say(`no certificate on demand for ${name}: ${why}`);
    return false;
  }
}
