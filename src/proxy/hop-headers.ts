// Heads as they leave us: hop-by-hop fields end here (RFC 9110 7.6.1), forwarding fields say who came, and framing is our own.

import type { Exchange } from '../traffic/exchange.ts';
import type { Headers } from '../traffic/headers.ts';
import type { AnswerHead, RequestHead } from '../traffic/wire.ts';

/** What a connection adds to each of its requests where nobody vouches for another client; made once a connection. */
export function forwardingFields(peer: string, port: number, secure: boolean): string {
  const proto = secure ? 'https' : 'http';
  return fieldsText(peer, proto, String(port), peer, `for=${nodeOf(peer)};proto=${proto}`);
}

/** The same for a request of a trusted proxy, which vouches for `client`: the chain that it hands on is continued. Where it speaks
 * one of the two languages only (RFC 7239 7.4), the other names the client, so that no application is told less than another. */
export function vouchedFields(peer: string, port: number, secure: boolean, headers: Headers, client: string): string {
  const legacy = headers.all('x-forwarded-for').filter(isSaid);
  const standard = headers.all('forwarded').filter(isSaid);
  // Where the two contradict each other the proxy is not believed, and neither goes on: one of them is the client's invention.
  const isBelieved = client !== peer || legacy.length === 0 || standard.length === 0;
  const isOther = client !== peer;
  const chain = isBelieved && legacy.length > 0 ? legacy : isOther ? [client] : [];
  const elements = isBelieved && standard.length > 0 ? standard : isOther ? [`for=${nodeOf(client)}`] : [];
  const own = secure ? 'https' : 'http';
  const proto = headers.get('x-forwarded-proto') || own;
  const outerPort = headers.get('x-forwarded-port') || String(port);
  return fieldsText(
    [...chain, peer].join(', '),
    proto,
    outerPort,
    client,
    [...elements, `for=${nodeOf(peer)};proto=${own}`].join(', '),
  );
}

function fieldsText(chain: string, proto: string, port: string, client: string, forwarded: string): string {
  return `X-Forwarded-For: ${chain}\r\nX-Forwarded-Proto: ${proto}\r\nX-Forwarded-Port: ${port}\r\nX-Real-IP: ${client}\r\nForwarded: ${forwarded}\r\n`;
}

/** A node of RFC 7239 6: an IPv6 address stands in brackets and quotes. */
function nodeOf(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address;
}

function isSaid(value: string): boolean {
  return value !== '';
}

/** The request head for the upstream, blank line included. `host` is the Host field to send. */
export function requestHeadText(
  head: RequestHead,
  exchange: Exchange,
  host: string,
  forwarding: string,
  forwardedHost: string,
): string {
  const target = head.query === '' && !head.target.endsWith('?') ? head.path : `${head.path}?${head.query}`;
  let framing = '';
  if (head.framing === 'chunked') framing = 'Transfer-Encoding: chunked\r\n';
  else if (head.contentLength >= 0) framing = `Content-Length: ${head.contentLength}\r\n`;
  if (head.isWebSocket) framing += 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  // TE is hop-by-hop and has to say so (RFC 9110 10.1.4).
  if (head.takesTrailers) framing += 'Connection: TE\r\nTE: trailers\r\n';
  return `${head.method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${head.forwarded}${framing}${forwarding}X-Forwarded-Host: ${forwardedHost}\r\nX-Request-Id: ${exchange.id}\r\n\r\n`;
}

/** The answer head for the client without its blank line; the caller adds framing and connection fields. */
export function answerHeadText(head: AnswerHead): string {
  return `HTTP/1.1 ${head.status} ${head.reason}\r\n${head.forwarded}`;
}

/** Trailer fields as text, blank line included. */
export function trailersText(trailers: Headers | null): string {
  if (trailers === null) return '\r\n';
  let text = '';
  for (let index = 0; index < trailers.count; index++)
    text += `${trailers.spelled[index]}: ${trailers.values[index]}\r\n`;
  return `${text}\r\n`;
}
