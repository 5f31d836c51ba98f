// What all workers have in common of TLS: the keys of session tickets, made here and in memory only, and certificates that come at run time.

import { randomBytes } from 'node:crypto';
import { Shelf, type ShelfChange, ticketKeyBytes } from '../tls/tls.ts';
import type { Order } from './messages.ts';

/** How long new session tickets are sealed with one key, in ms; for as long again it opens them. Who steals it learns no more than a day. */
const ticketKeysMs = 12 * 3600 * 1000;

/** Keeps it, and tells workers of changes through `order`. */
export class TlsKeeper {
  readonly shelf = new Shelf();
  readonly #order: (order: Order) => Promise<void>;
  /** The newest first. */
  #ticketKeys: readonly Buffer[] = [randomBytes(ticketKeyBytes)];
  #timer: NodeJS.Timeout | null = null;

  constructor(order: (order: Order) => Promise<void>) {
    this.#order = order;
  }

  /** What a worker that starts is told. */
  brief(): { readonly ticketKeys: readonly Uint8Array[]; readonly shelf: readonly ShelfChange[] } {
    return { ticketKeys: this.#ticketKeys, shelf: this.shelf.snapshot() };
  }

  /** Begins with what a gate before this one had. */
  inherit({ ticketKeys, shelf }: ReturnType<TlsKeeper['brief']>): void {
    this.#ticketKeys = ticketKeys.map((keys) => Buffer.from(keys));
    this.shelf.apply(shelf);
  }

  /** Serves other certificates from now on, in this gate and its later workers; fulfilled when every worker does. Open connections go on. A pair
   * that cannot be served rejects, and then nothing has changed. */
  async put(changes: readonly ShelfChange[]): Promise<void> {
    this.shelf.apply(changes);
    await this.#order({ kind: 'certificates', changes });
  }

  /** New tickets get another key. Workers that cannot be reached hear of it when they start. */
  async renewTicketKeys(): Promise<void> {
    this.#ticketKeys = [randomBytes(ticketKeyBytes), this.#ticketKeys[0]!];
    await this.#order({ kind: 'ticket-keys', keys: this.#ticketKeys });
  }

  /** Renews keys by itself; the timer does not keep the process alive. */
  start(): void {
    this.#timer = setInterval(() => void this.renewTicketKeys().catch(() => {}), ticketKeysMs).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }
}
