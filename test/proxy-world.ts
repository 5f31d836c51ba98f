// A proxy station without a gate around it: deadlines that pass when the test says so, and receivers that note what they hear.

import assert from 'node:assert/strict';
import { ManualClock } from '../src/base/clock.ts';
import { type Configuration, settingsFrom } from '../src/config/config.ts';
import { answerCodec, http2Codec } from '../src/http/http.ts';
import {
  build,
  type Carried,
  type Endpoint,
  type Failure,
  lots,
  type Proxy,
  type ProxyTools,
} from '../src/proxy/proxy.ts';
import { Connection } from '../src/traffic/connection.ts';
import type { Expiring } from '../src/traffic/deadline.ts';
import { Exchange } from '../src/traffic/exchange.ts';
import { Headers } from '../src/traffic/headers.ts';
import { OutgoingRequest } from '../src/traffic/outgoing.ts';
import type { UpstreamSide } from '../src/traffic/sides.ts';
import type { AnswerHead } from '../src/traffic/wire.ts';

const limits = { maxRequestLineBytes: 8192, maxHeaderBytes: 32_768, maxHeaders: 100 };

/** Deadlines over a clock that is moved by hand. */
export class ByHand {
  readonly clock = new ManualClock();
  readonly due = new Map<Expiring, number>();
  readonly #at = new Map<Expiring, number>();

  set(entry: Expiring, ms: number): void {
    this.due.set(entry, ms);
    this.#at.set(entry, this.clock.monotonicMs() + ms);
  }
  clear(entry: Expiring): void {
    this.due.delete(entry);
    this.#at.delete(entry);
  }
  expire(entry: Expiring): void {
    this.clear(entry);
    entry.expire();
  }
  /** Lets time pass; those whose time comes are told in their order. */
  pass(ms: number): void {
    const end = this.clock.monotonicMs() + ms;
    for (;;) {
      const next = [...this.#at].filter(([, at]) => at <= end).sort(([, a], [, b]) => a - b)[0];
      if (next === undefined) break;
      this.clock.advance(Math.max(0, next[1] - this.clock.monotonicMs()));
      this.expire(next[0]);
    }
    this.clock.advance(end - this.clock.monotonicMs());
  }
}

/** The proxy of a configuration, with deadlines by hand. */
export async function proxyOf(
  words: Configuration,
  over: Partial<ProxyTools> = {},
): Promise<{ proxy: Proxy; timekeeper: ByHand }> {
  const settings = settingsFrom(words);
  const timekeeper = new ByHand();
  const built = await build(settings.proxy, settings.sites, { ...toolsOf(timekeeper), ...over });
  assert.ok(built.ok, built.ok ? '' : JSON.stringify(built.problems));
  return { proxy: built.value, timekeeper };
}

/** Tools that touch nothing outside. */
export function toolsOf(timekeeper: ByHand): ProxyTools {
  return {
    codec: answerCodec(limits),
    http2: http2Codec(limits, () => timekeeper.clock.monotonicMs()),
    timekeeper,
    now: () => timekeeper.clock.monotonicMs(),
    wallClock: () => timekeeper.clock.now(),
    random: lots(7),
    range: { from: 32_768, to: 60_999, reserved: [], ports: 28_232 },
    readFile: () => Promise.reject(Object.assign(new Error('no file'), { code: 'ENOENT' })),
    stickyKey: () => Promise.resolve(Buffer.alloc(32, 7)),
  };
}

/** An exchange as the spine would have it. */
export function exchangeOf(
  facts: { method?: string; path?: string; query?: string; client?: string; headers?: Headers; secure?: boolean } = {},
): Exchange {
  const {
    method = 'GET',
    path = '/',
    query = '',
    client = '192.0.2.7',
    headers = new Headers(),
    secure = false,
  } = facts;
  const connection = new Connection(1, client, 50_000, '198.51.100.1', 443, ':443', secure, 0);
  const target = query === '' ? path : `${path}?${query}`;
  const exchange = new Exchange('id', connection, 1, 0, method, target, path, query, '1.1', 'a.example', headers, 0);
  exchange.client = client;
  return exchange;
}

/** A request without a body. */
export function requestOf({ method, target }: Pick<Exchange, 'method' | 'target'>): OutgoingRequest {
  const request = new OutgoingRequest(method, target, 'a.example', '', '', 'none', -1, false, false, false);
  request.isWhole = true;
  return request;
}

/** One exchange, where it was placed and how it ended. */
export class Heard implements Carried {
  body = '';
  status = 0;
  failure: Failure | null = null;
  side: UpstreamSide | null = null;
  readonly endpoints: Endpoint[] = [];
  readonly done: Promise<this>;
  #finish: (value: this) => void = () => {};

  constructor() {
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }
  onPlaced(endpoint: Endpoint, side: UpstreamSide): void {
    this.endpoints.push(endpoint);
    this.side = side;
  }
  onConnected(side: UpstreamSide): void {
    this.side = side;
  }
  onInterim(): void {}
  onAnswerHead(head: AnswerHead): void {
    this.status = head.status;
    this.endpoints.at(-1)?.answered(head.status, 1);
  }
  onAnswerBody(bytes: Buffer, from: number, to: number): boolean {
    this.body += bytes.toString('latin1', from, to);
    return true;
  }
  onAnswerEnd(): void {
    this.endpoints.at(-1)?.health.finished();
    this.#finish(this);
  }
  onReadEnd(): void {}
  onUpstreamDrain(): void {}
  onFailure(failure: Failure, side: UpstreamSide): void {
    this.failure = failure;
    this.endpoints.at(-1)?.failed(failure, side, this.status > 0);
    this.#finish(this);
  }
}

/** Waits for what sockets bring about by themselves. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; turns < 100_000; turns++) {
    if (isSo()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.fail('it never came about');
}
