// One certificate that is wanted: what is known of it, what is due, and the steps from a wish to a chain.

import { type Chain, certificateId, momentIn, ownMoment, readChain, type Window } from '../../acme/acme.ts';
import { Rests } from './rests.ts';
import { longestMs, withSaneTimes } from './sane-times.ts';
import type { Kept, Renewal } from './store.ts';

/** A certificate is not renewed sooner after it came, in ms; one that lives shorter than four times that, after a quarter of its life. */
const leastUseMs = 3_600_000;

/** What is to be done next, and when (ms since 1970). */
export interface Due {
  readonly at: number;
  readonly what: 'issue' | 'ask';
}

/** A certificate that is wanted, with what is kept of it; `kept` is replaced whole. */
export class Managed {
  readonly id: string;
  readonly names: readonly string[];
  kept: Kept;
  rests: Rests;
  /** What somebody is at, or null. */
  doing: Due['what'] | null = null;
  #chain: { readonly pem: string; readonly chain: Chain | null } = { pem: '', chain: null };

  constructor(names: readonly string[], kept: Kept | null) {
    this.id = names[0]!;
    this.names = names;
    this.kept = kept ?? { names, certificate: null, renewal: null, order: null, failure: null, isRehearsed: false };
    this.rests = new Rests(this.kept.failure?.rests ?? []);
  }

  /** Goes on with what is kept by now. */
  restart(kept: Kept): void {
    this.kept = kept;
    this.rests = new Rests(kept.failure?.rests ?? []);
  }

  /** The name that the shelf of the workers has for it. */
  get shelfId(): string {
    return `acme:${this.id}`;
  }

  /** Whether it is for these names. */
  isFor(names: readonly string[]): boolean {
    return names.length === this.names.length && names.every((name) => this.names.includes(name));
  }

  get isBusy(): boolean {
    return this.doing !== null;
  }

  /** The certificate in use as it can be read, or null. */
  get chain(): Chain | null {
    const pem = this.kept.certificate?.chainPem ?? '';
    if (this.#chain.pem !== pem) this.#chain = { pem, chain: readChain(pem) };
    return this.#chain.chain;
  }

  /** Its name in renewal information and in the order of its successor, or ''. */
  get certificateId(): string {
    return this.chain === null ? '' : certificateId(this.chain.leaf);
  }

  /** Whether the certificate in use is for other names than are wanted now. */
  get isForOthers(): boolean {
    const { names } = this.kept;
    return names.length !== this.names.length || !this.names.every((name) => names.includes(name));
  }

  /** When it is renewed: as the CA suggests, but never so late that a failure could not be mended. */
  get renewAt(): number {
    const { chain } = this;
    if (chain === null || this.isForOthers) return 0;
    const own = ownMoment(chain.notBefore, chain.notAfter);
    const { renewal, certificate } = this.kept;
    // A window that lies after the certificate's end cannot be meant.
    const isMeant = renewal !== null && renewal.window !== null && renewal.at < chain.notAfter;
    // A CA whose windows, or clock, lie in the past would be asked again and again.
    const gotAt = certificate?.gotAt ?? 0;
    return Math.max(isMeant ? renewal.at : own, gotAt + Math.min(leastUseMs, (chain.notAfter - gotAt) / 4));
  }

  /** Brings back what a clock has put off that was years ahead. */
  forgetFuture(now: number): void {
    this.kept = withSaneTimes(this.kept, now);
    this.rests.forgetAfter(now + longestMs);
  }

  /** What is due first. */
  due(): Due {
    const { failure, renewal, order } = this.kept;
    const renewAt = Math.max(order === null ? this.renewAt : 0, failure?.nextAt ?? 0);
    const askAt = this.chain === null || this.isForOthers ? Number.POSITIVE_INFINITY : (renewal?.askAt ?? 0);
    return askAt < renewAt ? { at: askAt, what: 'ask' } : { at: renewAt, what: 'issue' };
  }
}

/** What is kept of the CA's suggestion: the moment within an unchanged window stays. */
export function renewalBy(before: Renewal | null, window: Window, askAt: number, random: number): Renewal {
  const same = before?.window?.start === window.start && before.window.end === window.end;
  return { at: same ? before.at : momentIn(window, random), window, askAt };
}
