// Another key for our accounts at CAs (RFC 8555 7.3.5), while no order that was begun with the old one is under way.

import type { CertificateKeeper } from './keeper.ts';

/** What came of it at one CA. */
export interface Rekeyed {
  /** Host of the CA. */
  readonly authority: string;
  readonly outcome: 'changed' | 'no account' | 'failed';
  /** Why it failed, or ''. */
  readonly says: string;
}

/** Every account of the settings has another key afterwards, or it is said why not. Rejects where an order is under way. */
export async function rekeyAccounts(keeper: CertificateKeeper): Promise<Rekeyed[]> {
  const { settings } = keeper;
  if (settings === null)
    throw new Error('no CA is asked for certificates: write tls: { acme: { email: ops@example.com } }');
  const all = [...settings.authorities, ...(settings.staging === null ? [] : [settings.staging])];
  return keeper.whileIdle(async () => {
    const done: Rekeyed[] = [];
    for (const one of all) {
      const { host } = new URL(one.directory);
      const authority = keeper.authority(one);
      try {
        const hasAccount = (await authority.accountUrl()) !== '';
        if (hasAccount) await authority.rekey();
        done.push({ authority: host, outcome: hasAccount ? 'changed' : 'no account', says: '' });
      } catch (error) {
        done.push({ authority: host, outcome: 'failed', says: (error as Error).message });
      }
    }
    return done;
  });
}
