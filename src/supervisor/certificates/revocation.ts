// Revocation: a new certificate first, so that nobody meets the one that is taken back.

import { CaProblem } from '../../acme/acme.ts';
import type { CertificateKeeper } from './keeper.ts';

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
}

/** Has the certificate of a name replaced and the one before revoked; with `isForced` also where no other can be had. Rejects with a sentence. */
export async function revokeCertificate(
  keeper: CertificateKeeper,
  name: string,
  reason: string,
  isForced: boolean,
): Promise<Revoked> {
  const number = revocationReasons[reason];
  if (number === undefined)
    throw new Error(`"${reason}" is no reason; it is one of ${Object.keys(revocationReasons).join(', ')}`);
  const managed = keeper.find(name);
  const { chain, kept } = managed;
  if (chain === null || kept.certificate === null) throw new Error(`${managed.id} has no certificate yet`);
  const { authority: directory } = kept.certificate;
  const settings = keeper.settings?.authorities.find((one) => one.directory === directory);
  if (settings === undefined)
    throw new Error(
      `the certificate is from ${new URL(directory).host}, which tls.acme names no longer: name it as fallback`,
    );
  let withoutNew = '';
  try {
    await keeper.renew(name, true);
  } catch (error) {
    withoutNew = (error as Error).message;
    if (!isForced)
      throw new Error(
        `nothing is revoked, because there is no other certificate: ${withoutNew}; --force revokes all the same`,
      );
  }
  await keeper.authority(settings).withAccount((account) =>
    account.revoke(chain.leaf.raw, number).catch((error: unknown) => {
      if (!(error instanceof CaProblem) || error.type !== 'alreadyRevoked') throw error;
    }),
  );
  return { names: managed.names, serial: chain.leaf.serialNumber, reason, withoutNew };
}
