// The beginning of an answer's body, kept while the WAF has not given its word.

import { HeldBody } from './held-body.ts';
import type { Verdict } from './traffic/verdict.ts';
import type { AnswerHead } from './traffic/wire.ts';
import type { AnswerInspector } from './waf/waf.ts';

/** One answer that waits. */
export class HeldAnswer {
  readonly head: AnswerHead;
  readonly #inspector: AnswerInspector;
  readonly #held = new HeldBody();
  /** What was held, once it was judged. */
  body: Buffer = Buffer.alloc(0);

  constructor(head: AnswerHead, inspector: AnswerInspector) {
    this.head = head;
    this.#inspector = inspector;
  }

  /** Keeps a copy of the bytes, which are lent. */
  add(piece: Buffer): void {
    this.#held.add(piece);
  }

  /** Has as much come as the WAF looks at? */
  get isFull(): boolean {
    return this.#held.bytes >= this.#inspector.holdBytes;
  }

  /** The WAF's word about what is held; `isCut` where more will come. */
  judge(isCut: boolean): Verdict {
    this.body = this.#held.release() ?? Buffer.alloc(0);
    return this.#inspector.judge(this.body, isCut);
  }
}
