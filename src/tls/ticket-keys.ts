// Keys that session tickets are sealed with: the newest seals, those before still open what they sealed.

import type { Server } from 'node:tls';
import { ticketKeyNameBytes } from './client-hello.ts';

/** Bytes of a key: its name, then the keys for HMAC and AES (node's `ticketKeys`). */
export const ticketKeyBytes = 48;

/** Node gives a server one key. Which one a ticket needs stands in the ClientHello, so that the server has that one for as long as it reads it. */
export class TicketKeys {
  #all: readonly Buffer[] = [];
  /** Which keys a server has; a server that is not here has a random one of its own. */
  readonly #held = new WeakMap<Server, Buffer>();

  /** Keys from the newest on, of 48 random bytes each. */
  use(keys: readonly Buffer[]): void {
    this.#all = keys;
  }

  /**
   * Gives `server` the key for a ticket with this key name, and the newest where there is none such or no ticket. True where that is an older one:
   * call `settle` once the hello was read, so that new tickets are sealed with the newest.
   */
  prepare(server: Server, ticketKeyName: Uint8Array | null): boolean {
    const [newest] = this.#all;
    if (newest === undefined) return false;
    const older =
      ticketKeyName === null ? undefined : this.#all.find((keys, at) => at > 0 && isNamed(keys, ticketKeyName));
    this.#give(server, older ?? newest);
    return older !== undefined;
  }

  settle(server: Server): void {
    const [newest] = this.#all;
    if (newest !== undefined) this.#give(server, newest);
  }

  #give(server: Server, keys: Buffer): void {
    if (this.#held.get(server) === keys) return;
    server.setTicketKeys(keys);
    this.#held.set(server, keys);
  }
}

function isNamed(keys: Buffer, name: Uint8Array): boolean {
  return keys.compare(name, 0, ticketKeyNameBytes, 0, ticketKeyNameBytes) === 0;
}
