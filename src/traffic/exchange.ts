// The central record: one request and its answer as plain data, filled in station by station. No socket in here.

import type { Connection } from './connection.ts';
import type { Finding } from './finding.ts';
import type { Headers } from './headers.ts';
import type { Refusal } from './verdict.ts';

/** What the WAF did: `off` for the site, `pass`, `detect` (would have blocked), `block`. */
export type WafAction = 'off' | 'pass' | 'detect' | 'block';

/** One exchange. Times ending in `At` are ms since 1970; `…Microseconds` are durations. */
export class Exchange {
  readonly id: string;
  readonly connection: Connection;
  /** Number of the request on its connection, from 1. */
  readonly requestNumber: number;
  readonly startedAt: number;

  readonly method: string;
  /** The request target as received. */
  readonly target: string;
  /** Path as received, still percent-encoded, beginning with '/' (or '*' for OPTIONS *). */
  readonly path: string;
  /** Query without '?', still encoded; '' where there is none. */
  readonly query: string;
  readonly version: '1.0' | '1.1' | '2';
  /** Host without port, lower case; '' where a 1.0 request has none. */
  readonly host: string;
  readonly headers: Headers;
  /** Length of the body when announced, -1 for chunked, 0 for none. */
  readonly bodyLength: number;

  /** The path as an application would understand it (decoded, dots resolved): what sites, rates and exclusions match on. */
  placingPath = '';
  /** Who the client is: the peer, or whom a trusted proxy vouches for. Normalised text. */
  client = '';
  /** Name of the site it was placed on, or ''. */
  site = '';

  /** The refusal that ended it, or null while nobody objected. */
  refusal: Refusal | null = null;
  /** Which station refused, or ''. */
  refusedBy = '';

  /** Rates: the limit that was nearest to its end, requests left and seconds until it is whole; -1 where no limit applies. */
  rateLimit = -1;
  rateRemaining = -1;
  rateResetSeconds = -1;
  ratePolicy = '';
  ratesMicroseconds = 0;

  wafAction: WafAction = 'off';
  wafScore = 0;
  wafThreshold = 0;
  wafMicroseconds = 0;
  /** Null until something is found: most exchanges have no finding and pay for no list. */
  findings: Finding[] | null = null;

  /** Our own endpoint towards the upstream and the upstream's, as `address:port`, or ''. */
  upstreamFrom = '';
  upstreamTo = '';
  upstreamReused = false;
  /** From the first byte sent to the upstream to the head of its answer, in ms; -1 where there was none. */
  upstreamMs = -1;

  status = 0;
  requestBytes = 0;
  responseBytes = 0;
  /** Whole duration in ms; -1 while it runs. */
  ms = -1;
  /** Why it ended before its end (`proxy/upstream-reset`, `http/client-gone`), or ''. */
  endedWhy = '';

  constructor(
    id: string,
    connection: Connection,
    requestNumber: number,
    startedAt: number,
    method: string,
    target: string,
    path: string,
    query: string,
    version: '1.0' | '1.1' | '2',
    host: string,
    headers: Headers,
    bodyLength: number,
  ) {
    this.id = id;
    this.connection = connection;
    this.requestNumber = requestNumber;
    this.startedAt = startedAt;
    this.method = method;
    this.target = target;
    this.path = path;
    this.query = query;
    this.version = version;
    this.host = host;
    this.headers = headers;
    this.bodyLength = bodyLength;
  }
}
