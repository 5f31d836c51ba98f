// Who looks at a body while it arrives: the WAF, and limits whose key is in it. The passage drives both as one.

import { BodyRecorder } from './body-recorder.ts';
import type { Generation } from './generation.ts';
import type { Exchange } from './traffic/exchange.ts';
import type { Verdict } from './traffic/verdict.ts';

/** The judgement of one body as it comes. `done`: the rest cannot change it. */
export interface BodyInspector {
  feed(piece: Uint8Array): Verdict;
  end(): Verdict;
  readonly done: boolean;
}

/** Everybody who wants to see the body of this exchange; null where nobody does. */
export function openBody(exchange: Exchange, { waf, model, rates, settings }: Generation): BodyInspector | null {
  const { siteIndex } = exchange;
  const inspector = both(
    waf.openBody(exchange, waf.policies[siteIndex]!),
    both(exchange.skipsWaf ? null : model.openBody(exchange), model.openLesson(exchange)),
  );
  const counter = exchange.skipsRates ? null : rates.openBody(exchange, rates.policies[siteIndex]!);
  const { recording } = settings.observe;
  if (recording.bodies === 'off' || exchange.bodyLength === 0) return both(inspector, counter);
  const recorder = new BodyRecorder(recording.maxBodyBytes);
  exchange.recording = recorder;
  return both(recorder, both(inspector, counter));
}

/** Two who look at one body, as one; either may have no wish to. */
export function both(first: BodyInspector | null, second: BodyInspector | null): BodyInspector | null {
  return second === null ? first : first === null ? second : new Both(first, second);
}

/** One after the other: what the first refuses, the second does not count. */
class Both implements BodyInspector {
  readonly #first: BodyInspector;
  readonly #second: BodyInspector;

  constructor(first: BodyInspector, second: BodyInspector) {
    this.#first = first;
    this.#second = second;
  }

  get done(): boolean {
    return this.#first.done && this.#second.done;
  }

  feed(piece: Uint8Array): Verdict {
    const verdict = this.#first.feed(piece);
    return verdict.kind === 'pass' ? this.#second.feed(piece) : verdict;
  }

  end(): Verdict {
    const verdict = this.#first.end();
    return verdict.kind === 'pass' ? this.#second.end() : verdict;
  }
}

/** The station that a verdict about a body came from. */
export function stationOf({ why }: { readonly why: string }): string {
  return why.slice(0, why.indexOf('/'));
}
