// Heads as they leave us: hop-by-hop fields end here (RFC 9110 7.6.1), forwarding fields say who came, and framing is our own.

import type { Exchange } from '../traffic/exchange.ts';
import type { Headers } from '../traffic/headers.ts';
import type { AnswerHead, RequestHead } from '../traffic/wire.ts';

/** What a connection adds to each of its requests; made once a connection where nobody vouches for another client. */
export function forwardingFields(peer: string, port: number, secure: boolean, headers: Headers | null): string {
  const node = peer.includes(':') ? `"[${peer}]"` : peer;
  const before = headers === null ? [] : headers.all('x-forwarded-for');
  const forwardedBefore = headers === null ? [] : headers.all('forwarded');
  const chain = [...before, peer].join(', ');
  const forwarded = [...forwardedBefore, `for=${node};proto=${secure ? 'https' : 'http'}`].join(', ');
  const real = headers?.get('x-real-ip') ?? peer;
  const proto = headers?.get('x-forwarded-proto') ?? (secure ? 'https' : 'http');
  const outerPort = headers?.get('x-forwarded-port') ?? String(port);
  return `X-Forwarded-For: ${chain}\r\nX-Forwarded-Proto: ${proto}\r\nX-Forwarded-Port: ${outerPort}\r\nX-Real-IP: ${real}\r\nForwarded: ${forwarded}\r\n`;
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
  if (head.takesTrailers) framing += 'TE: trailers\r\n';
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
  for (let index = 0; index < trailers.count; index++) text += `${trailers.spelled[index]}: ${trailers.values[index]}\r\n`;
  return `${text}\r\n`;
}
