// Certificates, orders under way and accounts on disk (`acme/` in the data directory): a JSON file each, replaced whole, for their owner's eyes.

import { createHash, createPrivateKey } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { faultOf, type OrderNote, readChain } from '../../acme/acme.ts';
import { errorCode, type Files } from '../../tls/tls.ts';

/** A certificate in use. */
export interface KeptCertificate {
  readonly chainPem: string;
  readonly keyPem: string;
  /** Address of the directory of the CA that issued it. */
  readonly authority: string;
  readonly profile: string;
  /** When it came, in ms since 1970. */
  readonly gotAt?: number;
}

/** When it is to be renewed, in ms since 1970. */
export interface Renewal {
  readonly at: number;
  /** What the CA suggests (RFC 9773), or null. */
  readonly window: { readonly start: number; readonly end: number; readonly explanation: string } | null;
  /** When the CA is asked again. */
  readonly askAt: number;
}

/** What went wrong last. */
export interface Failure {
  readonly says: string;
  readonly at: number;
  /** In a row. */
  readonly count: number;
  readonly nextAt: number;
  /** CAs, by directory, that would not be asked before a time. */
  readonly rests?: readonly (readonly [string, number])[];
}

/** Everything that is known of one certificate that is wanted. */
export interface Kept {
  readonly names: readonly string[];
  readonly certificate: KeptCertificate | null;
  readonly renewal: Renewal | null;
  /** The order under way, and at which CA. */
  readonly order: { readonly authority: string; readonly note: OrderNote } | null;
  readonly failure: Failure | null;
  /** Whether the test system of the CA has issued it: it need not be tried there again. */
  readonly isRehearsed: boolean;
}

/** An account at a CA; `url` is '' until it is registered. */
export interface KeptAccount {
  readonly authority: string;
  readonly email: string;
  readonly keyPem: string;
  /** A key that was to take its place when the gate ended: either may be the one that the CA knows. */
  readonly nextKeyPem?: string;
  readonly url: string;
}

const fileMode = 0o600;
const othersMode = 0o077;
const latestTime = 8.64e15;
const directoryMode = 0o700;
/** Longest part of a file name that is a name; longer ones are cut and told apart by a hash. */
const maxSlug = 150;
/** Settings name a CA, its test system and a second CA. */
const maxRests = 10;

/** The directory. What cannot be read is set aside with `.damaged`, told, and begun anew. */
export class CertificateStore {
  readonly directory: string;
  readonly #files: Files;
  readonly #warn: (says: string) => void;

  constructor(dataDirectory: string, files: Files, warn: (says: string) => void) {
    this.directory = join(dataDirectory, 'acme');
    this.#files = files;
    this.#warn = warn;
  }

  /** Makes the directories; fails with the system's error. */
  async open(): Promise<void> {
    for (const part of ['', 'certificates', 'accounts'])
      await this.#files.keepDirectory(join(this.directory, part), directoryMode);
  }

  /** What is known of the certificate whose first name is `id`, or null. */
  async read(id: string): Promise<Kept | null> {
    return this.#read(this.#pathOf(id), keptOf);
  }

  async write(id: string, kept: Kept): Promise<void> {
    await this.#files.replace(this.#pathOf(id), `${JSON.stringify(kept, null, 1)}\n`, fileMode);
  }

  async readAccount(authority: string, email: string): Promise<KeptAccount | null> {
    return this.#read(this.#accountPath(authority, email), accountOf);
  }

  async writeAccount(account: KeptAccount): Promise<void> {
    const path = this.#accountPath(account.authority, account.email);
    await this.#files.replace(path, `${JSON.stringify(account, null, 1)}\n`, fileMode);
  }

  /** A text of the store's own, such as its ledger; null where there is none that can be read as `read` reads it. */
  async readNamed<T>(name: string, read: (value: unknown) => T | null): Promise<T | null> {
    return this.#read(join(this.directory, `${name}.json`), read);
  }

  async writeNamed(name: string, value: unknown): Promise<void> {
    await this.#files.replace(join(this.directory, `${name}.json`), `${JSON.stringify(value)}\n`, fileMode);
  }

  async #read<T>(path: string, read: (value: unknown) => T | null): Promise<T | null> {
    let text: string;
    try {
      const file = await this.#files.read(path);
      ({ text } = file);
      if ((file.mode & othersMode) !== 0) await this.#close(path, file);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT') return null;
      this.#warn(`${path} cannot be read (${code || String(error)}), so that what is in it is asked for anew`);
      if (code === 'EFBIG' || code === 'EISDIR' || code === 'EINVAL') await this.#setAside(path);
      return null;
    }
    const value = parsed(text);
    const found = value === undefined ? null : read(value);
    if (found !== null) return found;
    const where = await this.#setAside(path);
    this.#warn(`${path} was damaged; ${where}, and what was in it is asked for anew`);
    return null;
  }

  /** Moves a file out of the way, and says where it is. */
  async #setAside(path: string): Promise<string> {
    const aside = `${path}.damaged`;
    try {
      await this.#files.setAside(path, aside);
      return `it is kept as ${aside}`;
    } catch (error) {
      return `it cannot be kept as ${aside} (${errorCode(error) || String(error)})`;
    }
  }

  /** Takes away from others what they may do with a file of keys; the directory above has kept them out unless somebody opened that, too. */
  async #close(path: string, { text, mode }: { readonly text: string; readonly mode: number }): Promise<void> {
    const was = mode.toString(8);
    try {
      await this.#files.replace(path, Buffer.from(text, 'latin1').toString('utf8'), fileMode);
      this.#warn(
        `${path} was open to others (${was}) and is so no more; where they may have read it: certs renew NAME --force`,
      );
    } catch (error) {
      this.#warn(`${path} is open to others (${was}): chmod 600 ${path} (${errorCode(error) || String(error)})`);
    }
  }

  /** Removes what a crash left half written; to be called while nobody writes, such as a gate that hands over to this one. */
  async sweep(): Promise<void> {
    for (const part of ['', 'certificates', 'accounts']) {
      const directory = join(this.directory, part);
      const names = await readdir(directory).catch(() => []);
      for (const name of names) if (name.endsWith('.tmp')) await unlink(join(directory, name)).catch(() => undefined);
    }
  }

  #pathOf(id: string): string {
    return join(this.directory, 'certificates', `${slugOf(id)}.json`);
  }

  #accountPath(authority: string, email: string): string {
    return join(
      this.directory,
      'accounts',
      `${slugOf(new URL(authority).host)}-${hashOf(`${authority} ${email}`)}.json`,
    );
  }
}

/** A name as a file name: `*.example.com` is `_wildcard.example.com`. */
function slugOf(id: string): string {
  const plain = id.replace('*', '_wildcard').replaceAll(':', '_').replaceAll('/', '_');
  return plain.length <= maxSlug ? plain : `${plain.slice(0, maxSlug)}-${hashOf(id)}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** The value of a JSON text, or undefined. Files give their bytes as latin1. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'latin1').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** A file's content as what it should be, or null; a certificate that is not whole makes the file damaged. */
function keptOf(value: unknown): Kept | null {
  const { names, certificate, renewal, order, failure, isRehearsed } = recordOf(value);
  if (!Array.isArray(names) || names.length === 0 || !names.every((name) => typeof name === 'string')) return null;
  if (certificate !== null && !isCertificate(certificate, names)) return null;
  return {
    names,
    certificate:
      certificate === null
        ? null
        : { ...(certificate as KeptCertificate), gotAt: numberOf(recordOf(certificate).gotAt) },
    renewal: renewalOf(renewal),
    order: isOrder(order) ? (order as Kept['order']) : null,
    failure:
      hasTimes(failure, 'at', 'count', 'nextAt') && typeof recordOf(failure).says === 'string'
        ? { ...(failure as Failure), rests: restsOf(recordOf(failure).rests) }
        : null,
    isRehearsed: isRehearsed === true,
  };
}

function isCertificate(value: unknown, names: readonly string[]): boolean {
  const { chainPem, keyPem, authority, profile } = recordOf(value);
  if (![chainPem, keyPem, authority, profile].every((part) => typeof part === 'string')) return false;
  const chain = readChain(chainPem as string);
  if (chain === null) return false;
  try {
    // Not whether it is over: that is what renewal looks at.
    return faultOf(chain, names, createPrivateKey(keyPem as string), 0) === '';
  } catch {
    return false;
  }
}

function isOrder(value: unknown): boolean {
  const { authority, note } = recordOf(value);
  const { orderUrl, keyPem, names } = recordOf(note);
  if (typeof authority !== 'string' || typeof orderUrl !== 'string' || typeof keyPem !== 'string') return false;
  try {
    createPrivateKey(keyPem);
  } catch {
    return false;
  }
  return URL.canParse(orderUrl) && Array.isArray(names) && names.every((name) => typeof name === 'string');
}

function numberOf(value: unknown): number {
  return isTime(value) ? value : 0;
}

function restsOf(value: unknown): [string, number][] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, maxRests).filter((one): one is [string, number] => {
    return Array.isArray(one) && typeof one[0] === 'string' && isTime(one[1]);
  });
}

function renewalOf(value: unknown): Renewal | null {
  if (!hasTimes(value, 'at', 'askAt')) return null;
  const { at, askAt, window } = value as Renewal;
  const isWindow = hasTimes(window, 'start', 'end') && typeof recordOf(window).explanation === 'string';
  return { at, askAt, window: isWindow ? window : null };
}

/** Whether each is a number that a date can be made of (ECMA-262 21.4.1.1). */
function hasTimes(value: unknown, ...fields: readonly string[]): boolean {
  const record = recordOf(value);
  return fields.every((field) => isTime(record[field]));
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= latestTime;
}

function accountOf(value: unknown): KeptAccount | null {
  const { authority, email, keyPem, nextKeyPem = '', url } = recordOf(value);
  if (![authority, email, keyPem, nextKeyPem, url].every((part) => typeof part === 'string')) return null;
  try {
    for (const pem of [keyPem, nextKeyPem]) if (pem !== '') createPrivateKey(pem as string);
    if (keyPem === '') return null;
  } catch {
    return null;
  }
  const isAddress = URL.canParse(url as string) && new URL(url as string).protocol === 'https:';
  // Without its address an account is found again by its key.
  return { ...(value as KeptAccount), url: isAddress ? (url as string) : '' };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
