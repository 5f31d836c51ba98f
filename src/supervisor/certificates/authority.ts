// One CA as the keeper uses it: a conversation, and the account that we have there.

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { Account, CaProblem, CaSession, httpsCaller, newAccountKey } from '../../acme/acme.ts';
import type { Clock } from '../../base/clock.ts';
import { type AuthoritySettings, readSecret } from '../../config/config.ts';
import type { Files } from '../../tls/tls.ts';
import type { CertificateStore } from './store.ts';

/** Longest time of one request to a CA, in ms. */
const requestMs = 30_000;

/** A CA that may be spoken with. Opens its account when it is first needed. */
export class Authority {
  readonly settings: AuthoritySettings;
  readonly email: string;
  readonly #store: CertificateStore;
  readonly #clock: Clock;
  readonly #files: Files;
  #session: Promise<CaSession> | null = null;
  #account: Promise<Account> | null = null;

  constructor(settings: AuthoritySettings, email: string, store: CertificateStore, clock: Clock, files: Files) {
    this.settings = settings;
    this.email = email;
    this.#store = store;
    this.#clock = clock;
    this.#files = files;
  }

  /** The conversation; rejects where the file of roots cannot be read. */
  session(): Promise<CaSession> {
    this.#session ??= this.#open();
    return this.#session.catch((error: unknown) => {
      this.#session = null;
      throw error;
    });
  }

  /** Our account, registered where it was not; rejects as the CA does. */
  account(): Promise<Account> {
    this.#account ??= this.#enter();
    return this.#account.catch((error: unknown) => {
      this.#account = null;
      throw error;
    });
  }

  /** The address of the account as it is kept, or ''; asks nobody. */
  async accountUrl(): Promise<string> {
    return (await this.#store.readAccount(this.settings.directory, this.email))?.url ?? '';
  }

  /** Does something with the account, and once more with a new registration where the CA does not know it any longer. */
  async withAccount<T>(use: (account: Account) => Promise<T>): Promise<T> {
    try {
      return await use(await this.account());
    } catch (error) {
      if (!(error instanceof CaProblem) || error.type !== 'accountDoesNotExist') throw error;
      const account = await this.account();
      await this.#register(account);
      return await use(account);
    }
  }

  /** Has another key take the place of the account's. Whatever happens in between, the key that the CA knows is kept. */
  async rekey(): Promise<void> {
    const account = await this.account();
    const next = newAccountKey();
    await this.#keep(account, next);
    try {
      await account.changeKey(next);
    } catch (error) {
      // Refused: the old one holds. Without an answer nobody knows, and it is looked which of both does when the account is needed.
      if (error instanceof CaProblem && error.status < 500) await this.#keep(account);
      else this.#account = null;
      throw error;
    }
    await this.#keep(account);
  }

  close(): void {
    void this.#session?.then((session) => session.close()).catch(() => undefined);
  }

  async #open(): Promise<CaSession> {
    const { roots, directory } = this.settings;
    let pem = '';
    if (roots !== null)
      try {
        pem = (await this.#files.read(roots)).text;
      } catch (error) {
        throw new Error(`the file of roots ${roots} cannot be read: ${(error as Error).message}`);
      }
    return new CaSession(directory, httpsCaller(pem, requestMs), this.#clock);
  }

  async #enter(): Promise<Account> {
    const { directory } = this.settings;
    const session = await this.session();
    const kept = await this.#store.readAccount(directory, this.email);
    if (kept !== null && (kept.nextKeyPem ?? '') !== '') {
      const changed = new Account(session, createPrivateKey(kept.nextKeyPem!), '');
      const account = (await changed.find()) ? changed : new Account(session, createPrivateKey(kept.keyPem), kept.url);
      await this.#keep(account);
      if (account.url !== '') return account;
    }
    if (kept !== null && kept.url !== '') return new Account(session, createPrivateKey(kept.keyPem), kept.url);
    const account = new Account(session, kept === null ? newAccountKey() : createPrivateKey(kept.keyPem), '');
    // The key first: an account whose key was lost in a crash could never be used again.
    if (kept === null) await this.#keep(account);
    await this.#register(account);
    return account;
  }

  async #register(account: Account): Promise<void> {
    const { externalAccount: external } = this.settings;
    const binding = external === null ? null : { kid: external.kid, macKey: readSecret(external.macKey) };
    await account.register(this.email, binding);
    await this.#keep(account);
  }

  /** Writes the account down; `next` is a key that may soon be its own. */
  #keep({ key, url }: Account, next: KeyObject | null = null): Promise<void> {
    const pemOf = (one: KeyObject) => one.export({ type: 'pkcs8', format: 'pem' }) as string;
    const nextKeyPem = next === null ? '' : pemOf(next);
    const { directory } = this.settings;
    return this.#store.writeAccount({ authority: directory, email: this.email, keyPem: pemOf(key), nextKeyPem, url });
  }
}
