// What a certificate is asked for with: the kind of key, the profile, and which one it replaces.

import type { CaSession, Wish } from '../../acme/acme.ts';
import { AddressReader } from '../../base/address.ts';
import type { AcmeSettings } from '../../config/config.ts';
import type { Managed } from './managed.ts';

/** The profile that addresses need at Let's Encrypt: such certificates live six days. */
const addressProfile = 'shortlived';

/** The wish for one certificate at one CA. A profile that the CA does not have is a problem told here, before it is asked. */
export async function wishFor(
  managed: Managed,
  settings: AcmeSettings,
  session: CaSession,
  directory: string,
): Promise<Wish> {
  const { profiles, renewalInfo } = await session.directory();
  const hasAddress = managed.names.some((name) => new AddressReader().read(name) !== 0);
  let { profile } = settings;
  if (profile === '' && hasAddress && profiles.has(addressProfile)) profile = addressProfile;
  // A second CA has profiles of its own.
  if (!profiles.has(profile) && directory !== settings.authorities[0]?.directory) profile = '';
  if (profile !== '' && !profiles.has(profile)) {
    const offered = [...profiles.keys()].join(', ') || 'none';
    throw new Error(`the CA has no profile ${profile}, it offers: ${offered}; change tls.acme.profile`);
  }
  const isOfSameCa = managed.kept.certificate?.authority === directory && !managed.isForOthers;
  return {
    names: managed.names,
    keyKind: settings.keyKind,
    profile,
    preferredIssuer: settings.preferredIssuer,
    replaces: isOfSameCa && renewalInfo !== '' ? managed.certificateId : '',
  };
}
