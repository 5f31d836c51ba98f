// What a client is answered by the gate itself: that its request was refused, or that it is to ask elsewhere.

import { grpcAnswer, ownAnswer, prefersJson, redirectAnswer } from './http/http.ts';
import { rateHeaders } from './rates/rates.ts';
import { bracketed } from './traffic/connection.ts';
import type { Exchange } from './traffic/exchange.ts';
import type { OwnAnswer } from './traffic/sides.ts';
import type { Refusal } from './traffic/verdict.ts';
import type { RequestHead } from './traffic/wire.ts';

/** The answer to a request that was refused: in the words of gRPC for a call, or the refusal's own page where it has one. */
export function refusalAnswer(exchange: Exchange, refusal: Refusal, isGrpc: boolean, now: number): OwnAnswer {
  const { page, status, retryAfterSeconds, location } = refusal;
  const extra =
    (retryAfterSeconds > 0 ? `Retry-After: ${retryAfterSeconds}\r\n` : '') +
    (location === undefined ? '' : `Location: ${location}\r\n`) +
    rateHeaders(exchange);
  if (isGrpc && refusal.trailers === undefined) return grpcAnswer(status, exchange.id, extra, retryAfterSeconds, now);
  const isHead = exchange.method === 'HEAD';
  if (page === undefined) return ownAnswer(status, exchange.id, prefersJson(exchange.headers), isHead, extra, now);
  const fields = `Date: ${new Date(now).toUTCString()}\r\n${page.fields}X-Request-Id: ${exchange.id}\r\n${extra}`;
  return { status, fields, body: isHead ? '' : page.body };
}

/** The same address under https, on `port`, with words about it where the request came to a port of TLS. An HTTP/1.0 request may name no
 * host: it came to the address that it reached. */
export function secureRedirect(
  exchange: Exchange,
  head: RequestHead,
  { redirectPort: port, tls }: { readonly redirectPort: number; readonly tls: boolean },
  now: number,
): OwnAnswer {
  const host = head.host === '' ? bracketed(exchange.connection.local) : head.host;
  const location = `https://${host}${port === 443 ? '' : `:${port}`}${head.path === '*' ? '/' : head.path}${
    head.query === '' ? '' : `?${head.query}`
  }`;
  // Browsers go on by themselves; who looks at this wrote http: in a script.
  const says = tls
    ? 'This port speaks HTTPS, and the request came as plain HTTP. Ask again at the address in Location.'
    : '';
  return redirectAnswer(head.method, location, exchange.id, now, says);
}
