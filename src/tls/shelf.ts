// Certificates that come while the gate runs (from ACME, say), and answers to the challenges of a CA. It outlives generations.

import { createPrivateKey } from 'node:crypto';
import { describe, type Identity, pemBlocks, readCertificate } from './identity.ts';
import { challengeServerName, NameIndex, readName } from './names.ts';

/** A certificate with its key: PEM, the certificate first, then its chain. */
export interface PemPair {
  readonly certificate: string;
  readonly key: string;
}

/**
 * One change, as plain data. A certificate serves the names in its subjectAltName; `id` is whatever its owner calls it. A challenge is the
 * certificate that answers TLS-ALPN-01 (RFC 8737) for a DNS name or an IP address. `pair: null` takes away what has that id or name.
 */
export type ShelfChange =
  | { readonly kind: 'certificate'; readonly id: string; readonly pair: PemPair | null }
  | { readonly kind: 'challenge'; readonly name: string; readonly pair: PemPair | null };

interface Kept {
  readonly pair: PemPair;
  readonly identity: Identity;
}

/** What is served beside the certificates of the settings. */
export class Shelf {
  /** By id, the oldest first. */
  readonly #certificates = new Map<string, Kept>();
  /** By the server name that a CA asks with. */
  readonly #challenges = new Map<string, Kept & { readonly name: string }>();
  #index: NameIndex<Identity | null> | null = null;

  /** Makes all changes, or, where one of them holds something that cannot be served, throws an Error with a sentence and makes none. */
  apply(changes: readonly ShelfChange[]): void {
    const ready = changes.map((change) => {
      if (change.kind === 'challenge' && readName(change.name) === null)
        throw new Error(`"${change.name}" is no name that a challenge can have`);
      return { change, kept: change.pair === null ? null : kept(change.pair) };
    });
    for (const { change, kept } of ready)
      if (change.kind === 'certificate') this.#keepCertificate(change.id, kept);
      else this.#keepChallenge(readName(change.name)!, kept);
  }

  /** Changes that bring an empty shelf to where this one is. */
  snapshot(): ShelfChange[] {
    return [
      ...[...this.#certificates].map(([id, { pair }]) => ({ kind: 'certificate', id, pair }) as const),
      ...[...this.#challenges.values()].map(({ name, pair }) => ({ kind: 'challenge', name, pair }) as const),
    ];
  }

  /** All certificates, the newest first. */
  identities(): readonly Identity[] {
    return [...this.#certificates.values()].map(({ identity }) => identity).reverse();
  }

  /** Who serves this SNI, the newest first; undefined for nobody. */
  find(serverName: string): Identity | undefined {
    if (this.#certificates.size === 0) return undefined;
    this.#index ??= this.#indexed();
    return this.#index.lookUp(serverName) ?? undefined;
  }

  /** Who answers a challenge that comes with this SNI; undefined for nobody. */
  findChallenge(serverName: string): Identity | undefined {
    return this.#challenges.get(serverName.toLowerCase())?.identity;
  }

  #keepCertificate(id: string, kept: Kept | null): void {
    this.#certificates.delete(id);
    if (kept !== null) this.#certificates.set(id, kept);
    this.#index = null;
  }

  #keepChallenge(name: string, kept: Kept | null): void {
    if (kept === null) this.#challenges.delete(challengeServerName(name));
    else this.#challenges.set(challengeServerName(name), { ...kept, name });
  }

  #indexed(): NameIndex<Identity | null> {
    const index = new NameIndex<Identity | null>(null);
    for (const identity of this.identities()) for (const name of identity.description.names) index.add(name, identity);
    return index;
  }
}

function kept(pair: PemPair): Kept {
  const leaf = pemBlocks(pair.certificate).find(({ label }) => label === 'CERTIFICATE');
  const certificate = leaf === undefined ? null : readCertificate(leaf.text);
  if (certificate === null) throw new Error('a certificate that was put on the shelf cannot be read');
  const says = `the certificate for ${certificate.subjectAltName ?? certificate.subject}`;
  try {
    if (!certificate.checkPrivateKey(createPrivateKey(pair.key))) throw new Error(`${says} came with another's key`);
  } catch (error) {
    throw error instanceof Error && error.message.startsWith(says) ? error : new Error(`the key of ${says} is damaged`);
  }
  const identity: Identity = {
    description: describe(certificate, 'acme'),
    chainPem: pair.certificate,
    keyPem: pair.key,
  };
  return { pair, identity };
}
