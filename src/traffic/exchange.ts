// The central record: one request and its answer as plain data, filled in station by station. No socket in here.

import type { Auditing } from './auditing.ts';
import type { Connection } from './connection.ts';
import type { Finding } from './finding.ts';
import type { Headers } from './headers.ts';
import type { RecordedBody } from './recorded-body.ts';
import type { Trace } from './trace.ts';
import type { Refusal } from './verdict.ts';

/** What the WAF did: `off` for the site, `pass`, `detect` (would have blocked), `block`. */
export type WafAction = 'off' | 'pass' | 'detect' | 'block';

/** One exchange. Times ending in `At` are ms since 1970; `…Microseconds` are durations. */
export class Exchange {
  id!: string;
  connection!: Connection;
  /** Number of the request on its connection, from 1. */
  requestNumber!: number;
  startedAt!: number;

  method!: string;
  /** The request target as received. */
  target!: string;
  /** Path as received, still percent-encoded, beginning with '/' (or '*' for OPTIONS *). */
  path!: string;
  /** Query without '?', still encoded; '' where there is none. */
  query!: string;
  version!: '1.0' | '1.1' | '2.0';
  /** Host without port, lower case; '' where a 1.0 request has none. */
  host!: string;
  headers!: Headers;
  /** Length of the body when announced, -1 for chunked, 0 for none. */
  bodyLength!: number;

  /** The path as an application would understand it (decoded, dots resolved): what sites, rates and exclusions match on. */
  placingPath!: string;
  /** Who the client is: the peer, or whom a trusted proxy vouches for. Normalised text. */
  client!: string;
  /** Whether that address stands for many clients, as that of a proxy does which nobody trusts: nothing is counted by it then. */
  isShared!: boolean;
  /** Place of its site in the settings, or -1. */
  siteIndex!: number;
  /** Name of the site it was placed on, or ''. */
  site!: string;

  /** The robot of the settings that it says it comes from, or '', and whether the DNS confirms that; '' where it says nothing. */
  bot!: string;
  botStanding!: '' | 'verified' | 'false' | 'unknown';

  /** Whether a rule of its owner lets it pass by limits, or by the WAF. */
  skipsRates!: boolean;
  skipsWaf!: boolean;

  /** What a model that is learnt keeps of it until its end; nobody else's business. */
  lesson!: object | null;

  /** What keeps its body to be written down, until its end; and what is written down of it. */
  recording!: object | null;
  body!: RecordedBody | null;

  /** The refusal that ended it, or null while nobody objected. */
  refusal!: Refusal | null;
  /** Which station refused, or ''. */
  refusedBy!: string;

  /** Rates: the limit that was nearest to its end, requests left and seconds until it is whole; -1 where no limit applies. */
  rateLimit!: number;
  rateRemaining!: number;
  rateResetSeconds!: number;
  ratePolicy!: string;
  /** The limit in shadow mode that would have refused it, or ''. */
  rateShadow!: string;
  /** What limits that count answers keep until there is one; nobody else's business. */
  rateSettlement!: object | null;
  ratesMicroseconds!: number;

  wafAction!: WafAction;
  wafScore!: number;
  wafThreshold!: number;
  wafMicroseconds!: number;
  /** Null until something is found: most exchanges have no finding and pay for no list. */
  findings!: Finding[] | null;
  /** What the WAF keeps from the head to the end of this exchange; nobody else's business. */
  inspection!: object | null;
  /** How rules of files want it in the audit log, from their end to its telling; null where none were asked. */
  auditing!: Auditing | null;

  /** Our own endpoint towards the upstream and the upstream's, as `address:port`, or ''. */
  upstreamFrom!: string;
  upstreamTo!: string;
  upstreamReused!: boolean;
  /** From the first byte sent to the upstream to the head of its answer, in ms; -1 where there was none. */
  upstreamMs!: number;

  status!: number;
  requestBytes!: number;
  responseBytes!: number;
  /** Whole duration in ms; -1 while it runs. */
  ms!: number;
  /** Why it ended before its end (`proxy/upstream-reset`, `http/client-gone`), or ''. */
  endedWhy!: string;
  /** Where it stands in a distributed trace; null where it is not traced. */
  trace!: Trace | null;
  /** Whether somebody will still read it after its end, so that it must not be renewed. */
  isHeld!: boolean;

  constructor(...facts: Parameters<Exchange['renew']>) {
    this.renew(...facts);
  }

  /** Makes it the record of another exchange, as if it were new. Whoever calls this knows that nobody holds it any more. */
  renew(
    id: string,
    connection: Connection,
    requestNumber: number,
    startedAt: number,
    method: string,
    target: string,
    path: string,
    query: string,
    version: '1.0' | '1.1' | '2.0',
    host: string,
    headers: Headers,
    bodyLength: number,
  ): void {
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
    this.placingPath = '';
    this.client = connection.peer;
    this.isShared = false;
    this.siteIndex = -1;
    this.site = '';
    this.bot = '';
    this.botStanding = '';
    this.lesson = null;
    this.recording = null;
    this.body = null;
    this.skipsRates = false;
    this.skipsWaf = false;
    this.refusal = null;
    this.refusedBy = '';
    this.rateLimit = -1;
    this.rateRemaining = -1;
    this.rateResetSeconds = -1;
    this.ratePolicy = '';
    this.rateShadow = '';
    this.rateSettlement = null;
    this.ratesMicroseconds = 0;
    this.wafAction = 'off';
    this.wafScore = 0;
    this.wafThreshold = 0;
    this.wafMicroseconds = 0;
    this.findings = null;
    this.inspection = null;
    this.auditing = null;
    this.upstreamFrom = '';
    this.upstreamTo = '';
    this.upstreamReused = false;
    this.upstreamMs = -1;
    this.status = 0;
    this.requestBytes = 0;
    this.responseBytes = 0;
    this.ms = -1;
    this.endedWhy = '';
    this.trace = null;
    this.isHeld = false;
  }
}
