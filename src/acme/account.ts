// What an account of ours does with its CA: registers, orders, answers, finalises, fetches, revokes (RFC 8555 7). One request a function.

import type { KeyObject } from 'node:crypto';
import { AddressReader } from '../base/address.ts';
import { type CaSession, fieldOf, parse } from './ca-session.ts';
import { CaProblem, CaUnreachable, readProblem, shown } from './ca-trouble.ts';
import { type Chain, readChain } from './chain.ts';
import type { Reply } from './https-call.ts';
import { bindAccount, type ExternalBinding, jwkOf, signJws } from './jws.ts';
import { readWindow, type Window } from './renewal.ts';

/** An order (RFC 8555 7.1.3). */
export interface AcmeOrder {
  readonly url: string;
  readonly status: string;
  readonly authorizations: readonly string[];
  readonly finalize: string;
  /** Where the certificate is, or ''. */
  readonly certificate: string;
  readonly error: CaProblem | null;
  readonly retryAfterMs: number | null;
}

/** A proof that may be given for a name (RFC 8555 8). */
export interface AcmeChallenge {
  readonly type: string;
  readonly url: string;
  readonly token: string;
  readonly status: string;
  readonly error: CaProblem | null;
}

/** What the CA wants to know about one name (RFC 8555 7.1.4). */
export interface Authorization {
  readonly url: string;
  readonly name: string;
  readonly isWildcard: boolean;
  readonly status: string;
  readonly challenges: readonly AcmeChallenge[];
  readonly retryAfterMs: number | null;
}

/** What an order asks for beside names. '' stands for nothing. */
export interface OrderWishes {
  readonly profile: string;
  /** Identifier of the certificate that this one is to replace (RFC 9773 5). */
  readonly replaces: string;
}

/** Most alternate chains that are fetched. */
const maxAlternates = 8;
const pemChain = 'application/pem-certificate-chain';

/** An account at a CA. `url` is '' until it is registered. Every request rejects with `CaProblem` or `CaUnreachable`. */
export class Account {
  readonly session: CaSession;
  url: string;
  #key: KeyObject;

  constructor(session: CaSession, key: KeyObject, url: string) {
    this.session = session;
    this.url = url;
    this.#key = key;
  }

  get key(): KeyObject {
    return this.#key;
  }

  /** Registers the key, or finds the account that has it; the CA's terms are agreed to. Gives the account's address. */
  async register(email: string, binding: ExternalBinding | null): Promise<string> {
    const { newAccount, needsExternalBinding } = await this.session.directory();
    if (needsExternalBinding && binding === null)
      throw new CaProblem(
        'externalAccountRequired',
        'it takes only accounts bound to a customer of its own',
        0,
        null,
        [],
      );
    const reply = await this.session.post(
      newAccount,
      {
        termsOfServiceAgreed: true,
        ...(email === '' ? {} : { contact: [`mailto:${email}`] }),
        ...(binding === null ? {} : { externalAccountBinding: bindAccount(binding, newAccount, this.#key) }),
      },
      this.#key,
      '',
    );
    const url = fieldOf(reply, 'location');
    if (url === '') throw new CaUnreachable(newAccount, 'it gave the account no address');
    this.url = url;
    return url;
  }

  /** Finds the account that has this key, and registers none (RFC 8555 7.3.1); false where there is none. */
  async find(): Promise<boolean> {
    const { newAccount } = await this.session.directory();
    try {
      const reply = await this.session.post(newAccount, { onlyReturnExisting: true }, this.#key, '');
      this.url = fieldOf(reply, 'location');
      return this.url !== '';
    } catch (error) {
      if (error instanceof CaProblem && error.type === 'accountDoesNotExist') return false;
      throw error;
    }
  }

  /** Orders a certificate for names and addresses (RFC 8738 for these). */
  async order(names: readonly string[], { profile, replaces }: OrderWishes): Promise<AcmeOrder> {
    const { newOrder } = await this.session.directory();
    const payload = {
      identifiers: names.map(identifierOf),
      ...(profile === '' ? {} : { profile }),
      ...(replaces === '' ? {} : { replaces }),
    };
    const reply = await this.#post(newOrder, payload);
    const url = fieldOf(reply, 'location');
    if (url === '') throw new CaUnreachable(newOrder, 'it gave the order no address');
    return this.#orderOf(url, reply);
  }

  async orderAt(url: string): Promise<AcmeOrder> {
    return this.#orderOf(url, await this.#post(url, null));
  }

  async authorization(url: string): Promise<Authorization> {
    const reply = await this.#post(url, null);
    const value = parse(url, reply.body);
    const identifier = recordOf(value.identifier);
    const challenges = Array.isArray(value.challenges) ? value.challenges.slice(0, 20).map(challengeOf) : [];
    return {
      url,
      name: textOf(identifier.value),
      isWildcard: value.wildcard === true,
      status: textOf(value.status),
      challenges,
      retryAfterMs: this.session.retryAfter(reply),
    };
  }

  /** Tells the CA that it may look at a challenge. */
  async respond(challengeUrl: string): Promise<void> {
    await this.#post(challengeUrl, {});
  }

  /** Gives up on a name, so that it does not stay pending (RFC 8555 7.5.2). */
  async deactivate(authorizationUrl: string): Promise<void> {
    await this.#post(authorizationUrl, { status: 'deactivated' });
  }

  /** Sends the request (DER) for an order that is ready. */
  async finalize({ url, finalize }: AcmeOrder, request: Buffer): Promise<AcmeOrder> {
    return this.#orderOf(url, await this.#post(finalize, { csr: request.toString('base64url') }));
  }

  /** The certificate, and its alternate chains (`Link: rel="alternate"`) where they are wanted; the CA's own choice is first. */
  async chains(url: string, wantsAlternates: boolean): Promise<Chain[]> {
    const reply = await this.#post(url, null, pemChain);
    const addresses = wantsAlternates ? alternatesOf(fieldOf(reply, 'link'), url).slice(0, maxAlternates) : [];
    const chains = [readChain(reply.body)];
    for (const address of addresses) chains.push(readChain((await this.#post(address, null, pemChain)).body));
    const whole = chains.filter((chain) => chain !== null);
    if (chains[0] === null || whole.length === 0) throw new CaUnreachable(url, 'what it gave is no certificate');
    return whole;
  }

  /** Revokes a certificate (RFC 8555 7.6); `reason` is a number of RFC 5280 5.3.1. */
  async revoke(certificate: Buffer, reason: number): Promise<void> {
    const { revokeCert } = await this.session.directory();
    if (revokeCert === '') throw new CaUnreachable(this.session.directoryUrl, 'it offers no revocation');
    await this.#post(revokeCert, { certificate: certificate.toString('base64url'), reason });
  }

  /** Has another key take the place of the account's (RFC 8555 7.3.5). */
  async changeKey(next: KeyObject): Promise<void> {
    const { keyChange } = await this.session.directory();
    if (keyChange === '') throw new CaUnreachable(this.session.directoryUrl, 'it offers no change of keys');
    const head = { jwk: jwkOf(next), url: keyChange };
    await this.#post(keyChange, signJws(next, head, { account: this.url, oldKey: jwkOf(this.#key) }));
    this.#key = next;
  }

  /** When the CA would have a certificate renewed (RFC 9773), and its Retry-After; null where it offers no such thing. */
  async renewalInfo(id: string): Promise<{ readonly window: Window; readonly retryAfterMs: number | null } | null> {
    const { renewalInfo } = await this.session.directory();
    if (renewalInfo === '' || id === '') return null;
    const url = `${renewalInfo.endsWith('/') ? renewalInfo.slice(0, -1) : renewalInfo}/${id}`;
    const { reply, value } = await this.session.get(url);
    const window = readWindow(value);
    if (window === null) throw new CaUnreachable(url, 'what it answered is no renewal information');
    return { window, retryAfterMs: this.session.retryAfter(reply) };
  }

  #post(url: string, payload: object | null, accept?: string): Promise<Reply> {
    return this.session.post(url, payload, this.#key, this.url, accept);
  }

  #orderOf(url: string, reply: Reply): AcmeOrder {
    const value = parse(url, reply.body);
    const { error } = value;
    const authorizations = Array.isArray(value.authorizations) ? value.authorizations.map(textOf) : [];
    const finalize = textOf(value.finalize);
    const wrong = [...authorizations, finalize].find((address) => !address.startsWith('https:'));
    if (wrong !== undefined)
      throw new CaProblem('badOrder', `the order has an address that is none: "${shown(wrong)}"`, 0, null, []);
    return {
      url,
      status: textOf(value.status),
      authorizations,
      finalize,
      certificate: textOf(value.certificate),
      error: error === undefined || error === null ? null : readProblem(error, 0, null),
      retryAfterMs: this.session.retryAfter(reply),
    };
  }
}

/** How an order writes a name: `dns` or `ip` (RFC 8738 3). */
function identifierOf(name: string): { readonly type: string; readonly value: string } {
  return { type: new AddressReader().read(name) === 0 ? 'dns' : 'ip', value: name };
}

function challengeOf(value: unknown): AcmeChallenge {
  const { type, url, token, status, error } = recordOf(value);
  return {
    type: textOf(type),
    url: textOf(url),
    token: textOf(token),
    status: textOf(status),
    error: error === undefined || error === null ? null : readProblem(error, 0, null),
  };
}

/** Addresses of the links with rel="alternate" (RFC 8288 3). Commas within `<>` do not part. */
function alternatesOf(field: string, base: string): string[] {
  const addresses: string[] = [];
  for (let from = 0; from < field.length; ) {
    const open = field.indexOf('<', from);
    const end = open < 0 ? -1 : field.indexOf('>', open);
    if (end < 0) break;
    const next = field.indexOf('<', end);
    const about = field.slice(end + 1, next < 0 ? field.length : next);
    const target = field.slice(open + 1, end);
    if (about.replaceAll('"', '').replaceAll(' ', '').includes('rel=alternate') && URL.canParse(target, base))
      addresses.push(new URL(target, base).href);
    from = next < 0 ? field.length : next;
  }
  return addresses;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
