// Proofs that a name is ours: what an answer to each kind of challenge is made of (RFC 8555 8, RFC 8737). How it gets to where the CA looks is a `Prover`'s.

import { createHash, type KeyObject } from 'node:crypto';
import type { AcmeChallenge } from './account.ts';
import { keyAuthorization } from './jws.ts';

/** Kinds of challenges that we can answer. */
export type ChallengeKind = 'http-01' | 'tls-alpn-01' | 'dns-01';

/** All of them, in the order in which they are tried where nothing is said. */
export const challengeKinds: readonly ChallengeKind[] = Object.freeze(['tls-alpn-01', 'http-01', 'dns-01']);

/** One proof to be shown. */
export interface Proof {
  /** The name or address, for a wildcard without its star. */
  readonly name: string;
  readonly token: string;
  /** What HTTP-01 answers, and what the others show a hash of. */
  readonly answer: string;
}

/** Shows proofs of one kind to whoever looks, and takes them away. */
export interface Prover {
  readonly kind: ChallengeKind;
  /** Fulfilled once every one can be seen by the CA; rejects with a sentence where that cannot be. */
  show(proofs: readonly Proof[]): Promise<void>;
  /** Never rejects. */
  hide(proofs: readonly Proof[]): Promise<void>;
}

/** Longest token; RFC 8555 wants at least 128 bits of entropy, which are 22 characters. */
const maxToken = 256;

/** The proof that a challenge asks for, or null where its token is none: it becomes part of addresses and names. */
export function proofOf(name: string, { token }: AcmeChallenge, accountKey: KeyObject): Proof | null {
  return isToken(token) ? { name, token, answer: keyAuthorization(token, accountKey) } : null;
}

/** The text of the TXT record that DNS-01 looks for at `_acme-challenge.NAME` (RFC 8555 8.4). */
export function dnsText({ answer }: Proof): string {
  return createHash('sha256').update(answer).digest('base64url');
}

/** Whether this kind can prove the name at all: a wildcard is proven in DNS alone, an address never (RFC 8555 7.1.3, RFC 8738 4–7). */
export function canProve(kind: ChallengeKind, isWildcard: boolean, isAddress: boolean): boolean {
  if (isAddress) return kind !== 'dns-01';
  return !isWildcard || kind === 'dns-01';
}

function isToken(token: string): boolean {
  if (token.length === 0 || token.length > maxToken) return false;
  for (let index = 0; index < token.length; index++) {
    const code = token.charCodeAt(index);
    const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    if (!isLetter && !(code >= 0x30 && code <= 0x39) && code !== 0x2d && code !== 0x5f) return false;
  }
  return true;
}
