// From a wish to a certificate at one of several CAs: the test system first, the budget looked at, the next CA where the first is in trouble.

import {
  CaProblem,
  CaUnreachable,
  type Issued,
  issue,
  type OrderNote,
  ProofFailure,
  type Prover,
} from '../../acme/acme.ts';
import type { Clock } from '../../base/clock.ts';
import type { AcmeSettings, AuthoritySettings } from '../../config/config.ts';
import type { Authority } from './authority.ts';
import { BudgetSpent } from './budget-spent.ts';
import type { FormerCertificates } from './former.ts';
import type { Ledger } from './ledger.ts';
import type { Managed } from './managed.ts';
import type { KeptCertificate } from './store.ts';
import { wishFor } from './wish.ts';

/** What an issuer is handed. */
export interface IssuerTools {
  readonly settings: AcmeSettings;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly former: FormerCertificates;
  /** In the order in which they are tried. */
  readonly provers: readonly Prover[];
  /** Aborted when everything is to end. */
  readonly ending: AbortSignal;
  authority(settings: AuthoritySettings): Authority;
  /** Keeps on disk what changed of a certificate, before it is fulfilled. */
  keep(managed: Managed, change: Partial<Managed['kept']>): Promise<void>;
}

/** Gets certificates under one set of settings. */
export class Issuer {
  readonly #tools: IssuerTools;

  constructor(tools: IssuerTools) {
    this.#tools = tools;
  }

  /** Asks the first CA, and where the trouble is its own the next. Rejects with the trouble of the last that was asked. */
  async issue(managed: Managed): Promise<KeptCertificate> {
    const { settings, ending, clock } = this.#tools;
    let last: unknown = new Error('no CA is named');
    for (const authority of settings.authorities) {
      try {
        managed.rests.check(authority.directory, clock.now());
        if (authority === settings.authorities[0]) await this.#rehearse(managed);
        return await this.#issueBy(authority, managed);
      } catch (error) {
        last = error;
        if (ending.aborted || !isOfCa(error)) throw error;
        managed.rests.note(authority.directory, error, clock.now());
      }
    }
    throw last;
  }

  /** A name that has had no certificate yet is tried at the test system first: what is wrong then costs nothing of the budget. */
  async #rehearse(managed: Managed): Promise<void> {
    const { settings, ending, keep, clock } = this.#tools;
    const { staging } = settings;
    if (staging === null || managed.kept.isRehearsed || managed.kept.certificate !== null) return;
    try {
      managed.rests.check(staging.directory, clock.now());
      await this.#run(staging, managed);
    } catch (error) {
      // A test system that is out of order is no reason to go without; proofs that fail there would fail everywhere.
      if (error instanceof ProofFailure || ending.aborted) throw error;
      managed.rests.note(staging.directory, error, clock.now());
    }
    await keep(managed, { isRehearsed: true, order: null });
  }

  async #issueBy(authority: AuthoritySettings, managed: Managed): Promise<KeptCertificate> {
    const { clock, ledger, former, keep } = this.#tools;
    const { directory, isLimited } = authority;
    const now = clock.now();
    const mayAskAt = isLimited ? ledger.mayAskAt(directory, managed.names, now) : now;
    if (mayAskAt > now && managed.kept.order === null) throw new BudgetSpent(directory, managed.names, ledger, now);
    const { chain, keyPem, profile } = await this.#run(authority, managed);
    const isNew = managed.kept.certificate === null || managed.isForOthers;
    const certificate = { chainPem: chain.pem, keyPem, authority: directory, profile, gotAt: clock.now() };
    await former.replaced(managed);
    await keep(managed, { names: managed.names, certificate, renewal: null, order: null, failure: null });
    await ledger.note({ at: clock.now(), authority: directory, kind: 'certificate', names: managed.names, isNew });
    return certificate;
  }

  /** One order at one CA. */
  #run(authority: AuthoritySettings, managed: Managed): Promise<Issued & { readonly profile: string }> {
    const { directory } = authority;
    const { clock, ledger, provers, settings, keep, ending } = this.#tools;
    return this.#tools.authority(authority).withAccount(async (account) => {
      const { order } = managed.kept;
      const noted = order?.authority === directory ? order.note : null;
      const wish = await wishFor(managed, settings, account.session, directory);
      const note = async (next: OrderNote | null): Promise<void> => {
        await keep(managed, { order: next === null ? null : { authority: directory, note: next } });
        if (next !== null)
          await ledger.note({ at: clock.now(), authority: directory, kind: 'order', names: managed.names });
      };
      const pause = (ms: number): Promise<void> => pauseUntil(ms, ending);
      const issued = await issue(wish, noted, { account, provers, clock, pause, note }).catch(
        async (error: unknown) => {
          if (error instanceof ProofFailure)
            await ledger.note({ at: clock.now(), authority: directory, kind: 'failure', names: [error.host] });
          throw error;
        },
      );
      return { ...issued, profile: wish.profile };
    });
  }
}

/** Whether another CA may do better. */
export function isOfCa(error: unknown): boolean {
  if (error instanceof CaProblem) return error.isOfCa;
  return error instanceof CaUnreachable || error instanceof BudgetSpent;
}

/** Fulfilled after so many ms; rejects when everything is to end. */
function pauseUntil(ms: number, ending: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (ending.aborted) return reject(ending.reason);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(ending.reason);
    };
    const timer = setTimeout(() => {
      ending.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    ending.addEventListener('abort', onAbort, { once: true });
  });
}
