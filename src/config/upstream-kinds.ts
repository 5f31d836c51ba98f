// The kinds of settings that say where a site's requests go and how they are shared out.

import { z } from 'zod';
import { parseUpstream, type UpstreamAddress } from './endpoint.ts';
import { duration, flag, fromNamed, group, list, oneOf, oneOrMany, reading, text, whole } from './kinds.ts';

const endpointWords = 'an endpoint such as localhost:3000, or a port';

/** An endpoint as text: `localhost:3000`, `3000`, `https://api.example`, `h2c://localhost:50051`, `unix:/run/app.sock`. */
function address() {
  return reading<string | number, UpstreamAddress>(
    endpointWords,
    { type: ['string', 'integer'], examples: ['localhost:3000', 3000, 'https://10.0.0.5:8443', 'unix:/run/app.sock'] },
    (value) => fromNamed(parseUpstream(value)),
  );
}

const upstreamTls = group({
  ca: text('a file name').optional().describe("PEM file: the CAs that may have signed the upstream's certificate."),
  server_name: text('a host name', 255)
    .optional()
    .describe('The name that is asked for and that the certificate must have; the host of `url` where missing.'),
  certificate: text('a file name').optional().describe('PEM file: the certificate that the gate shows, and its chain.'),
  key: text('a file name').optional().describe('PEM file: its private key.'),
  insecure_skip_verify: flag()
    .prefault(false)
    .describe('True believes any certificate: whoever is on the way can read and change everything.'),
});

const upstreamGroup = group({
  url: address().optional().describe('Where it is, as in the short form.'),
  address: address().optional().describe('The same as `url`.'),
  weight: whole(1, 1000).prefault(1).describe('Its share of the requests, beside the weights of the others.'),
  backup: flag().prefault(false).describe('True keeps it for when none of the others is well.'),
  max_connections: whole(0, 1_000_000)
    .prefault(0)
    .describe(
      'Requests that it has in hand at once, over all workers, of which each has its part; further ones wait. 0 for no limit.',
    ),
  protocol: oneOf('as-url', 'auto')
    .prefault('as-url')
    .describe(
      '`auto` asks an upstream with https:// whether it speaks HTTP/2 (ALPN), and speaks HTTP/1.1 where it does not.',
    ),
  proxy_protocol: oneOf('off', 'v1', 'v2')
    .prefault('off')
    .describe('Begin each connection with a PROXY header that names the client; a connection then serves one client.'),
  tls: upstreamTls.prefault({}).describe('How an upstream with https:// or h2:// is verified.'),
}).transform(({ url, address: other, protocol, ...rest }, context) => {
  const where = url ?? other;
  if (where !== undefined && (url === undefined || other === undefined)) {
    if (protocol !== 'auto') return { ...where, ...rest };
    if (where.secure && where.protocol === 'h1') return { ...where, protocol, ...rest };
    const params = {
      says: `\`protocol: auto\` is for https://, and ${where.url} says by itself what is spoken`,
      instead: 'write https:// in the url, or leave `protocol` out',
    };
    context.issues.push({ code: 'custom', input: rest, message: endpointWords, params });
    return z.NEVER;
  }
  const says =
    where === undefined ? 'the upstream says nowhere where it is' : '`url` and `address` are the same setting';
  const instead = where === undefined ? 'write url: localhost:3000' : 'write only one of them';
  context.issues.push({ code: 'custom', input: rest, message: endpointWords, params: { says, instead } });
  return z.NEVER;
});

/** One upstream: an endpoint, or a group with its weight and the rest. */
export function upstream() {
  const short = address().transform((where) => ({
    ...where,
    weight: 1,
    backup: false,
    max_connections: 0,
    proxy_protocol: 'off' as const,
    tls: { insecure_skip_verify: false } as z.output<typeof upstreamTls>,
  }));
  return z.union([short, upstreamGroup], { error: endpointWords });
}

/** How a site's requests are shared out. `by` is what a hash goes by, '' for the other ways. */
export interface Balance {
  readonly method: 'round-robin' | 'least-connections' | 'random-two' | 'hash';
  readonly by: string;
}

const balanceWords =
  'round-robin, least-connections, random-two, or hash with client, url, header:NAME or cookie:NAME, as hash client';

/** Words of other proxies, and ours for them. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  ['roundrobin', 'round-robin'],
  ['round_robin', 'round-robin'],
  ['rr', 'round-robin'],
  ['leastconn', 'least-connections'],
  ['least_conn', 'least-connections'],
  ['least-conn', 'least-connections'],
  ['least_connections', 'least-connections'],
  ['random', 'random-two'],
  ['p2c', 'random-two'],
  ['hash', 'hash client'],
  ['source', 'hash client'],
  ['ip_hash', 'hash client'],
  ['uri', 'hash url'],
  ['uri_hash', 'hash url'],
]);

function method() {
  return reading<string, Balance>(
    balanceWords,
    { type: 'string', examples: ['least-connections', 'hash client'] },
    (value) => {
      const written = String(value).trim();
      if (written === 'round-robin' || written === 'least-connections' || written === 'random-two')
        return { value: { method: written, by: '' } };
      const by = written.startsWith('hash ') ? written.slice(5).trim() : '';
      if (by === 'client' || by === 'url' || isNamed(by)) return { value: { method: 'hash', by } };
      const ours = elsewhere.get(written.toLowerCase());
      return {
        detail:
          ours === undefined ? {} : { says: `"${written}" is what another proxy calls it`, instead: `write ${ours}` },
      };
    },
  );
}

/** `header:NAME` or `cookie:NAME`. */
function isNamed(by: string): boolean {
  const name = by.startsWith('header:') || by.startsWith('cookie:') ? by.slice(7) : '';
  if (name === '' || name.length > 128) return false;
  for (const character of name)
    if (character <= ' ' || character >= '\x7f' || '()<>@,;:\\"/[]?={}'.includes(character)) return false;
  return true;
}

/** `balance`: a word, or a group with a bound on the load. */
export function balance() {
  const short = method().transform((way) => ({ ...way, max_load: 0 }));
  const long = group({
    method: method().describe('The way, as in the short form.'),
    max_load: whole(0, 1000)
      .prefault(0)
      .describe(
        'For hash: the most that one upstream gets, in percent of its fair share, such as 125; 0 for no bound.',
      ),
  }).transform(({ method: way, max_load }) => ({ ...way, max_load }));
  return z.union([short, long], { error: balanceWords });
}

/** `sticky`: true, false, or a group. */
export function sticky() {
  const long = group({
    cookie: cookieName().prefault('portcullis_upstream').describe('The name of the cookie.'),
    max_age: duration('1s', '365d').prefault('1d').describe('How long it holds.'),
    same_site: oneOf('lax', 'strict', 'none').prefault('lax').describe('Its SameSite attribute.'),
    secret: text('a secret of at least 16 characters')
      .min(16, { error: 'a secret of at least 16 characters' })
      .optional()
      .describe('What signs it; where missing, a key in the data directory.'),
  });
  const short = flag().transform((isOn) => (isOn ? long.parse({}) : null));
  return z.union([short, long], { error: 'true, false, or a group with cookie, max_age, same_site and secret' });
}

const statusWords = 'a status such as 503, or a range such as 200-299';

/** Statuses from one to another, both included. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/** A status, or a range of them. */
function statusRange() {
  return reading<string | number, StatusRange>(statusWords, { type: ['string', 'integer'] }, (value) => {
    const [from = '', to = from, ...rest] = String(value).split('-');
    const range = [Number(from), Number(to)] as const;
    const isRight =
      rest.length === 0 && from.trim().length === 3 && range.every((status) => status >= 100 && status <= 599);
    return isRight && range[0] <= range[1] ? { value: { from: range[0], to: range[1] } } : { detail: {} };
  });
}

/** A path with or without a query, as it stands in a request line. */
function checkPath() {
  return reading<string, string>('a path such as /healthz', { type: 'string', pattern: '^/' }, (value) => {
    const path = String(value);
    if (!path.startsWith('/')) return { detail: { instead: `write /${path}` } };
    for (const character of path)
      if (character <= ' ' || character >= '\x7f')
        return { detail: { says: 'a path has no spaces, and nothing but ASCII', instead: 'write %20 for a space' } };
    return { value: path };
  });
}

/** The name of a cookie (RFC 6265 4.1.1), as of a header. */
function cookieName() {
  return reading<string, string>('the name of a cookie', { type: 'string' }, (value) =>
    isNamed(`cookie:${value}`) ? { value: String(value) } : { detail: {} },
  );
}

/** `health`: how upstreams are asked whether they are well. */
export function health() {
  return group({
    path: checkPath().optional().describe('The path to ask for; without it, a connection is enough.'),
    host: text('a host name', 255).optional().describe("The Host to say; the upstream's own where missing."),
    status: oneOrMany(statusRange(), statusWords).prefault('200-399').describe('Answers that are well.'),
    body: text('a text', 256).optional().describe('What the body must have in it.'),
    interval: duration('1s', '1h').prefault('5s').describe('How often each is asked, a tenth more or less by lot.'),
    timeout: duration('100ms', '5m').prefault('2s').describe('The longest wait for the answer.'),
    rise: whole(1, 100).prefault(2).describe('Good answers in a row after which one that was down is up.'),
    fall: whole(1, 100).prefault(3).describe('Bad answers in a row after which one that was up is down.'),
  });
}

/** `breaker`: when traffic itself takes an upstream out. */
export function breaker() {
  return group({
    failures: whole(0, 10_000)
      .optional()
      .describe(
        'Failures in a row that take one out; 5 where there are others to go to, and 0 (never) where there are not.',
      ),
    open_for: duration('500ms', '1h')
      .prefault('10s')
      .describe('For how long; up to 8 times as long where it fails again and again. Then one request tries.'),
    statuses: list(whole(400, 599), 'a list of statuses')
      .prefault([])
      .describe('Answers that count as failures, such as [502, 503].'),
    slow_factor: whole(0, 1000)
      .prefault(0)
      .describe('How many times slower than its peers takes one out (over 100 ms, 20 answers); 0 for never.'),
  });
}

/** `retries`: what is tried again. */
export function retries() {
  return group({
    max: whole(0, 10).prefault(2).describe('Tries after the first, of what may safely be sent again.'),
    statuses: list(whole(400, 599), 'a list of statuses')
      .prefault([])
      .describe('Answers to GET, HEAD, OPTIONS, PUT and DELETE that are asked elsewhere instead, such as [502, 503].'),
    budget: whole(0, 100).prefault(20).describe('The most retries, in percent of the requests.'),
  });
}

/** `queue`: who waits where every upstream has `max_connections` in hand. */
export function queue() {
  return group({
    length: whole(0, 100_000)
      .prefault(256)
      .describe('Requests that may wait, over all workers, of which each has its part, and one at least.'),
    wait: duration('100ms', '10m').prefault('5s').describe('How long one waits.'),
  });
}
