// What an upstream is told: the client's request as it came, and what the gate says of who asks.

import type { Generation } from './generation.ts';
import { forwardingFields, upstreamHost, vouchedFields } from './proxy/proxy.ts';
import type { Connection } from './traffic/connection.ts';
import type { Exchange } from './traffic/exchange.ts';
import { OutgoingRequest } from './traffic/outgoing.ts';
import { traceLines, withoutTraceLines } from './traffic/trace.ts';
import type { RequestHead } from './traffic/wire.ts';

/** Forwarding fields that are the same for each request of a connection where nobody vouches for another client. */
export function ownForwarding(connection: Connection): string {
  const { peer, localPort, secure } = connection;
  return forwardingFields(peer, localPort, secure) + clientFields(connection);
}

/** Who the client is by its certificate: RFC 9440, and what is easier to read. */
function clientFields({ tls }: Connection): string {
  if (tls === null || tls.client === null) return '';
  const { der, subject, fingerprint } = tls.client;
  return `Client-Cert: :${der}:\r\nX-Client-Cert-Subject: ${subject}\r\nX-Client-Cert-Fingerprint: ${fingerprint}\r\n`;
}

/** The request of an exchange as it goes out, without its body. `own` is what `ownForwarding` made for the connection. */
export function outgoingRequest(
  exchange: Exchange,
  head: RequestHead,
  connection: Connection,
  { clientResolver, siteSettings }: Generation,
  own: string,
): OutgoingRequest {
  const isVouched = clientResolver.isTrusted(connection.peer);
  const forwarding = isVouched
    ? vouchedFields(connection.peer, connection.localPort, connection.secure, head.headers, exchange.client) +
      clientFields(connection)
    : own;
  const site = siteSettings[exchange.siteIndex]!;
  const host = site.hostHeader === 'upstream' || head.authority === '' ? upstreamHost(site.to[0]!) : head.authority;
  const outerHost = (isVouched ? head.headers.get('x-forwarded-host') : null) || head.authority || host;
  const { trace } = exchange;
  const key = head.isWebSocket && head.version === '2.0' ? websocketKey(exchange.id) : '';
  return new OutgoingRequest(
    head.method,
    head.query === '' && !head.target.endsWith('?') ? head.path : `${head.path}?${head.query}`,
    host,
    trace === null ? head.forwarded : withoutTraceLines(head.forwarded),
    `${key}${forwarding}X-Forwarded-Host: ${outerHost}\r\nX-Request-Id: ${exchange.id}\r\n${trace === null ? '' : traceLines(trace)}`,
    head.framing,
    head.contentLength,
    head.takesTrailers,
    head.isWebSocket,
    connection.secure,
  );
}

/** HTTP/1.1 wants a nonce where HTTP/2 has none (RFC 6455 4.1): the id was never used before. */
function websocketKey(id: string): string {
  return `Sec-WebSocket-Key: ${Buffer.from(id.padEnd(16, '-').slice(-16), 'latin1').toString('base64')}\r\n`;
}
