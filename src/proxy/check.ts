// Active health checks: an endpoint is asked now and then whether it is well, and is believed after a few answers in a row.

import type { Socket } from 'node:net';
import type { Expiring, Timekeeper } from '../traffic/deadline.ts';
import type { Headers } from '../traffic/headers.ts';
import { OutgoingRequest } from '../traffic/outgoing.ts';
import type { UpstreamSide } from '../traffic/sides.ts';
import type { AnswerHead } from '../traffic/wire.ts';
import { type DialHandler, Dialling } from './dial.ts';
import type { Endpoint } from './endpoint.ts';
import type { CheckNews } from './endpoint-news.ts';
import type { Failure } from './failure.ts';
import type { AnswerReceiver } from './upstream.ts';

/** How an endpoint is asked. */
export interface CheckSettings {
  /** The path that is asked for; '' where a connection is enough. */
  readonly path: string;
  /** The Host that is said; '' for the upstream's own. */
  readonly host: string;
  /** Statuses that are well, both ends included. */
  readonly statuses: readonly { readonly from: number; readonly to: number }[];
  /** What the body must have in it; '' for anything. */
  readonly body: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Good answers in a row after which one that is down is up, and bad ones after which one that is up is down. */
  readonly rise: number;
  readonly fall: number;
}

export interface CheckTools {
  readonly timekeeper: Timekeeper;
  /** From 0 to below 1: so that endpoints, and gates, do not all ask in the same moment. */
  random(): number;
}

/** How much of an answer is looked at for `body`. */
const maxBodyBytes = 65_536;
/** The interval is a tenth longer or shorter, by lot. */
const jitter = 0.1;
/** Who hears of another worker's question asks by itself only after so many intervals without a word, and this much, in ms. */
const standInIntervals = 1.5;
const standInSlackMs = 500;

const noReading = { buffer: Buffer.alloc(1024), callback: () => true };

/** The check of one endpoint. Only one question is out at a time. */
export class Check implements Expiring, AnswerReceiver, DialHandler {
  due = 0;
  readonly #endpoint: Endpoint;
  readonly #settings: CheckSettings;
  readonly #tools: CheckTools;
  #side: UpstreamSide | null = null;
  #dialling: Dialling | null = null;
  #status = 0;
  #body = '';
  #isUp = true;
  /** Whether anything is known yet: the first answer decides alone. */
  #isKnown = false;
  #inRow = 0;

  constructor(endpoint: Endpoint, settings: CheckSettings, tools: CheckTools) {
    this.#endpoint = endpoint;
    this.#settings = settings;
    this.#tools = tools;
  }

  start(): void {
    // What others found is as good as an answer.
    if (this.due > 0) return;
    this.#tools.timekeeper.set(this, this.#tools.random() * Math.min(1000, this.#settings.intervalMs));
  }

  stop(): void {
    this.#tools.timekeeper.clear(this);
    this.#end();
  }

  /** Another worker has asked. It goes on asking; this one only if that is heard of no more. */
  hear({ isUp, says }: CheckNews): void {
    this.#isUp = isUp;
    this.#isKnown = true;
    this.#inRow = 0;
    this.#endpoint.health.checked(isUp, says);
    if (this.#side !== null || this.#dialling !== null) return;
    const intervals = standInIntervals + this.#tools.random() / 2;
    this.#tools.timekeeper.set(this, this.#settings.intervalMs * intervals + standInSlackMs);
  }

  /** What is known, for a worker that starts; null for nothing. */
  get known(): CheckNews | null {
    return this.#isKnown ? { isUp: this.#isUp, says: this.#endpoint.health.says } : null;
  }

  /** It is time to ask, or the answer is late. */
  expire(): void {
    if (this.#side !== null || this.#dialling !== null) {
      this.#tell(false, `no answer within ${this.#settings.timeoutMs} ms`);
      return;
    }
    this.#tools.timekeeper.set(this, this.#settings.timeoutMs);
    this.#status = 0;
    this.#body = '';
    const { options } = this.#endpoint.pool;
    if (this.#settings.path === '') this.#dialling = new Dialling(options, noReading, this, null);
    else this.#side = this.#endpoint.pool.carry(true, this.#question(), this, null);
  }

  #question(): OutgoingRequest {
    const { path, host } = this.#settings;
    const { target } = this.#endpoint.pool.options;
    // A question of its own asks whether connections are taken, too; HTTP/2 has no word for its end (RFC 9113 8.2.2).
    const added = `User-Agent: Portcullis health check\r\nAccept: */*\r\n${target.protocol === 'h1' ? 'Connection: close\r\n' : ''}`;
    const request = new OutgoingRequest(
      'GET',
      path,
      host === '' ? hostOf(target) : host,
      '',
      added,
      'none',
      -1,
      false,
      false,
      false,
    );
    request.isWhole = true;
    return request;
  }

  onDialled(socket: Socket): void {
    socket.on('error', () => {});
    socket.destroy();
    this.#dialling = null;
    this.#tell(true, '');
  }

  onDialFailed(failure: Failure): void {
    this.#dialling = null;
    this.#tell(false, failure.says);
  }

  onAnswerHead(head: AnswerHead): void {
    this.#status = head.status;
  }

  onAnswerBody(bytes: Buffer, from: number, to: number): boolean {
    if (this.#settings.body !== '' && this.#body.length < maxBodyBytes)
      this.#body += bytes.toString('latin1', from, Math.min(to, from + maxBodyBytes));
    return true;
  }

  onAnswerEnd(_trailers: Headers | null): void {
    this.#side = null;
    const status = this.#status;
    if (!this.#settings.statuses.some(({ from, to }) => status >= from && status <= to))
      this.#tell(false, `it answered ${status} to ${this.#settings.path}`);
    else if (!this.#body.includes(Buffer.from(this.#settings.body).toString('latin1')))
      this.#tell(false, `its answer to ${this.#settings.path} has no "${this.#settings.body}" in it`);
    else this.#tell(true, '');
  }

  onFailure(failure: Failure): void {
    this.#side = null;
    this.#tell(false, failure.says);
  }

  onConnected(side: UpstreamSide): void {
    this.#side = side;
  }
  onInterim(): void {}
  onReadEnd(): void {}
  onUpstreamDrain(): void {}

  #tell(isUp: boolean, says: string): void {
    this.#end();
    const { intervalMs, rise, fall } = this.#settings;
    this.#tools.timekeeper.set(this, intervalMs * (1 - jitter + 2 * jitter * this.#tools.random()));
    this.#inRow = isUp === this.#isUp ? 0 : this.#inRow + 1;
    if (isUp !== this.#isUp && (!this.#isKnown || this.#inRow >= (isUp ? rise : fall))) {
      this.#isUp = isUp;
      this.#inRow = 0;
    }
    this.#isKnown = true;
    const found = { isUp: this.#isUp, says: this.#isUp ? '' : `check: ${says}` };
    this.#endpoint.health.checked(found.isUp, found.says);
    this.#endpoint.untold.check = found;
  }

  #end(): void {
    this.#side?.abort();
    this.#side = null;
    this.#dialling?.abort();
    this.#dialling = null;
  }
}

/** The upstream's own Host: without a scheme, and `localhost` for a Unix socket. */
export function hostOf(target: { readonly url: string; readonly socketPath: string }): string {
  if (target.socketPath !== '') return 'localhost';
  const at = target.url.indexOf('://');
  return at < 0 ? target.url : target.url.slice(at + 3);
}
