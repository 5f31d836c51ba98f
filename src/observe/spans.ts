// One exchange as spans of OpenTelemetry (OTLP 1.x in its JSON encoding): the whole, and a child for each layer that took time.

import type { Exchange } from '../traffic/exchange.ts';
import { shownValue } from '../traffic/journey.ts';
import { layerOf, outcomeOf } from './outcome.ts';

/** A span as OTLP writes it in JSON: ids in hexadecimal digits, times in ns since 1970 as decimal digits. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: 1 | 2 | 3;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  /** 2 is an error. */
  readonly status: { readonly code?: 2 };
}

/** An attribute: a text, a whole number, or a list of texts. */
export interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string } | { readonly intValue: string } | { readonly boolValue: boolean };
}

/** Methods that have a name in the conventions; any other is `_OTHER`, so that nobody makes names of spans. */
const methods: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
  'QUERY',
]);
/** Longest text of an attribute, in characters. */
const maxText = 1024;

/**
 * The spans of a traced exchange that has ended; `nextId` makes ids of spans. What each layer took was measured; when it began was
 * not, so that layers are laid one behind the other.
 */
export function spansOf(exchange: Exchange, nextId: () => string): Span[] {
  const { trace } = exchange;
  if (trace === null) return [];
  const begin = exchange.startedAt * 1000;
  const spans: Span[] = [serverSpan(exchange, begin)];
  const child = (
    name: string,
    kind: 1 | 3,
    from: number,
    us: number,
    attributes: Attribute[],
    isError = false,
  ): void => {
    spans.push({
      traceId: trace.traceId,
      spanId: nextId(),
      parentSpanId: trace.spanId,
      name,
      kind,
      startTimeUnixNano: nanoseconds(from),
      endTimeUnixNano: nanoseconds(from + us),
      attributes,
      status: isError ? { code: 2 } : {},
    });
  };
  connectionSpans(exchange, child);
  const { ratesMicroseconds, wafMicroseconds, rateLimit, wafAction } = exchange;
  let at = begin;
  if (rateLimit >= 0) child('rates', 1, at, ratesMicroseconds, [text('portcullis.rates.policy', exchange.ratePolicy)]);
  at += ratesMicroseconds;
  if (wafAction !== 'off')
    child('waf', 1, at, wafMicroseconds, [
      text('portcullis.waf.action', wafAction),
      whole('portcullis.waf.score', exchange.wafScore),
    ]);
  at += wafMicroseconds;
  if (exchange.upstreamTo !== '') {
    const us = exchange.upstreamMs >= 0 ? exchange.upstreamMs * 1000 : 0;
    const isFailed = exchange.refusedBy === 'proxy';
    child(
      'upstream',
      3,
      at,
      us,
      [text('server.address', exchange.upstreamTo), flag('portcullis.upstream.reused', exchange.upstreamReused)],
      isFailed,
    );
  }
  return spans;
}

type Child = (name: string, kind: 1 | 3, from: number, us: number, attributes: Attribute[]) => void;

/** What a connection took is told with its first request, at the time when it was. */
function connectionSpans({ connection, requestNumber }: Exchange, child: Child): void {
  if (requestNumber > 1) return;
  const opened = connection.openedAt * 1000;
  const { firewallMicroseconds, firewallAction, firewallRule, tls, tlsMicroseconds } = connection;
  child('firewall', 1, opened, firewallMicroseconds, [
    text('portcullis.firewall.action', firewallAction),
    whole('portcullis.firewall.rule', firewallRule),
  ]);
  if (tls !== null)
    child('tls', 1, opened + firewallMicroseconds, tlsMicroseconds, [text('tls.protocol.version', tls.version)]);
}

/** The whole exchange, by the conventions for HTTP servers (semantic conventions 1.2x, `http.server`). The query is left out: it may hold secrets. */
function serverSpan(exchange: Exchange, begin: number): Span {
  const { trace, connection, method, status, headers, refusal } = exchange;
  const isKnown = methods.has(method);
  const attributes = [
    text('http.request.method', isKnown ? method : '_OTHER'),
    ...(isKnown ? [] : [text('http.request.method_original', method)]),
    text('url.scheme', connection.secure ? 'https' : 'http'),
    text('url.path', exchange.path),
    text('server.address', exchange.host),
    whole('server.port', connection.localPort),
    text('client.address', exchange.client || connection.peer),
    text('network.peer.address', connection.peer),
    whole('network.peer.port', connection.peerPort),
    text('network.protocol.version', exchange.version === '2.0' ? '2' : exchange.version),
    text('user_agent.original', shownValue('user-agent', headers.get('user-agent') ?? '')),
    ...(status === 0 ? [] : [whole('http.response.status_code', status)]),
    ...(status >= 500 ? [text('error.type', String(status))] : []),
    text('portcullis.id', exchange.id),
    text('portcullis.site', exchange.site),
    text('portcullis.verdict', outcomeOf(exchange)),
    text('portcullis.layer', layerOf(exchange)),
    ...(refusal === null ? [] : [text('portcullis.why', refusal.why), text('portcullis.rule', refusal.rule?.id ?? '')]),
  ];
  return {
    traceId: trace!.traceId,
    spanId: trace!.spanId,
    ...(trace!.parentId === '' ? {} : { parentSpanId: trace!.parentId }),
    ...(trace!.state === '' ? {} : { traceState: trace!.state }),
    name: isKnown ? method : 'HTTP',
    kind: 2,
    startTimeUnixNano: nanoseconds(begin),
    endTimeUnixNano: nanoseconds(begin + Math.max(0, exchange.ms) * 1000),
    attributes,
    status: status >= 500 || status === 0 ? { code: 2 } : {},
  };
}

function text(key: string, value: string): Attribute {
  return { key, value: { stringValue: (value.length <= maxText ? value : value.slice(0, maxText)).toWellFormed() } };
}

function whole(key: string, value: number): Attribute {
  return { key, value: { intValue: String(Math.round(value)) } };
}

function flag(key: string, boolValue: boolean): Attribute {
  return { key, value: { boolValue } };
}

/** µs since 1970 as ns, which no number holds. */
function nanoseconds(us: number): string {
  return `${BigInt(Math.round(us)) * 1000n}`;
}
