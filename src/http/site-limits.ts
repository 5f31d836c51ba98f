// What a request may take: the limits of its site, or those of the longest path of the site that it lies under.

import { isUnder } from '../base/path-prefix.ts';
import type { BodyPace } from '../traffic/sides.ts';
import { answer, type Refusal } from '../traffic/verdict.ts';
import { exhausted, type GrpcLimits } from './grpc-messages.ts';

/** The limits of one request. */
export interface RequestLimits extends BodyPace, GrpcLimits {
  readonly maxBodyBytes: number;
  readonly answerTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly queueWaitMs: number;
  /** Tries after the first. */
  readonly maxRetries: number;
}

/** A site's limits; the longest path stands first. */
export interface LimitedSite {
  readonly limits: RequestLimits;
  readonly paths: readonly (RequestLimits & { readonly path: string })[];
}

/** The limits for `path`, which is as `placingPath` gives it. */
export function limitsFor({ limits, paths }: LimitedSite, path: string): RequestLimits {
  for (const limited of paths) if (isUnder(path, limited.path)) return limited;
  return limits;
}

/** The refusal of a body that is longer than it may be, in the words of whoever sent it. */
export function bodyTooLong({ maxBodyBytes }: RequestLimits, isGrpc: boolean): Refusal {
  const says = `the body is longer than the ${maxBodyBytes} bytes that may be sent there`;
  return isGrpc ? exhausted('http/body-too-long', says) : answer(413, 'http/body-too-long', says);
}
