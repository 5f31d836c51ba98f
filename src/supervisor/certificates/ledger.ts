// What was asked of CAs lately, so that their rate limits are known before they are met (`acme/ledger.json`).

import type { CertificateStore } from './store.ts';

/** Something that counts against a limit. */
export interface LedgerEntry {
  readonly at: number;
  readonly authority: string;
  readonly kind: 'order' | 'certificate' | 'failure';
  /** For a failure the one name, otherwise all of the certificate. */
  readonly names: readonly string[];
}

/** A limit as Let's Encrypt has it; other CAs have the like. */
interface Limit {
  readonly kind: LedgerEntry['kind'];
  readonly windowMs: number;
  readonly most: number;
  readonly says: string;
}

const hourMs = 3_600_000;
const weekMs = 7 * 24 * hourMs;
/** Most entries: more than three hours of orders at their limit, and a week of certificates at theirs. */
const maxEntries = 5000;

const limits: readonly Limit[] = [
  { kind: 'failure', windowMs: hourMs, most: 5, says: 'failed proofs of one name in an hour' },
  { kind: 'certificate', windowMs: weekMs, most: 5, says: 'certificates for the same names in a week' },
  { kind: 'order', windowMs: 3 * hourMs, most: 300, says: 'orders of one account in three hours' },
];

/** How much is left of one limit. */
export interface Budget {
  readonly says: string;
  readonly left: number;
  readonly most: number;
  /** When there is more again, in ms since 1970. */
  readonly moreAt: number;
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
    return limits.map(({ kind, windowMs, most, says }) => {
      const counted = this.#entries.filter(
        (entry) =>
          entry.kind === kind && entry.authority === authority && entry.at > now - windowMs && concerns(entry, names),
      );
      const oldest = counted.at(-most)?.at ?? counted[0]?.at ?? now;
      return { says, left: Math.max(0, most - counted.length), most, moreAt: oldest + windowMs };
    });
  }

  /** When these names may be asked for at this CA: now, or once a limit has room again. */
  mayAskAt(authority: string, names: readonly string[], now: number): number {
    const spent = this.budgets(authority, names, now).filter(({ left }) => left === 0);
    return Math.max(now, ...spent.map(({ moreAt }) => moreAt));
  }
}

function concerns({ kind, names: its }: LedgerEntry, names: readonly string[]): boolean {
  if (kind === 'order') return true;
  if (kind === 'failure') return its.some((name) => names.includes(name) || names.includes(`*.${name}`));
  return its.length === names.length && its.every((name) => names.includes(name));
}

function entriesOf(value: unknown): LedgerEntry[] | null {
  if (!Array.isArray(value)) return null;
  return value.slice(-maxEntries).filter((entry): entry is LedgerEntry => {
    const { at, authority, kind, names } = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<
      string,
      unknown
    >;
    const isKind = limits.some((limit) => limit.kind === kind);
    return Number.isFinite(at) && typeof authority === 'string' && isKind && Array.isArray(names);
  });
}
