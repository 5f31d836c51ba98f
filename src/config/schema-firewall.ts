// The settings of the firewall: rules, the kernel, bans and blocklists.

import { z } from 'zod';
import { duration, flag, group, list, oneOf, oneOrMany, orOff, rate, shortName, size, text, whole } from './kinds.ts';

const portSpec = z.union([text('a port, a range such as 8000-8100, or all'), whole(0, 65535)], {
  error: 'a port, a range such as 8000-8100, or all',
});

const rule = z.union(
  [
    text('a rule such as allow tcp 443 from any'),
    group({
      action: text('allow or deny').describe('allow or deny.'),
      protocol: text('tcp, udp or all').optional().describe('tcp, udp or all.'),
      port: z
        .union([portSpec, list(portSpec, 'a list of ports')], { error: 'a port, a range, a list of both, or all' })
        .optional()
        .describe('A port, a range, a list of both, or all.'),
      source: z
        .union([text('an address'), list(text('an address such as 10.0.0.0/8'), 'a list of addresses')], {
          error: 'an address or CIDR, a list of them, or any',
        })
        .optional()
        .describe('An address or CIDR, a list of them, or any.'),
      description: text('a description').optional().describe('What the rule is for, shown wherever it speaks.'),
    }),
  ],
  { error: 'a rule such as allow tcp 443 from any, or one with action, protocol, port and source' },
);

const kernel = group({
  drop_invalid: flag()
    .prefault(true)
    .describe('Whether packets are dropped that belong to no connection and begin none.'),
  forward: oneOf('published', 'off')
    .prefault('published')
    .describe('Whether the rules hold for ports that Docker or another DNAT publishes.'),
  max_new_per_source: orOff(rate(), 'new connections per time, such as 100 per 10s')
    .prefault('off')
    .describe('The most new connections of one source (an IPv6 /64) in a time; more are dropped.'),
  max_connections_per_source: orOff(whole(1, 1_000_000), 'a whole number from 1 to 1,000,000')
    .prefault('off')
    .describe('The most connections of one source (an IPv6 /64) at once; more are dropped.'),
  syn_proxy: flag()
    .prefault(false)
    .describe("Whether the kernel makes the TCP handshakes of the gate's own ports with cookies, against SYN floods."),
  log: oneOf('off', 'denied', 'all')
    .prefault('off')
    .describe("What the kernel's log is told, with the number of the rule that decided."),
  log_rate: rate().prefault('10 per 1s').describe('The most lines of log that one rule writes in a time.'),
});

/** `firewall`: who may connect, and where that is enforced. */
export const firewall = group({
  default: oneOf('allow', 'deny').prefault('deny').describe('What happens to a connection that no rule matches.'),
  rules: list(rule, 'a list of rules')
    .prefault([])
    .describe('The rules in their order; the first that matches decides.'),
  expect: list(text('an expectation such as deny tcp 5432 from internet'), 'a list of expectations')
    .prefault([])
    .describe('What must hold of the rules, checked before they are used: `deny tcp 5432 from internet`.'),
  enforce: oneOrMany(oneOf('accept', 'kernel'), 'accept or kernel')
    .prefault(['accept'])
    .describe('Where the rules hold: when the gate accepts a connection, and in the kernel before that.'),
  kernel: kernel.prefault({}).describe("The kernel's part, where `enforce` has it."),
});

/** `bans`: who is shut out for a time, and after what. */
export const bans = group({
  automatic: flag().prefault(false).describe('Whether callers are banned for what they do, by the numbers below.'),
  waf_blocks: rate().prefault('20 per 10m').describe('So many requests that the WAF refuses bring a ban.'),
  rate_overruns: rate().prefault('300 per 10m').describe('So many requests over a limit bring a ban.'),
  handshake_failures: rate().prefault('60 per 10m').describe('So many failed TLS handshakes bring a ban.'),
  not_found: rate().prefault('300 per 10m').describe('So many answers of upstreams with status 404 bring a ban.'),
  first: duration('1s', '365d').prefault('10m').describe('How long the first ban of a caller is.'),
  factor: whole(1, 100).prefault(4).describe('How many times longer each further one is.'),
  longest: duration('1s', '365d').prefault('7d').describe('How long a ban becomes at most.'),
  ipv6_prefix: whole(16, 128)
    .prefault(64)
    .describe('How much of an IPv6 address is one caller: a household has a /64.'),
  never: oneOrMany(text('an address or CIDR such as 10.0.0.0/8', 64), 'an address or CIDR')
    .prefault([])
    .describe(
      'Who is never banned, beside SSH sessions, own addresses, upstreams, trusted proxies and routers, which the gate sees itself.',
    ),
  never_loopback: flag().prefault(true).describe('Whether the loopback is never banned, either.'),
  max_entries: whole(1, 1_000_000)
    .prefault(100_000)
    .describe('Bans at once; the oldest that the gate made goes first.'),
});

/** One of `blocklists`. */
export const blocklist = group({
  name: shortName().describe('What verdicts call it.'),
  from: text('a file name or an http(s) address').describe('The file, or the address it is downloaded from.'),
  format: oneOf('lines', 'csv').prefault('lines').describe('One network a line (comments begin with # or ;), or CSV.'),
  column: whole(1, 100).prefault(1).describe('Which field of a line is the network.'),
  every: duration('10s', '365d').prefault('1h').describe('How often it is looked at again.'),
  max_size: size('1KiB', '256MiB').prefault('64MiB').describe('The longest list; a longer one is not taken.'),
});
