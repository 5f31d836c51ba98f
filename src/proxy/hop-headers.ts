// Heads as they leave us: hop-by-hop fields end here (RFC 9110 7.6.1), forwarding fields say who came, and framing is our own.

import { type Headers, linesOf } from '../traffic/headers.ts';
import type { OutgoingRequest } from '../traffic/outgoing.ts';

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

/** The request head for an HTTP/1.1 upstream, blank line included. */
export function requestHeadText(request: OutgoingRequest): string {
  let framing = '';
  if (request.framing === 'chunked') framing = 'Transfer-Encoding: chunked\r\n';
  else if (request.contentLength >= 0) framing = `Content-Length: ${request.contentLength}\r\n`;
  if (request.isWebSocket) framing += 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  // TE is hop-by-hop and has to say so (RFC 9110 10.1.4).
  if (request.takesTrailers) framing += 'Connection: TE\r\nTE: trailers\r\n';
  return `${request.method} ${request.target} HTTP/1.1\r\nHost: ${request.host}\r\n${request.forwarded}${framing}${request.added}\r\n`;
}

/** What is at hand of a request as HTTP/1.1 writes it: the head, `body`, and where the request is whole its end. */
export function requestText(request: OutgoingRequest): string | Buffer {
  const head = requestHeadText(request);
  const isChunked = request.framing === 'chunked';
  const end = isChunked && request.isWhole ? lastChunk(request.trailers) : '';
  const { body } = request;
  if (body === null || body.length === 0) return head + end;
  const opening = isChunked ? `${head}${body.length.toString(16)}\r\n` : head;
  const closing = isChunked ? `\r\n${end}` : '';
  return Buffer.concat([Buffer.from(opening, 'latin1'), body, Buffer.from(closing, 'latin1')]);
}

/** The end of a chunked body (RFC 9112 7.1). */
export function lastChunk(trailers: Headers | null): string {
  return `0\r\n${linesOf(trailers)}\r\n`;
}
