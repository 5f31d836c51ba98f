// One certificate from its order to its chain. Every step that a crash must not lose is noted first, and can be gone on from.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { AddressReader } from '../base/address.ts';
import type { Clock } from '../base/clock.ts';
import type { Account, AcmeOrder, Authorization } from './account.ts';
import { CaProblem, CaUnreachable } from './ca-trouble.ts';
import { certificateRequest, type KeyKind, newCertificateKey } from './certificate-key.ts';
import { type Chain, chooseChain, faultOf } from './chain.ts';
import { type ChallengeKind, canProve, type Proof, type Prover, proofOf } from './proofs.ts';

/** What is wanted. */
export interface Wish {
  readonly names: readonly string[];
  readonly keyKind: KeyKind;
  readonly profile: string;
  /** Common name of the issuer at the end of the chain that is preferred, or ''. */
  readonly preferredIssuer: string;
  /** Identifier of the certificate that this one replaces, or ''. */
  readonly replaces: string;
}

/** An order under way, as it is noted: enough to go on after a crash. */
export interface OrderNote {
  readonly orderUrl: string;
  readonly keyPem: string;
  readonly names: readonly string[];
}

/** What an issuance is handed. */
export interface IssuanceTools {
  readonly account: Account;
  /** In the order in which they are tried. */
  readonly provers: readonly Prover[];
  readonly clock: Clock;
  /** Waits so many ms; rejects when everything is to end. */
  pause(ms: number): Promise<void>;
  /** Keeps the note on disk before it is fulfilled; null when the order is over. */
  note(note: OrderNote | null): Promise<void>;
}

/** A certificate that was issued. */
export interface Issued {
  readonly chain: Chain;
  readonly keyPem: string;
}

/** The CA did not find a proof. */
export class ProofFailure extends Error {
  readonly host: string;
  readonly kind: ChallengeKind;
  readonly problem: CaProblem;

  constructor(host: string, kind: ChallengeKind, problem: CaProblem) {
    super(`${host} could not be proven by ${kind}: ${problem.message}`);
    this.host = host;
    this.kind = kind;
    this.problem = problem;
  }
}

/** Longest time that one order may take, in ms. */
const orderDeadlineMs = 10 * 60_000;
/** Pauses between two looks at what the CA is doing, in ms, where it does not say when to come. */
const firstLookMs = 250;
const longestLookMs = 10_000;
/** Statuses of an order that the CA no longer knows, or knows as another's. */
const goneStatuses: ReadonlySet<number> = new Set([403, 404, 410]);

/** Gets a certificate: goes on with the noted order where there is one, tries one kind of proof after the other, and gives
 * the chain. Rejects with `ProofFailure`, `CaProblem`, `CaUnreachable`, or what a prover says. */
export async function issue(wish: Wish, noted: OrderNote | null, tools: IssuanceTools): Promise<Issued> {
  const failed = new Set<ChallengeKind>();
  let note = noted;
  for (;;) {
    const order = await orderFor(wish, note, tools);
    try {
      return await new Issuance(wish, order.note, failed, tools).finish(order.order);
    } catch (error) {
      // An order that was refused is over; one whose CA is silent or busy may still come to something.
      if (!isOfCa(error)) await tools.note(null);
      if (!(error instanceof ProofFailure)) throw error;
      failed.add(error.kind);
      note = null;
      if (tools.provers.every(({ kind }) => failed.has(kind) || !suits(kind, wish.names))) throw error;
    }
  }
}

function isOfCa(error: unknown): boolean {
  return error instanceof CaUnreachable || (error instanceof CaProblem && error.isOfCa);
}

/** Whether a kind can prove all that it would have to: each name must have one kind left. */
function suits(kind: ChallengeKind, names: readonly string[]): boolean {
  return names.some((name) => canProve(kind, name.startsWith('*.'), isAddress(name)));
}

async function orderFor(wish: Wish, noted: OrderNote | null, tools: IssuanceTools) {
  const kept = noted === null ? null : await keptOrder(wish, noted, tools);
  if (kept !== null && noted !== null) return { order: kept, note: noted };
  const key = newCertificateKey(wish.keyKind);
  const order = await newOrder(wish, tools.account);
  const keyPem = key.export({ type: 'pkcs8', format: 'pem' }) as string;
  const note = { orderUrl: order.url, keyPem, names: wish.names };
  await tools.note(note);
  return { order, note };
}

/** The noted order where it still leads to what is wanted, or null. */
async function keptOrder({ names }: Wish, noted: OrderNote, { account }: IssuanceTools): Promise<AcmeOrder | null> {
  if (noted.names.length !== names.length || !names.every((name) => noted.names.includes(name))) return null;
  try {
    const order = await account.orderAt(noted.orderUrl);
    return order.status === 'invalid' ? null : order;
  } catch (error) {
    if (error instanceof CaProblem && (goneStatuses.has(error.status) || error.type === 'malformed')) return null;
    throw error;
  }
}

async function newOrder({ names, profile, replaces }: Wish, account: Account): Promise<AcmeOrder> {
  try {
    return await account.order(names, { profile, replaces });
  } catch (error) {
    // Because what was replaced already, or is not this account's, needs no word about it (RFC 9773 5).
    const isAboutReplacing =
      error instanceof CaProblem && (error.type === 'alreadyReplaced' || error.type === 'malformed');
    if (replaces === '' || !isAboutReplacing) throw error;
    return account.order(names, { profile, replaces: '' });
  }
}

/** A challenge to be answered. */
interface Choice {
  readonly kind: ChallengeKind;
  readonly url: string;
  readonly proof: Proof;
  /** Whether the CA was told before, which it need not be twice. */
  readonly isAsked: boolean;
}

/** One order on its way. */
class Issuance {
  readonly #wish: Wish;
  readonly #note: OrderNote;
  readonly #failed: ReadonlySet<ChallengeKind>;
  readonly #tools: IssuanceTools;
  readonly #deadlineMs: number;

  constructor(wish: Wish, note: OrderNote, failed: ReadonlySet<ChallengeKind>, tools: IssuanceTools) {
    this.#wish = wish;
    this.#note = note;
    this.#failed = failed;
    this.#tools = tools;
    this.#deadlineMs = tools.clock.monotonicMs() + orderDeadlineMs;
  }

  async finish(begun: AcmeOrder): Promise<Issued> {
    let order = begun;
    if (order.status === 'pending') {
      await this.#prove(order);
      order = await this.#until(order, (status) => status !== 'pending');
    }
    const key = createPrivateKey(this.#note.keyPem);
    if (order.status === 'ready') order = await this.#finalize(order, key);
    order = await this.#until(order, (status) => status === 'valid' || status === 'invalid');
    if (order.status !== 'valid' || order.certificate === '')
      throw order.error ?? new CaProblem('orderInvalid', 'the order became invalid without a reason', 0, null, []);
    const { preferredIssuer, names } = this.#wish;
    const chains = await this.#tools.account.chains(order.certificate, preferredIssuer !== '');
    const chain = chooseChain(chains, preferredIssuer);
    const fault = faultOf(chain, names, key, this.#tools.clock.now());
    if (fault !== '')
      throw new CaProblem('badCertificate', `the certificate that came cannot be used: ${fault}`, 0, null, []);
    return { chain, keyPem: this.#note.keyPem };
  }

  async #finalize(order: AcmeOrder, key: KeyObject): Promise<AcmeOrder> {
    try {
      return await this.#tools.account.finalize(order, certificateRequest(this.#wish.names, key));
    } catch (error) {
      // A request before this one, whose answer was lost in a crash, may have been taken.
      if (!(error instanceof CaProblem) || error.type !== 'orderNotReady') throw error;
      return this.#tools.account.orderAt(order.url);
    }
  }

  async #prove({ authorizations }: AcmeOrder): Promise<void> {
    const { account, provers } = this.#tools;
    const { names } = this.#wish;
    if (authorizations.length > names.length)
      throw new CaProblem(
        'badOrder',
        `it wants ${authorizations.length} proofs for ${names.length} names`,
        0,
        null,
        [],
      );
    const open: (Choice & { readonly authorization: Authorization })[] = [];
    for (const url of authorizations) {
      const authorization = await account.authorization(url);
      if (authorization.status === 'valid') continue;
      if (authorization.status !== 'pending') throw this.#failureOf(authorization, null);
      open.push({ authorization, ...this.#chooseFor(authorization) });
    }
    const shown: { readonly prover: Prover; readonly proofs: Proof[] }[] = provers
      .map((prover) => ({ prover, proofs: open.filter(({ kind }) => kind === prover.kind).map(({ proof }) => proof) }))
      .filter(({ proofs }) => proofs.length > 0);
    try {
      for (const { prover, proofs } of shown) await prover.show(proofs);
      for (const { isAsked, url } of open) if (!isAsked) await account.respond(url);
      for (const { authorization, kind } of open) await this.#awaitProof(authorization, kind);
    } finally {
      for (const { prover, proofs } of shown) await prover.hide(proofs);
    }
  }

  /** The challenge to answer: of the first kind that we would rather, that can prove it, and that has not failed. */
  #chooseFor({ name, isWildcard, challenges }: Authorization): Choice {
    for (const { kind } of this.#tools.provers) {
      const challenge = challenges.find(({ type }) => type === kind);
      if (challenge === undefined || this.#failed.has(kind) || !canProve(kind, isWildcard, isAddress(name))) continue;
      const proof = proofOf(name, challenge, this.#tools.account.key);
      if (proof !== null) return { kind, url: challenge.url, proof, isAsked: challenge.status !== 'pending' };
    }
    const offered = challenges.map(({ type }) => type).join(', ') || 'none';
    const can = this.#tools.provers.map(({ kind }) => kind).join(', ') || 'none';
    const detail = `${isWildcard ? '*.' : ''}${name} cannot be proven: the CA offers ${offered}, the settings allow ${can}`;
    throw new CaProblem('noChallenge', detail, 0, null, []);
  }

  async #awaitProof(begun: Authorization, kind: ChallengeKind): Promise<void> {
    let authorization = begun;
    for (let look = 0; authorization.status === 'pending'; look++) {
      await this.#wait(look, authorization.retryAfterMs);
      authorization = await this.#tools.account.authorization(begun.url);
    }
    if (authorization.status !== 'valid') throw this.#failureOf(authorization, kind);
  }

  #failureOf({ name, challenges, status }: Authorization, kind: ChallengeKind | null): Error {
    const failed = challenges.find(({ error, type }) => error !== null && (kind === null || type === kind));
    const problem = failed?.error ?? new CaProblem('unauthorized', `the authorisation is ${status}`, 0, null, []);
    return new ProofFailure(name, (failed?.type ?? kind ?? 'http-01') as ChallengeKind, problem);
  }

  async #until(begun: AcmeOrder, isOver: (status: string) => boolean): Promise<AcmeOrder> {
    let order = begun;
    for (let look = 0; !isOver(order.status); look++) {
      await this.#wait(look, order.retryAfterMs);
      order = await this.#tools.account.orderAt(order.url);
    }
    return order;
  }

  async #wait(look: number, askedMs: number | null): Promise<void> {
    const ms = Math.max(askedMs ?? 0, Math.min(longestLookMs, firstLookMs * 2 ** Math.min(look, 10)));
    if (this.#tools.clock.monotonicMs() + ms > this.#deadlineMs)
      throw new CaUnreachable(
        this.#note.orderUrl,
        `the order was not done within ${orderDeadlineMs / 60_000} minutes`,
        askedMs,
      );
    await this.#tools.pause(ms);
  }
}

function isAddress(name: string): boolean {
  return new AddressReader().read(name) !== 0;
}
