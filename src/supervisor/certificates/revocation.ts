// Revocation: a new certificate first, so that nobody meets the one that is taken back. What is meant is written down before, so that a gate
// that ends in between goes on with it when it starts.

import { X509Certificate } from 'node:crypto';
import { CaProblem, pauseMs } from '../../acme/acme.ts';
import type { Clock } from '../../base/clock.ts';
import { asFormer, type FormerCertificate, isOpen } from './former.ts';
import { isOfCa } from './issuer.ts';
import type { CertificateKeeper } from './keeper.ts';
import type { Managed } from './managed.ts';
import { askedMs } from './rests.ts';

/** Reasons that a CA takes from whoever has the certificate, by the names of RFC 5280 5.3.1. */
export const revocationReasons: Readonly<Record<string, number>> = Object.freeze({
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
});

/** What came of it. */
export interface Revoked {
  readonly names: readonly string[];
  /** Serial number of the certificate that is revoked, in hex. */
  readonly serial: string;
  readonly reason: string;
  /** Why there is no new certificate, or ''. */
  readonly withoutNew: string;
  /** When it had been replaced, where that was long before (ISO 8601); null where it was in use. */
  readonly replacedAt: string | null;
}

/** What it is handed. */
export interface RevocationTools {
  readonly clock: Clock;
  /** From 0 to 1. */
  random(): number;
  /** Hears of what needs the owner's eye. */
  warn(says: string): void;
  /** Hears what went well. */
  say(says: string): void;
}

/** Revocations at the CAs of one keeper. */
export class Revocations {
  readonly #keeper: CertificateKeeper;
  readonly #tools: RevocationTools;
  /** Serial numbers that somebody is at. */
  readonly #busy = new Set<string>();
  #failures = 0;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(keeper: CertificateKeeper, tools: RevocationTools) {
    this.#keeper = keeper;
    this.#tools = tools;
  }

  /** Has the certificate of a name replaced and the one before revoked; with `isForced` also where no other can be had. In place of a name
   * there may be the serial number of a certificate that was replaced before. Rejects with a sentence. */
  async revoke(which: string, reason: string, isForced: boolean): Promise<Revoked> {
    if (revocationReasons[reason] === undefined)
      throw new Error(`"${reason}" is no reason; it is one of ${Object.keys(revocationReasons).join(', ')}`);
    const { former } = this.#keeper;
    const serial = which.replaceAll(':', '').toUpperCase();
    const managed = this.#keeper.all.find(({ chain }) => chain?.leaf.serialNumber === serial);
    const before = former.find(serial);
    const found = managed === undefined && before !== undefined ? before : inUse(managed ?? this.#keeper.find(which));
    if (found.revocation !== null && !isOpen(found.revocation))
      throw new Error(`${found.serial} is revoked already (${found.revocation.reason})`);
    this.#authorityOf(found);
    if (this.#busy.has(found.serial)) throw new Error(`${found.serial} is being revoked already`);
    const meant = { ...found, revocation: { reason, isForced, doneAt: 0 } };
    this.#busy.add(found.serial);
    try {
      await former.put(meant);
      const withoutNew = await this.#carryOut(meant, async (says) => {
        await former.drop(meant.serial);
        throw new Error(
          `nothing is revoked, because there is no other certificate: ${says}; --force revokes all the same`,
        );
      });
      const replacedAt = found.replacedAt === 0 ? null : new Date(found.replacedAt).toISOString();
      return { names: found.names, serial: found.serial, reason, withoutNew, replacedAt };
    } finally {
      this.#busy.delete(found.serial);
    }
  }

  /** Goes on with what was meant when the gate ended, or could not be done yet. */
  resume(): void {
    this.#isStopped = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const open = this.#keeper.former.all.filter(
      ({ revocation, serial }) => isOpen(revocation) && !this.#busy.has(serial),
    );
    if (open.length > 0) void this.#resumeAll(open);
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #resumeAll(open: readonly FormerCertificate[]): Promise<void> {
    let asked: number | null = null;
    let isLeft = false;
    for (const one of open) {
      this.#busy.add(one.serial);
      const about = `the certificate ${one.serial} for ${one.names.slice(0, 3).join(', ')}`;
      try {
        await this.#carryOut(one, (says) => Promise.reject(new Error(`there is no other certificate yet: ${says}`)));
        this.#tools.say(`${about} is revoked (${one.revocation?.reason}), as was asked before`);
      } catch (error) {
        isLeft ||= isOpen(this.#keeper.former.find(one.serial)?.revocation ?? null);
        asked = Math.max(asked ?? 0, askedMs(error) ?? 0);
        if (!this.#isStopped) this.#tools.warn(`${about} is to be revoked: ${(error as Error).message}`);
      } finally {
        this.#busy.delete(one.serial);
      }
    }
    this.#failures = isLeft ? this.#failures + 1 : 0;
    if (isLeft) this.#againIn(pauseMs(this.#failures, asked, this.#tools.random()));
  }

  #againIn(ms: number): void {
    if (this.#isStopped) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.resume(), ms).unref();
  }

  /** Replaces it where it is in use, and revokes it. Gives why there is no other, or ''; `withoutOther` says what to do where it must not be revoked then. */
  async #carryOut(one: FormerCertificate, withoutOther: (says: string) => Promise<void>): Promise<string> {
    const withoutNew = await this.#replace(one);
    if (withoutNew !== '' && one.revocation?.isForced !== true) await withoutOther(withoutNew);
    const authority = this.#keeper.authority(this.#authorityOf(one));
    const { raw } = new X509Certificate(one.pem);
    const reason = one.revocation?.reason ?? 'unspecified';
    try {
      await authority.withAccount((account) => account.revoke(raw, revocationReasons[reason] ?? 0));
    } catch (error) {
      if (!(error instanceof CaProblem && error.type === 'alreadyRevoked')) await this.#failed(one, error as Error);
    }
    const now = this.#tools.clock.now();
    const { former } = this.#keeper;
    const replacedAt = former.find(one.serial)?.replacedAt ?? 0;
    await former.put({ ...one, replacedAt, revocation: { reason, isForced: false, doneAt: now } });
    return withoutNew;
  }

  /** Why it is still in use, or ''. */
  async #replace({ serial }: FormerCertificate): Promise<string> {
    const managed = this.#keeper.all.find(({ chain }) => chain?.leaf.serialNumber === serial);
    if (managed === undefined) return '';
    try {
      await this.#keeper.renew(managed.id, true);
    } catch (error) {
      return (error as Error).message;
    }
    if (managed.chain?.leaf.serialNumber !== serial) return '';
    // No failure and no other: the gate is about to end, and the next one goes on.
    throw new Error('the gate is about to end; it goes on with it when it starts');
  }

  /** The CA has not revoked it: where it may yet, it is asked again; where it never will, nothing more is done. */
  async #failed(one: FormerCertificate, error: Error): Promise<never> {
    if (!isOfCa(error)) {
      await this.#keeper.former.put({ ...one, revocation: null });
      throw error;
    }
    this.#againIn(pauseMs(this.#failures + 1, askedMs(error), this.#tools.random()));
    throw Object.assign(new Error(`${error.message}; it is tried again by itself`), { cause: error });
  }

  #authorityOf({ authority: directory }: FormerCertificate) {
    const settings = this.#keeper.settings?.authorities.find((one) => one.directory === directory);
    if (settings === undefined)
      throw new Error(
        `the certificate is from ${new URL(directory).host}, which tls.acme names no longer: name it as fallback`,
      );
    return settings;
  }
}

/** The certificate that is in use for somebody. */
function inUse(managed: Managed): FormerCertificate {
  const current = asFormer(managed, 0);
  if (current === null) throw new Error(`${managed.id} has no certificate yet`);
  return current;
}
