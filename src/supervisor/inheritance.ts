// The new program's side of an upgrade: what it takes over from the gate that started it, and when.

import { type Estate, type FromPredecessor, handoverProtocol, handoverVariable } from './handover.ts';
import type { Held } from './listeners.ts';
import type { Deltas } from './messages.ts';
import { GateTrouble } from './trouble.ts';

/** What there is of the channel. */
type Host = Pick<NodeJS.Process, 'channel' | 'connected' | 'env' | 'nextTick' | 'on' | 'send'>;

/** The handle of a listening socket as it comes over the channel. */
interface Handle {
  close(): void;
}

/** What the gate before this one hands over, in the order in which it does. */
export class Inheritance {
  /** Null where the predecessor was gone before all of it was here: then there is nothing to take over. */
  readonly estate: Promise<Estate | null>;
  /** Those bound sockets that came with the estate. */
  readonly sockets: Held[] = [];
  readonly #host: Host;
  #resolve: (estate: Estate | null) => void = () => {};
  #reject: (trouble: GateTrouble) => void = () => {};
  #estate: Estate | null = null;
  #isGone = false;
  #isMine = false;
  #onMine: () => void = () => {};
  #onGone: () => void = () => {};
  #onKnown: ((deltas: Deltas) => void) | null = null;
  /** What came before anybody listened. */
  #early: Deltas[] = [];

  constructor(host: Host) {
    this.#host = host;
    this.estate = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    host.on('message', (message, handle) => this.#hear(message as FromPredecessor, handle as Handle | undefined));
    host.on('disconnect', () => this.#lose());
    // It died before this process had read anything: what it said first is heard in the next tick.
    if (!host.connected) host.nextTick(() => this.#lose());
  }

  /** Hears what the predecessor's workers count from here on, and when there will be no more. */
  listen(hear: (name: string, what: unknown) => void, onGone: () => void): void {
    const onKnown = (deltas: Deltas): void => {
      for (const [name, what] of deltas) hear(name, what);
    };
    this.#onKnown = onKnown;
    this.#onGone = onGone;
    for (const deltas of this.#early.splice(0)) onKnown(deltas);
    if (this.#isGone) onGone();
  }

  /** Says that the workers accept, and resolves when the predecessor has let go of the data directory; a predecessor that is gone has. */
  async claim(): Promise<void> {
    this.#send({ kind: 'ready' });
    if (this.#isMine || this.#isGone) return;
    await new Promise<void>((resolve) => {
      this.#onMine = resolve;
    });
  }

  /** Everything is taken over, of the sockets those that are `bound`: the predecessor may go. */
  stand(bound: readonly Held[]): void {
    for (const { facts, socket } of this.sockets) if (!bound.some((one) => one.facts.key === facts.key)) socket.close();
    this.#send({ kind: 'stands' });
    // It may drain for longer than this gate lives.
    this.#host.channel?.unref();
  }

  /** It cannot be done, and this is why: the predecessor goes on. */
  fail(says: string): void {
    this.#send({ kind: 'failed', says });
  }

  #send(message: object): void {
    // A predecessor that died meanwhile hears nothing, and nothing is lost with that.
    if (this.#host.connected) this.#host.send!(message, undefined, undefined, () => {});
  }

  #hear(message: FromPredecessor, handle: Handle | undefined): void {
    switch (message.kind) {
      case 'estate':
        if (message.protocol === handoverProtocol) this.#estate = message;
        else this.#reject(new GateTrouble(sentence(message.protocol)));
        break;
      case 'socket':
        if (handle !== undefined) {
          const { key, address, port } = message;
          this.sockets.push({ facts: { key }, socket: { handle, address, port, close: () => handle.close() } });
        }
        break;
      case 'known':
        if (this.#onKnown === null) this.#early.push(message.deltas);
        else this.#onKnown(message.deltas);
        break;
      case 'yours':
        this.#isMine = true;
        this.#onMine();
        break;
    }
    if (this.#estate !== null && this.sockets.length >= this.#estate.sockets) this.#resolve(this.#estate);
  }

  #lose(): void {
    this.#isGone = true;
    if (this.#estate === null || this.sockets.length < this.#estate.sockets)
      for (const { socket } of this.sockets.splice(0)) socket.close();
    this.#resolve(null);
    this.#onMine();
    this.#onGone();
  }
}

/** What is handed over to this process, or null where it starts by itself. */
export function inheritanceOf(host: Host): Inheritance | null {
  return host.connected !== undefined && host.env[handoverVariable] === '1' ? new Inheritance(host) : null;
}

function sentence(protocol: number): string {
  return (
    `the gate that runs hands over in a way (${protocol}) that this version (${handoverProtocol}) does not know\n` +
    '  end it and start this one'
  );
}
