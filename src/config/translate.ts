// The file's words become the program's settings: camelCase, units in names, paths absolute.

import { dirname, resolve } from 'node:path';
import type { Path } from '../base/problem.ts';
import type { LogTarget } from '../traffic/log-target.ts';
import { acmeOf, certifiedNames } from './acme-settings.ts';
import { facilityOf } from './log-kinds.ts';
import type { Complete } from './schema.ts';
import type {
  BanSettings,
  BotSettings,
  HealthSettings,
  OwnRuleSettings,
  RateSettings,
  Settings,
  SiteSettings,
  TlsSettings,
  UpstreamSettings,
} from './settings.ts';
import { grpcSilenceOf, pathLimitsOf, siteLimitsOf } from './site-limits.ts';
import { ruleFilesOf, siteWafOf, withoutUndefined } from './waf-settings.ts';

/** What the file cannot say: where its relative names begin, where data lives, and the comments behind its rules. */
export interface Setting {
  /** The file the words came from, absolute; null where no file holds them. */
  readonly file: string | null;
  readonly cwd: string;
  readonly dataDirectory: string;
  /** The comment behind the value at a path of the file, or ''. */
  readonly commentOf: (path: Path) => string;
}

/** Settings from complete words. */
export function settingsOf(words: Complete, setting: Setting): Settings {
  const from = setting.file === null ? setting.cwd : dirname(setting.file);
  const absolute = (name: string) => resolve(from, name);
  const { commentOf } = setting;
  return {
    dataDirectory: setting.dataDirectory,
    listen: words.listen.map(({ address, port, tls, redirect, proxy_protocol }) => ({
      address,
      port,
      tls,
      redirect: redirect ?? null,
      proxyProtocol: proxy_protocol,
    })),
    firewall: {
      default: words.firewall.default,
      rules: words.firewall.rules.map(withoutUndefined),
      comments: words.firewall.rules.map((_, index) => commentOf(['firewall', 'rules', index])),
      enforce: words.firewall.enforce,
      expect: words.firewall.expect,
      kernel: kernelOf(words.firewall.kernel, words.listen),
    },
    bans: bansOf(words.bans),
    blocklists: words.blocklists.map(({ name, from: source, format, column, every, max_size }) => ({
      name,
      from: source.startsWith('http://') || source.startsWith('https://') ? source : absolute(source),
      format,
      column,
      everyMs: every,
      maxBytes: max_size,
    })),
    tls: {
      certificates: words.tls.certificates.map(({ certificate, key }) => ({
        certificate: absolute(certificate),
        key: absolute(key),
      })),
      localNames: words.tls.local_names ?? localNamesFor(words),
      minVersion: words.tls.min_version === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
      policy: words.tls.policy,
      unknownNames: words.tls.unknown_names,
      onDemand: onDemandOf(words.tls.on_demand),
      clientCertificates: clientCertificatesOf(words, absolute),
      acme: acmeOf(words, absolute),
    },
    sites: words.sites.map((site, index) => siteOf(site, index, words, absolute, commentOf)),
    waf: {
      mode: words.waf.mode,
      rules: words.waf.rules,
      ruleFiles: ruleFilesOf(words, absolute),
      threshold: words.waf.threshold,
      maxInspectedBytes: words.waf.max_inspected,
      bodyOverLimit: words.waf.body_over_limit,
      maxInflatedBytes: words.waf.max_inflated,
      maxInflateRatio: words.waf.max_inflate_ratio,
      maxArguments: words.waf.max_arguments,
      maxJsonDepth: words.waf.max_json_depth,
      cpuBudgetMs: words.waf.cpu_budget,
    },
    rules: ownRules(words.rules, ['rules'], commentOf),
    lists: words.lists,
    rates: words.rates.map(rateOf),
    bots: botsOf(words.bots),
    geography: {
      country: words.geography.country === undefined ? null : absolute(words.geography.country),
      asn: words.geography.asn === undefined ? null : absolute(words.geography.asn),
    },
    trustedProxies: words.trusted_proxies,
    proxy: {
      connectTimeoutMs: words.proxy.connect_timeout,
      answerTimeoutMs: words.proxy.answer_timeout,
      maxIdleConnections: words.proxy.max_idle_connections,
      idleMs: words.proxy.idle,
      sourceAddresses: words.proxy.source_addresses,
      resolvers: words.proxy.resolvers,
      clientClose: words.proxy.client_close,
    },
    limits: limitsOf(words.limits),
    observe: {
      journal: words.journal === undefined ? null : absolute(words.journal),
      maxJourneys: words.max_journeys,
      recording: { bodies: words.recording.bodies, maxBodyBytes: words.recording.max_body },
      historyBytes: words.history,
      logs: words.logs.map((log) => ({
        to: placedTarget(log, absolute),
        format: log.format,
        onlyTroubles: log.only_troubles,
        facility: facilityOf(log.facility),
      })),
      rotation: {
        maxBytes: words.log_rotation.max_size,
        everyMs: words.log_rotation.every,
        keep: words.log_rotation.keep,
      },
      traces: tracesOf(words.traces),
      audit: {
        file: words.waf.audit_log === undefined ? null : absolute(words.waf.audit_log),
        format: words.waf.audit_format ?? null,
        mode: words.waf.audit ?? null,
      },
    },
    admin: { ...words.admin, hosts: words.admin.hosts.map((name) => name.toLowerCase()) },
    workers: words.workers === 'auto' ? 0 : words.workers,
  };
}

function tracesOf({ to, headers, sample, max_per_second, service }: Complete['traces']): Settings['observe']['traces'] {
  return to === undefined ? null : { to, headers, share: sample, maxPerSecond: max_per_second, service };
}

/** Names the local CA signs for where a TLS listener has no other certificate: those of the sites that no CA is asked for, and this machine's. */
export function localNamesFor(words: Complete): string[] {
  const isCertified = words.tls.certificates.length > 0 && words.tls.acme === undefined;
  if (isCertified || !words.listen.some((listener) => listener.tls)) return [];
  const names = words.sites.flatMap((site) => site.host).filter((host) => host !== '*');
  const bare = names.map((name) => (name.startsWith('[') ? name.slice(1, -1) : name));
  const certified = certifiedNames(words);
  return [...new Set([...bare.filter((name) => !certified.has(name)), 'localhost', '127.0.0.1', '::1'])];
}

function onDemandOf(words: Complete['tls']['on_demand']): TlsSettings['onDemand'] {
  return words === undefined ? null : { ask: words.ask, max: words.max, perMinute: words.per_minute };
}

/** What clients have to show, by host: what sites say, and the whole gate's for all other hosts. Sites that say nothing have that, too. */
function clientCertificatesOf(words: Complete, absolute: (name: string) => string): TlsSettings['clientCertificates'] {
  const common = words.tls.client_certificates;
  const isAsked = common !== undefined || words.sites.some((site) => site.client_certificates);
  if (!isAsked) return [];
  const settingsOf = (one: typeof common | false) =>
    one ? { ca: absolute(one.ca), crl: one.crl.map(absolute), mode: one.mode } : null;
  const ofSites = words.sites.map((site, index) =>
    site.client_certificates === undefined
      ? { hosts: site.host, settings: settingsOf(common), path: ['clientCertificates'] }
      : {
          hosts: site.host,
          settings: settingsOf(site.client_certificates),
          path: ['sites', index, 'clientCertificates'],
        },
  );
  const others = { hosts: ['*'], settings: settingsOf(common), path: ['clientCertificates'] };
  return [others, ...ofSites];
}

function ownRules(rules: readonly string[], path: Path, commentOf: Setting['commentOf']): OwnRuleSettings[] {
  return rules.map((rule, index) => ({ rule, description: commentOf([...path, index]) }));
}

function siteOf(
  site: Complete['sites'][number],
  index: number,
  words: Complete,
  absolute: (name: string) => string,
  commentOf: Setting['commentOf'],
): SiteSettings {
  const limits = siteLimitsOf(site, words);
  return {
    name: site.path === '/' ? site.host[0]! : `${site.host[0]}${site.path}`,
    hosts: site.host,
    path: site.path,
    to: site.to.map((upstream) => upstreamOf(upstream, absolute)),
    balance: { method: site.balance.method, by: site.balance.by, maxLoadPercent: site.balance.max_load },
    sticky:
      site.sticky === null
        ? null
        : {
            cookie: site.sticky.cookie,
            maxAgeSeconds: Math.floor(site.sticky.max_age / 1000),
            sameSite: site.sticky.same_site,
            secret: site.sticky.secret ?? null,
          },
    slowStartMs: site.slow_start,
    health: site.health === undefined ? null : healthOf(site.health),
    breaker: {
      maxFailures: site.breaker.failures ?? 5,
      evenAlone: site.breaker.failures !== undefined,
      openMs: site.breaker.open_for,
      statuses: site.breaker.statuses,
      slowFactor: site.breaker.slow_factor,
    },
    retries: { max: site.retries.max, statuses: site.retries.statuses, budgetPercent: site.retries.budget },
    queue: { length: site.queue.length, waitMs: site.queue.wait },
    hostHeader: site.host_header,
    hstsSeconds: site.hsts,
    hstsFor: site.hsts_for,
    waf: siteWafOf(site.waf, words.waf),
    rules: ownRules(site.rules, ['sites', index, 'rules'], commentOf),
    learn: site.learn,
    model: site.model === undefined ? null : { ...site.model, file: absolute(site.model.file) },
    rates: site.rates?.map(rateOf) ?? null,
    limits,
    paths: pathLimitsOf(site.paths, limits),
    compress: site.compress === undefined ? null : compressOf(site.compress),
  };
}

function upstreamOf(
  upstream: Complete['sites'][number]['to'][number],
  absolute: (name: string) => string,
): UpstreamSettings {
  const { url, protocol, secure, host, port, socketPath, tls } = upstream;
  const file = (name: string | undefined) => (name === undefined ? null : absolute(name));
  return {
    url,
    protocol,
    secure,
    host,
    port,
    socketPath,
    weight: upstream.weight,
    isBackup: upstream.backup,
    maxConnections: upstream.max_connections,
    proxyVersion: upstream.proxy_protocol === 'off' ? 0 : upstream.proxy_protocol === 'v1' ? 1 : 2,
    tls: {
      ca: file(tls.ca),
      serverName: tls.server_name ?? '',
      certificate: file(tls.certificate),
      key: file(tls.key),
      isVerified: !tls.insecure_skip_verify,
    },
  };
}

function healthOf(health: NonNullable<Complete['sites'][number]['health']>): HealthSettings {
  return {
    path: health.path ?? '',
    host: health.host ?? '',
    statuses: health.status,
    body: health.body ?? '',
    intervalMs: health.interval,
    timeoutMs: health.timeout,
    rise: health.rise,
    fall: health.fall,
  };
}

function kernelOf(kernel: Complete['firewall']['kernel'], listen: Complete['listen']): Settings['firewall']['kernel'] {
  const ports = kernel.syn_proxy ? listen.map(({ port }) => port).filter((port) => port > 0) : [];
  return {
    dropInvalid: kernel.drop_invalid,
    forward: kernel.forward,
    maxNewPerSource: kernel.max_new_per_source,
    maxConnectionsPerSource: kernel.max_connections_per_source ?? 0,
    log: kernel.log,
    logRate: kernel.log_rate,
    synProxyPorts: [...new Set(ports)].sort((a, b) => a - b),
  };
}

function compressOf(compress: NonNullable<Complete['sites'][number]['compress']>): SiteSettings['compress'] {
  const { codings, types, min_size: minBytes, level } = compress;
  return { codings, types: types.map((type) => type.toLowerCase()), minBytes, level };
}

function rateOf(rate: Complete['rates'][number]): RateSettings {
  const { by, path, wider, shadow, statuses } = rate;
  const { then, repeated: repeatedBanMs = 0, burst = 0, when = '' } = rate;
  const status = typeof then === 'number' ? then : 429;
  const treatment = typeof then === 'number' ? null : then;
  return { ...rate.limit, by, path, status, treatment, repeatedBanMs, when, statuses, burst, wider, shadow };
}

function botsOf({ challenge, tarpit, verified, verify_wait, resolvers }: Complete['bots']): BotSettings {
  return {
    verified: verified.map(({ name, agent, domains }) => ({
      name,
      agent: agent.toLowerCase(),
      domains: domains.map((domain) => domain.toLowerCase()),
    })),
    waitMs: verify_wait,
    resolvers,
    tarpit: { holdMs: tarpit.hold, everyMs: tarpit.every, maxHeld: tarpit.max_held },
    challenge: {
      bits: challenge.difficulty,
      answerWithinMs: challenge.answer_within,
      validMs: challenge.valid_for,
    },
  };
}

function bansOf(bans: Complete['bans']): BanSettings {
  return {
    automatic: bans.automatic,
    thresholds: {
      waf: bans.waf_blocks,
      rates: bans.rate_overruns,
      handshake: bans.handshake_failures,
      'not-found': bans.not_found,
    },
    escalation: { firstMs: bans.first, factor: bans.factor, longestMs: bans.longest },
    ipv6Prefix: bans.ipv6_prefix,
    never: bans.never,
    neverLoopback: bans.never_loopback,
    maxEntries: bans.max_entries,
  };
}

function limitsOf(limits: Complete['limits']): Settings['limits'] {
  return {
    maxRequestLineBytes: limits.max_request_line,
    maxHeaderBytes: limits.max_header,
    maxHeaders: limits.max_headers,
    maxBodyBytes: limits.max_body,
    headerTimeoutMs: limits.header_timeout,
    idleTimeoutMs: limits.idle_timeout,
    minBodyBytesPerSecond: limits.min_body_bytes_per_second,
    minBodyGraceMs: limits.min_body_grace,
    maxGrpcSilenceMs: grpcSilenceOf(limits),
    maxRequestsPerConnection: limits.max_requests_per_connection,
    maxConcurrentStreams: limits.max_concurrent_streams,
    maxStreamResetsPerSecond: limits.max_stream_resets_per_second,
    maxControlFramesPerSecond: limits.max_control_frames_per_second,
    maxHandshakesPerClientPerSecond: limits.max_handshakes_per_client_per_second,
    handshakeTimeoutMs: limits.handshake_timeout,
    maxConnections: limits.max_connections,
    maxConnectionsPerClient: limits.max_connections_per_client,
    maxNewConnectionsPerClientPerSecond: limits.max_new_connections_per_client_per_second,
    drainTimeoutMs: limits.drain_timeout,
    workerStallMs: limits.worker_stall,
  };
}

/** A target with its files where they are, whoever asks from where. */
function placedTarget(
  { to, ca, certificate, key }: Pick<Complete['logs'][number], 'to' | 'ca' | 'certificate' | 'key'>,
  absolute: (path: string) => string,
): LogTarget {
  if (to.kind === 'file') return { kind: 'file', path: absolute(to.path) };
  if (to.kind !== 'syslog' || to.transport !== 'tls') return to;
  const file = (name: string | undefined) => (name === undefined ? null : absolute(name));
  return { ...to, ca: file(ca), certificate: file(certificate), key: file(key) };
}
