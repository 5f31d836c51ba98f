// Keeps the beginning of a body until its end, and has it judged then: what the spine drives as it drives the WAF's inspector.

import type { Buffer } from 'node:buffer';
import { pass, type Verdict } from '../traffic/verdict.ts';
import { KeptBody } from './body-field.ts';

/** One body on its way. */
export class BodyJudge {
  readonly #body = new KeptBody();
  readonly #judge: (body: Buffer) => Verdict;
  /** Whether the verdict is given, so that nothing more need be shown. */
  done = false;

  constructor(judge: (body: Buffer) => Verdict) {
    this.#judge = judge;
  }

  /** The next bytes; they are copied. */
  feed(piece: Uint8Array): Verdict {
    if (!this.done) this.#body.add(piece);
    return pass;
  }

  /** The body is complete. */
  end(): Verdict {
    if (this.done) return pass;
    this.done = true;
    return this.#judge(this.#body.bytes);
  }
}
