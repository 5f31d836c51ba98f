// Certificates that were replaced and are not over yet, and what is to become of them (`acme/former.json`): whoever has the key of one can
// still use it, until it is revoked. What is to be revoked is written down before anything is done.

import { X509Certificate } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Managed } from './managed.ts';
import type { CertificateStore } from './store.ts';

/** What is to be done with one; `doneAt` is 0 until it is, in ms since 1970. */
export interface Intent {
  readonly reason: string;
  /** Also where no other certificate can be had. */
  readonly isForced: boolean;
  readonly doneAt: number;
}

/** One certificate, without its key. Times are ms since 1970. */
export interface FormerCertificate {
  readonly names: readonly string[];
  /** In hex, upper case. */
  readonly serial: string;
  readonly pem: string;
  /** Address of the directory of the CA that issued it. */
  readonly authority: string;
  readonly notAfter: number;
  /** 0 while it is in use. */
  readonly replacedAt: number;
  /** Null where nothing is to be done with it. */
  readonly revocation: Intent | null;
}

/** Most that are kept, and most characters of them, well below the longest file that is read; of more the oldest are forgotten, but not
 * those that are still to be revoked. */
const maxFormer = 500;
const maxLength = 900_000;

/** The list of one store. */
export class FormerCertificates {
  readonly #store: CertificateStore;
  readonly #clock: Clock;
  #all: readonly FormerCertificate[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(store: CertificateStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async open(): Promise<void> {
    this.#all = (await this.#store.readNamed('former', formerOf)) ?? [];
  }

  /** Those that are not over, the newest last. */
  get all(): readonly FormerCertificate[] {
    const now = this.#clock.now();
    return this.#all.filter(({ notAfter }) => notAfter > now);
  }

  /** By serial number in hex, with or without colons. */
  find(serial: string): FormerCertificate | undefined {
    const plain = serial.replaceAll(':', '').toUpperCase();
    return this.all.find((one) => one.serial === plain);
  }

  /** The certificate of `managed` is about to be replaced. */
  async replaced(managed: Managed): Promise<void> {
    const current = asFormer(managed, this.#clock.now());
    if (current === null) return;
    await this.put({ ...current, revocation: this.find(current.serial)?.revocation ?? null });
  }

  /** Keeps one in place of what is known of it; a list that cannot be written still counts until the end. */
  put(one: FormerCertificate): Promise<void> {
    return this.#write(bounded([...this.all.filter(({ serial }) => serial !== one.serial), one]));
  }

  /** Forgets one, such as an intent that came to nothing. */
  drop(serial: string): Promise<void> {
    return this.#write(this.all.filter((one) => one.serial !== serial));
  }

  #write(all: readonly FormerCertificate[]): Promise<void> {
    this.#all = all;
    this.#writing = this.#writing.then(() => this.#store.writeNamed('former', all)).catch(() => undefined);
    return this.#writing;
  }
}

/** The newest of these that may be kept. */
function bounded(all: readonly FormerCertificate[]): FormerCertificate[] {
  const kept: FormerCertificate[] = [];
  let length = 0;
  for (const one of [...all].reverse()) {
    length += JSON.stringify(one).length;
    if (isOpen(one.revocation) || (kept.length < maxFormer && length <= maxLength)) kept.push(one);
  }
  return kept.reverse();
}

/** Whether something is still to be done. */
export function isOpen(revocation: Intent | null): boolean {
  return revocation?.doneAt === 0;
}

/** The certificate in use as one that was replaced then; null where there is none. */
export function asFormer({ chain, kept }: Managed, replacedAt: number): FormerCertificate | null {
  if (chain === null || kept.certificate === null) return null;
  const { serialNumber: serial } = chain.leaf;
  const { authority } = kept.certificate;
  const { notAfter } = chain;
  return { names: kept.names, serial, pem: chain.leaf.toString(), authority, notAfter, replacedAt, revocation: null };
}

/** The file's content; entries that are no certificates are left out. */
function formerOf(value: unknown): FormerCertificate[] | null {
  return Array.isArray(value) ? value.slice(-maxFormer).filter(isFormer) : null;
}

function isFormer(value: unknown): value is FormerCertificate {
  const { names, serial, pem, authority, notAfter, replacedAt, revocation } = recordOf(value);
  const { reason, isForced, doneAt } = recordOf(revocation);
  const hasIntent = typeof reason === 'string' && typeof isForced === 'boolean' && Number.isFinite(doneAt);
  return (
    Array.isArray(names) &&
    names.every((name) => typeof name === 'string') &&
    typeof pem === 'string' &&
    serialOf(pem) === serial &&
    typeof authority === 'string' &&
    URL.canParse(authority) &&
    Number.isFinite(notAfter) &&
    Number.isFinite(replacedAt) &&
    (revocation === null || hasIntent)
  );
}

/** Null where the text is no certificate. */
function serialOf(pem: string): string | null {
  try {
    return new X509Certificate(pem).serialNumber;
  } catch {
    return null;
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
