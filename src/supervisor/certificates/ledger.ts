// What was asked of CAs lately, so that their rate limits are known before they are met (`acme/ledger.json`).

import { domainGuess } from './domain-guess.ts';
import type { CertificateStore } from './store.ts';

/** Something that counts against a limit. */
export interface LedgerEntry {
  readonly at: number;
  readonly authority: string;
  readonly kind: 'order' | 'certificate' | 'failure';
  /** For a failure the one name, otherwise all of the certificate. */
  readonly names: readonly string[];
  /** Of a certificate: whether it is no renewal. */
  readonly isNew?: boolean;
}

/** A limit as Let's Encrypt has it; other CAs have the like. */
interface Limit {
  readonly kind: LedgerEntry['kind'];
  readonly windowMs: number;
  readonly most: number;
  says(names: readonly string[]): string;
  /** Whether the entry counts against the limit for these names. */
  concerns(entry: LedgerEntry, names: readonly string[]): boolean;
  /** Whether the CA may count in another way, so that it is asked all the same. */
  readonly isGuess?: boolean;
}

const hourMs = 3_600_000;
const weekMs = 7 * 24 * hourMs;
/** Most entries: more than three hours of orders at their limit, and a week of certificates at theirs. */
const maxEntries = 5000;

const limits: readonly Limit[] = [
  {
    kind: 'failure',
    windowMs: hourMs,
    most: 5,
    says: () => 'failed proofs of one name in an hour',
    concerns: ({ names: its }, names) => its.some((name) => names.includes(name) || names.includes(`*.${name}`)),
  },
  {
    kind: 'certificate',
    windowMs: weekMs,
    most: 5,
    says: () => 'certificates for the same names in a week',
    concerns: ({ names: its }, names) => its.length === names.length && its.every((name) => names.includes(name)),
  },
  {
    kind: 'certificate',
    windowMs: weekMs,
    most: 50,
    says: (names) => `certificates for new names under ${domainsOf(names).slice(0, 3).join(', ')} in a week`,
    concerns: ({ isNew, names: its }, names) => {
      const domains = domainsOf(names);
      return isNew !== false && domainsOf(its).some((domain) => domains.includes(domain));
    },
    isGuess: true,
  },
  {
    kind: 'order',
    windowMs: 3 * hourMs,
    most: 300,
    says: () => 'orders of one account in three hours',
    concerns: () => true,
  },
];

/** How much is left of one limit. */
export interface Budget {
  readonly says: string;
  readonly left: number;
  readonly most: number;
  /** When there is more again, in ms since 1970. */
  readonly moreAt: number;
  /** Whether the CA may count in another way. */
  readonly isGuess: boolean;
}

/** The ledger of one store. */
export class Ledger {
  readonly #store: CertificateStore;
  #entries: LedgerEntry[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(store: CertificateStore) {
    this.#store = store;
  }

  async open(): Promise<void> {
    this.#entries = (await this.#store.readNamed('ledger', entriesOf)) ?? [];
  }

  /** Writes down what was asked; a ledger that cannot be written still counts until the end. */
  note(entry: LedgerEntry): Promise<void> {
    const from = entry.at - weekMs;
    this.#entries = [...this.#entries.filter(({ at }) => at > from).slice(1 - maxEntries), entry];
    const entries = this.#entries;
    this.#writing = this.#writing.then(() => this.#store.writeNamed('ledger', entries)).catch(() => undefined);
    return this.#writing;
  }

  /** Every limit as it stands for these names at a CA. */
  budgets(authority: string, names: readonly string[], now: number): Budget[] {
    return limits.map(({ kind, windowMs, most, says, concerns, isGuess = false }) => {
      const counted = this.#entries.filter(
        (entry) =>
          entry.kind === kind &&
          entry.authority === authority &&
          entry.at > now - windowMs &&
          entry.at <= now &&
          concerns(entry, names),
      );
      const oldest = counted.at(-most)?.at ?? counted[0]?.at ?? now;
      const left = Math.max(0, most - counted.length);
      return { says: says(names), left, most, moreAt: oldest + windowMs, isGuess };
    });
  }

  /** When these names may be asked for at this CA: now, or once a limit has room again. */
  mayAskAt(authority: string, names: readonly string[], now: number): number {
    const spent = this.budgets(authority, names, now).filter(({ left, isGuess }) => left === 0 && !isGuess);
    return Math.max(now, ...spent.map(({ moreAt }) => moreAt));
  }
}

function domainsOf(names: readonly string[]): string[] {
  return [...new Set(names.map(domainGuess))];
}

function entriesOf(value: unknown): LedgerEntry[] | null {
  if (!Array.isArray(value)) return null;
  return value.slice(-maxEntries).filter((entry): entry is LedgerEntry => {
    const { at, authority, kind, names } = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<
      string,
      unknown
    >;
    const isKind = limits.some((limit) => limit.kind === kind);
    return (
      Number.isFinite(at) &&
      typeof authority === 'string' &&
      isKind &&
      Array.isArray(names) &&
      names.every((name) => typeof name === 'string')
    );
  });
}
