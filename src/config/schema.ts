// The table of every setting: its type, its default, its limits and one sentence. Types, messages and the JSON Schema come from here.

import { z } from 'zod';
import { acme } from './acme-kinds.ts';
import { admin } from './admin-kinds.ts';
import {
  dnsServer,
  duration,
  flag,
  group,
  host,
  ipAddress,
  list,
  oneOf,
  oneOrMany,
  orOff,
  pathPrefix,
  size,
  text,
  whole,
} from './kinds.ts';
import { grpcLimits, limitedPaths, requestLimits } from './limit-kinds.ts';
import { accessLog, logRotation, traces } from './log-kinds.ts';
import { bots } from './schema-bots.ts';
import { bans, blocklist, firewall } from './schema-firewall.ts';
import { model } from './schema-model.ts';
import { geography, rates } from './schema-rates.ts';
import { lists, rules } from './schema-rules.ts';
import { siteWaf, waf } from './schema-waf.ts';
import {
  clientCertificates,
  handshakesPerSecond,
  hsts,
  hstsFor,
  onDemand,
  policy,
  siteClientCertificates,
  unknownNames,
} from './tls-kinds.ts';
import { balance, breaker, health, queue, retries, sticky, upstream } from './upstream-kinds.ts';

const listener = group({
  port: whole(0, 65535).describe('The TCP port to listen on; 0 takes a free one.'),
  tls: flag().prefault(false).describe('Whether connections begin with a TLS handshake.'),
  redirect: oneOf('https').optional().describe('Send every request to the same address under https:.'),
  address: text('an IP address such as 127.0.0.1 or ::', 64)
    .prefault('::')
    .describe('The address to bind: `::` is every address of both families, `0.0.0.0` every IPv4 address.'),
  proxy_protocol: oneOrMany(text('an address or CIDR such as 10.0.0.0/8', 64), 'an address or CIDR')
    .prefault([])
    .describe('Balancers whose connections begin with a PROXY header (v1 or v2), which says who the peer is.'),
});

const tls = group({
  certificates: list(
    group({
      certificate: text('a file name').describe('PEM file: the certificate, then the chain that leads to its root.'),
      key: text('a file name').describe('PEM file: the private key.'),
    }),
    'a list of certificate and key files',
  )
    .prefault([])
    .describe('Certificates from files; a connection gets the one that serves the name it asks for.'),
  local_names: list(text('a host name or an address', 255), 'a list of names')
    .optional()
    .describe('Names that the gate signs for itself with its local CA, where no file serves them.'),
  min_version: oneOf('1.2', '1.3').prefault('1.2').describe('The oldest TLS version that is spoken.'),
  policy: policy(),
  unknown_names: unknownNames(),
  on_demand: onDemand()
    .optional()
    .describe('Certificates for names that clients ask for and nobody serves; `acme` says from whom.'),
  client_certificates: clientCertificates()
    .optional()
    .describe('Certificates that clients have to show, on all sites that do not say otherwise.'),
  acme: acme().optional().describe('Certificates of a public CA (ACME), got and renewed by the gate itself.'),
});

const compress = group({
  codings: list(oneOf('br', 'zstd', 'gzip'), 'a list of br, zstd and gzip')
    .prefault(['zstd', 'br', 'gzip'])
    .describe('The codings that are offered; of those that a client wants equally the first is taken.'),
  types: list(text('a media type such as text/html or text/*', 128), 'a list of media types')
    .prefault([
      'text/*',
      'application/json',
      'application/javascript',
      'application/xml',
      'application/manifest+json',
      'application/ld+json',
      'image/svg+xml',
    ])
    .describe('The media types that are compressed; never text/event-stream and gRPC.'),
  min_size: size('0B', '1GiB').prefault('1KiB').describe('Shorter answers go on as they came.'),
  level: whole(1, 9).prefault(3).describe('How hard to try: 1 is fast, 9 is small.'),
});

const site = group({
  host: oneOrMany(host(), 'a host')
    .prefault('*')
    .describe('The names it serves: exact, `*.example.com`, or `*` for any.'),
  path: pathPrefix().prefault('/').describe('The path under which it serves.'),
  to: oneOrMany(upstream(), 'an endpoint such as localhost:3000, or a port').describe(
    'The upstreams: endpoints, ports of this machine, or groups with `url` and more.',
  ),
  balance: balance().prefault('round-robin').describe('Which upstream a request is given to.'),
  sticky: sticky().prefault(false).describe('Keep each client at one upstream, by a signed cookie.'),
  slow_start: duration('0s', '1h')
    .prefault('0s')
    .describe('How long an upstream that comes back, or is new, takes to get its whole share.'),
  health: health().optional().describe('Ask the upstreams now and then whether they are well.'),
  breaker: breaker().prefault({}).describe('When failures of requests take an upstream out.'),
  retries: retries().prefault({}).describe('What is tried again, and how much of it.'),
  queue: queue().prefault({}).describe('Who waits where all upstreams have `max_connections` in hand.'),
  host_header: oneOf('client', 'upstream')
    .prefault('client')
    .describe("The Host header sent upstream: as the client sent it, or the upstream's own."),
  hsts: hsts().prefault(false).describe('Strict-Transport-Security: true is one year.'),
  hsts_for: hstsFor(),
  client_certificates: siteClientCertificates(),
  waf: siteWaf.prefault({}).describe('The WAF on this site.'),
  rules: rules.prefault([]).describe('Rules of this site, behind those of the whole gate.'),
  learn: oneOrMany(pathPrefix(), 'a path such as /')
    .prefault([])
    .describe('Paths under which the shapes of requests are learnt, for `portcullis waf learn`.'),
  model: model.optional().describe('What requests may be; any where missing.'),
  rates: rates.optional().describe("Limits of this site in place of the whole gate's."),
  ...requestLimits,
  paths: limitedPaths(),
  compress: compress.optional().describe('Compression of answers; none where missing.'),
});

const proxy = group({
  connect_timeout: duration('10ms', '5m').prefault('5s').describe('The longest wait for a connection to an upstream.'),
  answer_timeout: duration('10ms', '1h')
    .prefault('60s')
    .describe('The longest wait for the head of an answer, and between two pieces of its body.'),
  // Because what a burst opened and the next one cannot use again leaves its ports in TIME_WAIT on our side: with 256, five bursts of a
  // thousand requests took 4,464 ports for nothing; with 1,024 none.
  max_idle_connections: whole(0, 16_384).prefault(1024).describe('Idle connections kept to each upstream.'),
  // Because node:http closes its idle connections after 5 s, and a pool that waits longer sends requests into closing ones.
  idle: duration('0s', '1h').prefault('4s').describe('How long an idle connection to an upstream is kept.'),
  source_addresses: oneOrMany(ipAddress(), 'an IP address of this machine')
    .prefault([])
    .describe(
      'Addresses of this machine that connections to upstreams leave from; each has ephemeral ports of its own.',
    ),
  resolvers: oneOrMany(dnsServer(), 'the address of a DNS server, such as 10.0.0.2 or 127.0.0.1:5353')
    .prefault([])
    .describe(
      'DNS servers that names of upstreams are asked of; those of this machine and its hosts file where missing.',
    ),
  client_close: oneOf('abort', 'finish')
    .prefault('abort')
    .describe('What happens to a request in hand whose client has ended its side: given up, or answered to the end.'),
});

const limits = group({
  max_request_line: size('256B', '64KiB').prefault('8KiB').describe('The longest request line.'),
  max_header: size('1KiB', '1MiB').prefault('32KiB').describe('The longest header block.'),
  max_headers: whole(10, 10_000).prefault(100).describe('The most header fields.'),
  max_body: size('0B', '1024GiB').prefault('10MiB').describe('The longest request body.'),
  header_timeout: duration('100ms', '10m').prefault('10s').describe('The longest wait for a whole header block.'),
  idle_timeout: duration('100ms', '1h').prefault('60s').describe('The longest silence between two requests.'),
  min_body_bytes_per_second: whole(0, 1_000_000_000).prefault(500).describe('The slowest body that is waited for.'),
  min_body_grace: duration('0s', '10m').prefault('10s').describe('How long a body may be slower than that.'),
  max_requests_per_connection: whole(1, 1_000_000_000)
    .prefault(1000)
    .describe('Requests before a connection is closed.'),
  max_concurrent_streams: whole(1, 10_000)
    .prefault(100)
    .describe('HTTP/2: requests under way at once on one connection.'),
  max_stream_resets_per_second: whole(1, 1_000_000)
    .prefault(200)
    .describe('HTTP/2: requests a second that a client may open and reset, or break, before its connection is ended.'),
  max_control_frames_per_second: whole(10, 1_000_000)
    .prefault(1000)
    .describe(
      'HTTP/2: frames a second that carry nothing (PING, SETTINGS, WINDOW_UPDATE, PRIORITY, empty DATA) beyond those that data brings with it.',
    ),
  ...grpcLimits,
  handshake_timeout: duration('100ms', '10m').prefault('10s').describe('The longest TLS handshake.'),
  max_handshakes_per_client_per_second: handshakesPerSecond(),
  max_connections: whole(1, 10_000_000).prefault(16_000).describe('Connections open at once.'),
  // Because one address may be a whole office behind NAT (browsers hold about 6 each), yet sixteen of them should be needed to fill the gate.
  max_connections_per_client: whole(1, 10_000_000)
    .prefault(1000)
    .describe('Connections open at once from one client address.'),
  max_new_connections_per_client_per_second: whole(1, 10_000_000)
    .prefault(100)
    .describe('New connections a second from one client address.'),
  drain_timeout: duration('0s', '1h').prefault('30s').describe('How long running requests may still take at the end.'),
  // Because building a large rule set keeps a worker busy for a second or two when the configuration is loaded anew.
  worker_stall: duration('1s', '10m')
    .prefault('10s')
    .describe('How long a worker may give no sign of life before it is replaced.'),
});

/** The whole file. Its input is what a person writes, its output has defaults and plain units. */
export const configuration = group({
  listen: list(listener, 'a list of listeners, such as - { port: 443, tls: true }')
    .prefault([])
    .describe('Where the gate listens; nothing else does.'),
  firewall: firewall.prefault({}).describe('Who may connect.'),
  bans: bans.prefault({}).describe('Who is shut out for a time.'),
  blocklists: list(blocklist, 'a list of blocklists, each with name and from')
    .prefault([])
    .describe('Lists of networks that are shut out.'),
  tls: tls.prefault({}).describe('Certificates and TLS.'),
  sites: list(site, 'a list of sites, each with host and to')
    .prefault([])
    .describe('What is served, and by which upstreams.'),
  waf: waf.prefault({}).describe('The web application firewall.'),
  rules: rules.prefault([]).describe('What happens to which requests, before limits and the WAF are asked.'),
  lists: lists.prefault({}).describe('Names for addresses, networks or words, for `rules`.'),
  rates: rates.prefault([{ limit: '500 per 10s' }]).describe('How often may be asked; [] for no limit.'),
  bots: bots.prefault({}).describe('How browsers and good robots are told from the rest.'),
  admin: admin().prefault({}).describe('The dashboard and the admin API.'),
  geography: geography.prefault({}).describe('Where clients are at home; the databases are yours.'),
  trusted_proxies: oneOrMany(text('an address or CIDR such as 10.0.0.0/8', 64), 'an address or CIDR')
    .prefault([])
    .describe('Peers whose X-Forwarded-For and Forwarded are believed.'),
  proxy: proxy.prefault({}).describe('How upstreams are spoken to.'),
  limits: limits.prefault({}).describe('What one connection and one request may take.'),
  workers: z
    .union([whole(1, 256), z.literal('auto')], { error: 'a number of processes from 1 to 256, or auto' })
    .prefault('auto')
    .describe('Processes that serve: auto is one for each core.'),
  journal: text('a file name').optional().describe('File that gets a JSON line for every exchange.'),
  history: orOff(size('32MiB', '256GiB'), 'a size such as 256MiB')
    .prefault('256MiB')
    .describe('How much disk the history of requests in the data directory may take.'),
  recording: group({
    bodies: oneOf('off', 'shapes', 'full')
      .prefault('off')
      .describe(
        'What of bodies of requests is written down: nothing; names, kinds and lengths with a keyed hash; or all of it.',
      ),
    max_body: size('1B', '1MiB').prefault('16KiB').describe('The longest body that is recorded whole.'),
  })
    .prefault({})
    .describe('What journeys record of requests beside their heads.'),
  logs: list(accessLog(), 'a list of access logs, such as - { to: access.log }')
    .prefault([])
    .describe('Access logs: a line for every request.'),
  log_rotation: logRotation().prefault({}).describe('When files of access logs, journal and audit log are renamed.'),
  traces: traces().prefault({}).describe('Traces of OpenTelemetry.'),
  max_journeys: whole(1, 1_000_000).prefault(2000).describe('Journeys kept in memory for explain.'),
  data_directory: text('a directory').optional().describe('Where certificates and the control socket live.'),
});

/** What a person may write, for `defineConfig`. */
export type Configuration = z.input<typeof configuration>;

/** The file's words with all defaults and units resolved. */
export type Complete = z.output<typeof configuration>;

/** The JSON Schema (2020-12) of the file, for editors. */
export function jsonSchema(): object {
  return {
    ...z.toJSONSchema(configuration, { io: 'input', unrepresentable: 'any' }),
    title: 'portcullis.yaml',
    description: 'The configuration of Portcullis.',
  };
}
