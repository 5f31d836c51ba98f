// What the spine drives while a body arrives.

import type { Verdict } from '../../traffic/verdict.ts';

/** The inspection of one body. Once a verdict is no pass, every further one is the same. Never throws. */
export interface BodyInspector {
  /** The next bytes; they are copied. */
  feed(chunk: Uint8Array): Verdict;
  /** The body is complete. */
  end(): Verdict;
  /** Whether the rest of the body cannot change the verdict, so that it need not be held back. */
  readonly done: boolean;
}
