// The proxy station: which upstream an exchange is carried to, over which connection, and whether it may be tried again.
// It sees heads and bytes through the codec it was handed; clients and verdicts are not its business.

import { type Built, built, failed, type Problem } from '../base/problem.ts';
import { splitEndpoint } from '../traffic/connection.ts';
import type { Timekeeper } from '../traffic/deadline.ts';
import type { OutgoingRequest } from '../traffic/outgoing.ts';
import type { UpstreamSide } from '../traffic/sides.ts';
import type { AnswerCodec } from '../traffic/wire.ts';
import type { Failure } from './failure.ts';
import { Pool } from './pool.ts';
import type { AnswerReceiver } from './upstream.ts';

export { Failure, reasons } from './failure.ts';
export { forwardingFields, vouchedFields } from './hop-headers.ts';
export type { Pool } from './pool.ts';
export type { AnswerReceiver } from './upstream.ts';

/** The part of the settings that this station reads. */
export interface ProxySettings {
  readonly connectTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly maxIdleConnections: number;
  readonly idleMs: number;
}

/** A site's upstreams as `host:port`. */
export interface ProxySite {
  readonly name: string;
  readonly to: readonly string[];
}

export interface ProxyTools {
  readonly codec: AnswerCodec;
  readonly timekeeper: Timekeeper;
}

/** The upstreams of one site, asked in turn. */
export class Route {
  readonly pools: readonly Pool[];
  #turn = 0;

  constructor(pools: readonly Pool[]) {
    this.pools = pools;
  }

  /** The pool whose turn it is. */
  next(): Pool {
    if (this.pools.length === 1) return this.pools[0]!;
    this.#turn = (this.#turn + 1) % this.pools.length;
    return this.pools[this.#turn]!;
  }

  /** The pool to try after `pool` failed: the next in the list, which is itself where there is no other. */
  after(pool: Pool): Pool {
    return this.pools[(this.pools.indexOf(pool) + 1) % this.pools.length]!;
  }
}

/** Methods that may be sent twice without harm (RFC 9110 9.2.2). */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** May a request that failed on `upstream` be sent again? On a fresh connection to the same endpoint where a reused one had died under
 * it, or to another endpoint where nothing was sent at all. Never when a byte was answered (RFC 9110 9.2.2). */
export function mayRetry(failure: Failure, upstream: UpstreamSide, method: string): boolean {
  if (failure.isUnsent) return true;
  return failure.why === 'proxy/reset' && upstream.isReused && !upstream.hasAnswered && idempotent.has(method);
}

/** All upstreams of one generation. */
export class Proxy {
  readonly routes: readonly Route[];
  readonly #pools: ReadonlyMap<string, Pool>;

  constructor(routes: readonly Route[], pools: ReadonlyMap<string, Pool>) {
    this.routes = routes;
    this.#pools = pools;
  }

  /** Sends what is at hand of a request over a connection of `pool`; the receiver hears of everything else. */
  carry(pool: Pool, fresh: boolean, request: OutgoingRequest, receiver: AnswerReceiver): UpstreamSide {
    return pool.carry(fresh, request, receiver);
  }

  /** Each endpoint's connections and counters. */
  describe(): { endpoint: string; idle: number; busy: number; opened: number; reused: number; failures: number }[] {
    return [...this.#pools].map(([endpoint, pool]) => ({
      endpoint,
      idle: pool.idle,
      busy: pool.busy,
      opened: pool.opened,
      reused: pool.reused,
      failures: pool.failures,
    }));
  }

  /** Ends idle connections, keeps no others. */
  stop(): void {
    for (const pool of this.#pools.values()) pool.close();
  }
}

/** Builds the pools that the sites need; endpoints that several sites name are one pool. Touches no network. */
export function build(settings: ProxySettings, sites: readonly ProxySite[], tools: ProxyTools): Built<Proxy> {
  const problems: Problem[] = [];
  const pools = new Map<string, Pool>();
  const upstreamTools = { ...tools, readBuffer: Buffer.allocUnsafeSlow(65_536) };
  const routes = sites.map((site, siteIndex) => {
    const own = site.to.map((text, toIndex) => {
      const target = readEndpoint(text);
      if (target === null) {
        problems.push({
          path: ['sites', siteIndex, 'to', toIndex],
          code: 'proxy/bad-upstream',
          says: `"${text}" is not host:port`,
          instead: 'localhost:3000',
        });
        return null;
      }
      let pool = pools.get(text);
      if (pool === undefined) {
        pool = new Pool({ ...target, ...settings }, settings.maxIdleConnections, upstreamTools);
        pools.set(text, pool);
      }
      return pool;
    });
    return new Route(own.filter((pool) => pool !== null));
  });
  return problems.length > 0 ? failed(problems) : built(new Proxy(routes, pools));
}

function readEndpoint(text: string): { host: string; port: number } | null {
  const { address, port } = splitEndpoint(text);
  return address === '' || !Number.isInteger(port) || port < 1 || port > 65535 ? null : { host: address, port };
}
