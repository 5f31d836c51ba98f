// The settings of one generation, parsed and complete: every default is filled in, every unit is in the name.
// `schema.ts` says how the file's words become this; stations take the part that has their name.

import type { AccessLogWords } from '../traffic/log-target.ts';
import type { AcmeSettings } from './settings-acme.ts';
import type { BotSettings } from './settings-bots.ts';
import type { PathLimits, RequestLimits } from './settings-limits.ts';
import type { ModelSettings } from './settings-model.ts';
import type { SiteWafSettings, WafSettings } from './settings-waf.ts';

export type * from './settings-acme.ts';
export type * from './settings-bots.ts';
export type * from './settings-limits.ts';
export type * from './settings-model.ts';
export type * from './settings-waf.ts';

/** `modern` order of trust: what a person wrote, normalised. */
export interface Settings {
  /** Where certificates, the control socket and journals live; absolute. */
  readonly dataDirectory: string;
  readonly listen: readonly ListenSettings[];
  readonly firewall: FirewallSettings;
  readonly bans: BanSettings;
  readonly blocklists: readonly BlocklistSettings[];
  readonly tls: TlsSettings;
  readonly sites: readonly SiteSettings[];
  readonly waf: WafSettings;
  /** Rules of one's own, in their order. */
  readonly rules: readonly OwnRuleSettings[];
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly rates: readonly RateSettings[];
  readonly bots: BotSettings;
  readonly geography: GeographySettings;
  /** CIDRs whose forwarding headers are believed. */
  readonly trustedProxies: readonly string[];
  readonly proxy: ProxySettings;
  readonly limits: LimitSettings;
  readonly observe: ObserveSettings;
  readonly admin: AdminSettings;
  /** Processes that serve; 0 is one for each core. */
  readonly workers: number;
}

export interface ListenSettings {
  /** Address to bind: `::` (both families) unless the file says otherwise. */
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  /** Every request is redirected to https: on the port of the first TLS listener unless one is named. */
  readonly redirect: 'https' | null;
  /** CIDRs of the balancers that announce their clients in a PROXY header. */
  readonly proxyProtocol: readonly string[];
}

/** A rule as written: the string form, or the object form; both are parsed by `firewall/rule.ts`. */
export type RuleSetting =
  | string
  | {
      readonly action: string;
      readonly protocol?: string;
      readonly port?: string | number | readonly (string | number)[];
      readonly source?: string | readonly string[];
      readonly description?: string;
    };

export interface FirewallSettings {
  readonly default: 'allow' | 'deny';
  readonly rules: readonly RuleSetting[];
  /** The comment behind each rule in the file, its description where the rule itself has none; '' for none. */
  readonly comments: readonly string[];
  readonly enforce: readonly ('accept' | 'kernel')[];
  /** What must hold of the rules: `deny tcp 5432 from internet`. */
  readonly expect: readonly string[];
  readonly kernel: KernelSettings;
}

/** The kernel's part of the firewall. Rates are connections (or lines of log) in a window. */
export interface KernelSettings {
  readonly dropInvalid: boolean;
  readonly forward: 'published' | 'off';
  readonly maxNewPerSource: { readonly limit: number; readonly windowMs: number } | null;
  /** 0 for no limit. */
  readonly maxConnectionsPerSource: number;
  readonly log: 'off' | 'denied' | 'all';
  readonly logRate: { readonly limit: number; readonly windowMs: number };
  /** TCP ports whose handshakes the kernel makes itself; none for off. */
  readonly synProxyPorts: readonly number[];
}

/** So many in so much time. */
export interface Threshold {
  readonly limit: number;
  readonly windowMs: number;
}

export interface BanSettings {
  readonly automatic: boolean;
  readonly thresholds: Readonly<Record<'waf' | 'rates' | 'handshake' | 'not-found', Threshold>>;
  readonly escalation: { readonly firstMs: number; readonly factor: number; readonly longestMs: number };
  readonly ipv6Prefix: number;
  /** CIDRs. */
  readonly never: readonly string[];
  readonly neverLoopback: boolean;
  readonly maxEntries: number;
}

export interface BlocklistSettings {
  readonly name: string;
  /** An absolute path, or an http(s) address. */
  readonly from: string;
  readonly format: 'lines' | 'csv';
  readonly column: number;
  readonly everyMs: number;
  readonly maxBytes: number;
}

export interface TlsSettings {
  readonly certificates: readonly { readonly certificate: string; readonly key: string }[];
  /** Names the local CA makes a certificate for; used where no file serves the name. */
  readonly localNames: readonly string[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly policy: 'intermediate' | 'modern';
  /** What a client gets whose name no certificate serves. */
  readonly unknownNames: 'default' | 'refuse';
  /** Null where no name gets a certificate because a client asks for it. */
  readonly onDemand: { readonly ask: string; readonly max: number; readonly perMinute: number } | null;
  /** By host; `path` is where it stands, from the part named `tls`, or from the root where it begins with `sites`. Hosts that are not there have none. */
  readonly clientCertificates: readonly {
    readonly hosts: readonly string[];
    readonly settings: ClientCertificateSettings | null;
    readonly path: readonly (string | number)[];
  }[];
  /** Null where no CA is asked for certificates. */
  readonly acme: AcmeSettings | null;
}

/** Files are absolute. */
export interface ClientCertificateSettings {
  readonly ca: string;
  readonly crl: readonly string[];
  readonly mode: 'request' | 'require';
}

export interface SiteSettings {
  /** Name in journeys: the first host and the path. */
  readonly name: string;
  /** Exact names, `*.example.com`, or `*` for any. */
  readonly hosts: readonly string[];
  /** Path prefix on a segment boundary; `/` for all. */
  readonly path: string;
  readonly to: readonly UpstreamSettings[];
  readonly balance: BalanceSettings;
  /** Null where clients are not kept at one upstream. */
  readonly sticky: StickySettings | null;
  readonly slowStartMs: number;
  /** Null where upstreams are not asked whether they are well. */
  readonly health: HealthSettings | null;
  readonly breaker: BreakerSettings;
  readonly retries: { readonly max: number; readonly statuses: readonly number[]; readonly budgetPercent: number };
  readonly queue: { readonly length: number; readonly waitMs: number };
  /** Host header sent upstream: as the client sent it, or the upstream's own. */
  readonly hostHeader: 'client' | 'upstream';
  /** Seconds for Strict-Transport-Security; 0 for none. */
  readonly hstsSeconds: number;
  readonly hstsFor: 'host' | 'subdomains' | 'preload';
  readonly waf: SiteWafSettings;
  /** Paths under which requests are learnt. */
  readonly learn: readonly string[];
  /** Null where the site has no model. */
  readonly model: ModelSettings | null;
  /** null: the limits of the whole gate. */
  readonly rules: readonly OwnRuleSettings[];
  readonly rates: readonly RateSettings[] | null;
  /** What a request may take. */
  readonly limits: RequestLimits;
  /** The same for paths of the site, the longest first. */
  readonly paths: readonly PathLimits[];
  /** null: answers go on as they came. Types are in lower case. */
  readonly compress: {
    readonly codings: readonly ('br' | 'zstd' | 'gzip')[];
    readonly types: readonly string[];
    readonly minBytes: number;
    readonly level: number;
  } | null;
}

/** One upstream of a site. */
export interface UpstreamSettings {
  /** The one spelling: `localhost:3000`, `https://api.example:443`, `unix:/run/app.sock`. */
  readonly url: string;
  readonly protocol: 'h1' | 'h2' | 'auto';
  readonly secure: boolean;
  /** Name or address without brackets; '' for a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly socketPath: string;
  readonly weight: number;
  readonly isBackup: boolean;
  /** 0 for no limit. */
  readonly maxConnections: number;
  /** Version of the PROXY header that connections begin with; 0 for none. */
  readonly proxyVersion: 0 | 1 | 2;
  /** Absolute paths. */
  readonly tls: {
    readonly ca: string | null;
    /** '' for the host. */
    readonly serverName: string;
    readonly certificate: string | null;
    readonly key: string | null;
    readonly isVerified: boolean;
  };
}

export interface BalanceSettings {
  readonly method: 'round-robin' | 'least-connections' | 'random-two' | 'hash';
  /** `client`, `url`, `header:NAME` or `cookie:NAME` for a hash, '' otherwise. */
  readonly by: string;
  /** Percent of the fair share, or 0. */
  readonly maxLoadPercent: number;
}

export interface StickySettings {
  readonly cookie: string;
  readonly maxAgeSeconds: number;
  readonly sameSite: 'lax' | 'strict' | 'none';
  /** Null for the key in the data directory. */
  readonly secret: string | null;
}

export interface HealthSettings {
  /** '' where a connection is enough. */
  readonly path: string;
  readonly host: string;
  readonly statuses: readonly { readonly from: number; readonly to: number }[];
  readonly body: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
}

export interface BreakerSettings {
  readonly maxFailures: number;
  /** Whether that also holds for an upstream beside which there is no other. */
  readonly evenAlone: boolean;
  readonly openMs: number;
  readonly statuses: readonly number[];
  readonly slowFactor: number;
}

/** A rule over the fields of a request, and the comment behind it. */
export interface OwnRuleSettings {
  readonly rule: string;
  readonly description: string;
}

export interface RateSettings {
  readonly limit: number;
  readonly windowMs: number;
  /** `client`, `path`, `header:NAME` …, or several joined by ` and `. */
  readonly by: string;
  /** Path prefix it holds for; `/` for all. */
  readonly path: string;
  readonly status: number;
  /** What is done beside refusing. */
  readonly treatment: 'challenge' | 'tarpit' | null;
  /** How long a client is banned whom this limit refuses again and again; 0 for not at all. */
  readonly repeatedBanMs: number;
  /** The condition that a request must meet to be counted, or ''. */
  readonly when: string;
  /** Statuses of answers that are counted; none for all. */
  readonly statuses: readonly number[];
  /** Tokens of a bucket; 0 for a sliding window. */
  readonly burst: number;
  readonly wider: number;
  readonly shadow: boolean;
}

/** Absolute names of databases; null for none. */
export interface GeographySettings {
  readonly country: string | null;
  readonly asn: string | null;
}

export interface ProxySettings {
  readonly connectTimeoutMs: number;
  /** Longest wait for the head of an answer, and between two pieces of its body. */
  readonly answerTimeoutMs: number;
  readonly maxIdleConnections: number;
  readonly idleMs: number;
  readonly sourceAddresses: readonly string[];
  /** DNS servers as c-ares takes them; none for those of this machine. */
  readonly resolvers: readonly string[];
  /** A request in hand whose client has ended its side: `abort` gives it up, `finish` answers it. */
  readonly clientClose: 'abort' | 'finish';
}

export interface LimitSettings {
  readonly maxRequestLineBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
  readonly maxBodyBytes: number;
  readonly headerTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly minBodyBytesPerSecond: number;
  readonly minBodyGraceMs: number;
  readonly maxGrpcSilenceMs: number;
  readonly maxRequestsPerConnection: number;
  readonly maxConcurrentStreams: number;
  readonly maxStreamResetsPerSecond: number;
  readonly maxControlFramesPerSecond: number;
  readonly handshakeTimeoutMs: number;
  readonly maxHandshakesPerClientPerSecond: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerClient: number;
  readonly maxNewConnectionsPerClientPerSecond: number;
  readonly drainTimeoutMs: number;
  readonly workerStallMs: number;
}

export interface TraceSettings {
  readonly to: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** 0 to 1. */
  readonly share: number;
  readonly maxPerSecond: number;
  readonly service: string;
}

export interface ObserveSettings {
  /** File for journal lines, or null. */
  readonly journal: string | null;
  /** How many journeys are kept in memory for `explain`. */
  readonly maxJourneys: number;
  /** What of bodies is written down. */
  readonly recording: { readonly bodies: 'off' | 'shapes' | 'full'; readonly maxBodyBytes: number };
  /** What the history may take on disk, in bytes; null for none. */
  readonly historyBytes: number | null;
  readonly logs: readonly AccessLogWords[];
  readonly rotation: { readonly maxBytes: number | null; readonly everyMs: number | null; readonly keep: number };
  /** Null where nothing is traced. */
  readonly traces: TraceSettings | null;
  /** The audit log, as far as the file says; rules of files say the rest. */
  readonly audit: {
    readonly file: string | null;
    readonly format: 'json' | 'native' | null;
    readonly mode: 'all' | 'off' | 'relevant' | null;
  };
}

/** The dashboard and the API behind it. */
export interface AdminSettings {
  /** An address of the loopback; `auto` is 127.0.0.1:9443 where that is free; null for none. */
  readonly listen: { readonly address: string; readonly port: number } | 'auto' | null;
  /** Names in lower case. */
  readonly hosts: readonly string[];
  readonly tokens: readonly {
    readonly name: string;
    readonly role: 'read' | 'write';
    /** 64 hexadecimal digits in lower case. */
    readonly sha256: string;
  }[];
}
