// The CAs that a keeper speaks with, by the addresses of their directories.

import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import type { AcmeSettings, AuthoritySettings } from '../../config/config.ts';
import type { Files } from '../../tls/tls.ts';
import { Authority } from './authority.ts';
import type { CertificateStore } from './store.ts';

/** What conversations need. */
export interface AuthoritiesTools {
  readonly store: CertificateStore;
  readonly clock: Clock;
  readonly files: Files;
}

/** Conversations that last as long as their settings do; there are no more of them than settings name. */
export class Authorities {
  readonly #tools: AuthoritiesTools;
  readonly #open = new Map<string, Authority>();

  constructor(tools: AuthoritiesTools) {
    this.#tools = tools;
  }

  /** The CA with these settings, and the account under this email there. */
  of(settings: AuthoritySettings, email: string): Authority {
    const known = this.#open.get(settings.directory);
    if (known !== undefined) return known;
    const { store, clock, files } = this.#tools;
    const authority = new Authority(settings, email, store, clock, files);
    this.#open.set(settings.directory, authority);
    return authority;
  }

  /** Ends conversations with CAs that are asked no more, or in another way: orders with the others go on. */
  closeOthers(settings: AcmeSettings | null): void {
    const known =
      settings === null ? [] : [...settings.authorities, ...(settings.staging === null ? [] : [settings.staging])];
    for (const [directory, authority] of this.#open) {
      const isSame =
        known.some((one) => isDeepStrictEqual(one, authority.settings)) && authority.email === settings?.email;
      if (isSame) continue;
      authority.close();
      this.#open.delete(directory);
    }
  }

  close(): void {
    for (const authority of this.#open.values()) authority.close();
    this.#open.clear();
  }
}
