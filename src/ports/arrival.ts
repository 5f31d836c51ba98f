// An accepted socket of a listener where trusted balancers announce whom they bring: the PROXY header is read off it before
// anybody else sees a byte.

import type { Socket } from 'node:net';
import { type Cidr, CidrSet, parseCidr } from '../base/cidr.ts';
import { type Built, built, failed, type Problem } from '../base/problem.ts';
import type { Expiring, Timekeeper } from '../traffic/deadline.ts';
import type { Reason } from '../traffic/verdict.ts';
import { type Announcement, readProxyHeader } from './proxy-header.ts';

/** Why no header could be read. */
export const reasons: Readonly<Record<string, Reason>> = Object.freeze({
  'ports/bad-proxy-header': {
    says: 'a source that is trusted to send a PROXY header sent something else',
    allow: 'turn on the PROXY protocol in the balancer, or take its address out of `listen[].proxy_protocol`',
  },
  'ports/no-proxy-header': {
    says: 'a source that is trusted to send a PROXY header sent none in time',
    allow: 'turn on the PROXY protocol in the balancer and in its health checks, or raise `limits.header_timeout`',
  },
});

/** Who hears how an arrival went: exactly one of the two is called, once. `rest` is what came behind the header. */
export interface ArrivalHandler {
  onAnnounced(announcement: Announcement, rest: Buffer): void;
  /** The socket is destroyed. `why` is a name of `reasons`. */
  onNotAnnounced(why: string, says: string): void;
}

/** Reads the header of one accepted, paused socket. Behind it the socket is paused again, and what was read too much is handed on. */
export class Arrival implements Expiring {
  due = 0;
  readonly #socket: Socket;
  readonly #timekeeper: Timekeeper;
  readonly #handler: ArrivalHandler;
  readonly #timeoutMs: number;
  #bytes: Buffer | null = null;
  readonly #onData = (piece: Buffer): void => this.#take(piece);
  readonly #onEnd = (): void => this.#fail('ports/no-proxy-header', 'it ended the connection without a PROXY header');
  readonly #onError = (): void => this.#fail('ports/no-proxy-header', 'it reset the connection without a PROXY header');

  constructor(socket: Socket, timekeeper: Timekeeper, timeoutMs: number, handler: ArrivalHandler) {
    this.#socket = socket;
    this.#timekeeper = timekeeper;
    this.#timeoutMs = timeoutMs;
    this.#handler = handler;
    timekeeper.set(this, timeoutMs);
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onError);
    socket.resume();
  }

  expire(): void {
    this.#fail('ports/no-proxy-header', `it sent no whole PROXY header within ${this.#timeoutMs} ms`);
  }

  /** Ends it without a word to anybody. */
  abort(): void {
    this.#leave();
    this.#socket.destroy();
  }

  #take(piece: Buffer): void {
    const bytes = this.#bytes === null ? piece : Buffer.concat([this.#bytes, piece]);
    const reading = readProxyHeader(bytes);
    if (reading === 'more') {
      this.#bytes = bytes;
      return;
    }
    if ('fault' in reading) {
      this.#fail('ports/bad-proxy-header', reading.fault);
      return;
    }
    this.#leave();
    this.#socket.pause();
    this.#handler.onAnnounced(reading, bytes.subarray(reading.bytes));
  }

  #leave(): void {
    this.#timekeeper.clear(this);
    this.#socket
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onError)
      .off('close', this.#onError);
  }

  #fail(why: string, says: string): void {
    this.#leave();
    this.#socket.on('error', () => {});
    this.#socket.destroy();
    this.#handler.onNotAnnounced(why, says);
  }
}

/** The sources that a listener trusts to announce. A problem's path is the index in the list. */
export function buildAnnouncers(networks: readonly string[]): Built<CidrSet> {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const cidrs: Cidr[] = [];
  for (const [index, text] of networks.entries()) {
    const parsed = parseCidr(text);
    if (!parsed.ok) {
      problems.push({ path: [index], code: 'ports/bad-announcer', ...parsed.fault });
      continue;
    }
    cidrs.push(parsed.value);
    if (parsed.value.prefix === 0)
      warnings.push({
        path: [index],
        code: 'ports/trusts-everyone',
        says: `${text} lets every client announce any address as its own`,
        instead: 'name the addresses of your own balancers only',
      });
  }
  return problems.length > 0 ? failed(problems) : built(new CidrSet(cidrs), warnings);
}
