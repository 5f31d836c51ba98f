// Settings become upstreams: targets with their TLS, pools, checks, and a route for each site; or every problem they have.

import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { type Built, built, failed, type Path, type Problem } from '../base/problem.ts';
import { Writes } from '../base/writes.ts';
import type { Timekeeper } from '../traffic/deadline.ts';
import type { MultiplexedCodec } from '../traffic/multiplexed.ts';
import type { AnswerCodec } from '../traffic/wire.ts';
import type { Balancer } from './candidate.ts';
import { Check, type CheckSettings } from './check.ts';
import type { UpstreamOptions } from './dial.ts';
import { Endpoint, type EndpointSettings } from './endpoint.ts';
import { Http2Pool } from './h2-pool.ts';
import type { Http2UpstreamTools } from './h2-upstream.ts';
import { LeastConnections, RandomTwo } from './least-load.ts';
import { Origin } from './origin.ts';
import { Pool } from './pool.ts';
import { Rendezvous } from './rendezvous.ts';
import type { Resolve } from './resolver.ts';
import { resolverOf } from './resolver.ts';
import { RoundRobin } from './round-robin.ts';
import { Route } from './route.ts';
import { type PortRange, SourcePorts } from './source-ports.ts';
import { Sticky } from './sticky.ts';
import type { Target, TargetTls } from './target.ts';
import type { UpstreamTools } from './upstream.ts';
import { Proxy } from './upstreams.ts';

/** The part of the settings that this station reads. */
export interface ProxySettings {
  readonly connectTimeoutMs: number;
  readonly maxIdleConnections: number;
  readonly idleMs: number;
  readonly sourceAddresses: readonly string[];
  readonly resolvers: readonly string[];
}

/** One upstream of a site. */
export interface ProxyUpstream {
  readonly url: string;
  readonly protocol: 'h1' | 'h2' | 'auto';
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  readonly socketPath: string;
  readonly weight: number;
  readonly isBackup: boolean;
  readonly maxConnections: number;
  readonly proxyVersion: 0 | 1 | 2;
  readonly tls: {
    readonly ca: string | null;
    readonly serverName: string;
    readonly certificate: string | null;
    readonly key: string | null;
    readonly isVerified: boolean;
  };
}

/** A site's upstreams and what it wants of them. */
export interface ProxySite {
  readonly name: string;
  readonly path: string;
  readonly to: readonly ProxyUpstream[];
  readonly balance: {
    readonly method: 'round-robin' | 'least-connections' | 'random-two' | 'hash';
    readonly by: string;
    readonly maxLoadPercent: number;
  };
  readonly sticky: {
    readonly cookie: string;
    readonly maxAgeSeconds: number;
    readonly sameSite: 'lax' | 'strict' | 'none';
    readonly secret: string | null;
  } | null;
  readonly slowStartMs: number;
  readonly health: CheckSettings | null;
  readonly breaker: {
    readonly maxFailures: number;
    readonly evenAlone: boolean;
    readonly openMs: number;
    readonly statuses: readonly number[];
    readonly slowFactor: number;
  };
  readonly retries: { readonly max: number; readonly statuses: readonly number[]; readonly budgetPercent: number };
  readonly queue: { readonly length: number; readonly waitMs: number };
}

/** The outside. */
export interface BuildTools {
  readonly codec: AnswerCodec;
  readonly http2: MultiplexedCodec;
  readonly timekeeper: Timekeeper;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Milliseconds since 1970, for cookies. */
  wallClock(): number;
  /** From 0 to below 1. */
  random(): number;
  /** The kernel's range of ephemeral ports. */
  readonly range: PortRange & { readonly ports: number };
  /** The text of a PEM file; rejects with an error that has the system's `code`. */
  readFile(path: string): Promise<string>;
  /** The key that signs cookies where a site has none of its own; rejects where it can be neither read nor made. */
  stickyKey(): Promise<Buffer>;
  /** Asks for names; the machine's own resolver and DNS where missing. */
  readonly resolve?: Resolve;
}

/** Builds the upstreams that the sites need; those that several sites write alike are shared. Connects to nothing. */
export async function build(
  settings: ProxySettings,
  sites: readonly ProxySite[],
  tools: BuildTools,
): Promise<Built<Proxy>> {
  const builder = new Builder(settings, tools);
  const routes: Route[] = [];
  for (const [index, site] of sites.entries()) routes.push(await builder.route(site, index));
  if (builder.problems.length > 0) return failed(builder.problems);
  const ports = tools.range.ports * Math.max(1, settings.sourceAddresses.length);
  return built(new Proxy(routes, builder.origins, ports, tools));
}

class Builder {
  readonly problems: Problem[] = [];
  readonly origins = new Map<string, Origin>();
  readonly #settings: ProxySettings;
  readonly #tools: BuildTools;
  readonly #resolve: Resolve;
  readonly #shared: UpstreamTools & Http2UpstreamTools;

  constructor(settings: ProxySettings, tools: BuildTools) {
    this.#settings = settings;
    this.#tools = tools;
    this.#resolve = tools.resolve ?? resolverOf(settings.resolvers);
    const { codec, http2, timekeeper } = tools;
    this.#shared = { codec, http2, timekeeper, readBuffer: Buffer.allocUnsafeSlow(65_536), writes: new Writes() };
  }

  async route(site: ProxySite, siteIndex: number): Promise<Route> {
    const { balance, breaker, retries, queue } = site;
    const settings = { hashBy: balance.by, retries, queue, slowFactor: breaker.slowFactor };
    const sticky = await this.#sticky(site, siteIndex);
    const route = new Route(settings, balancerOf(balance, this.#tools.random), sticky, this.#tools.timekeeper);
    const origins: Origin[] = [];
    for (const [index, upstream] of site.to.entries()) {
      const origin = await this.#origin(upstream, site, ['sites', siteIndex, 'to', index]);
      if (origin === null) continue;
      if (origins.includes(origin))
        this.problems.push({
          path: ['sites', siteIndex, 'to', index],
          code: 'proxy/double-upstream',
          says: `${upstream.url} stands twice in this site`,
          instead: 'remove one; weight: 2 gives an upstream twice the requests',
        });
      origins.push(origin);
    }
    if (this.problems.length === 0) route.use(origins);
    return route;
  }

  async #sticky({ name, path, sticky }: ProxySite, siteIndex: number): Promise<Sticky | null> {
    if (sticky === null) return null;
    try {
      const secret = sticky.secret === null ? await this.#tools.stickyKey() : Buffer.from(sticky.secret);
      return new Sticky({ ...sticky, path }, secret, name, this.#tools.wallClock);
    } catch (error) {
      this.problems.push({
        path: ['sites', siteIndex, 'sticky'],
        code: 'proxy/no-sticky-key',
        says: `the key that signs the cookie can be neither read nor made (${codeOf(error)})`,
        instead: 'let the gate write into its data directory, or give sticky a secret',
      });
      return null;
    }
  }

  async #origin(upstream: ProxyUpstream, site: ProxySite, path: Path): Promise<Origin | null> {
    const { slowStartMs, breaker, health } = site;
    const { weight, isBackup, maxConnections } = upstream;
    const secured = upstream.secure ? await this.#tls(upstream, path) : null;
    if (upstream.secure && secured === null) return null;
    // Everything that makes an upstream what it is: those of two sites, or of two generations, that agree in it are one.
    const key = JSON.stringify([upstream, secured?.material ?? '', slowStartMs, breaker, health, this.#settings]);
    const known = this.origins.get(key);
    if (known !== undefined) return known;
    const { url, protocol, host, port, socketPath, proxyVersion } = upstream;
    const target: Target = { url, protocol, host, port, socketPath, tls: secured?.tls ?? null, proxyVersion };
    const settings: EndpointSettings = { weight, isBackup, maxConnections, slowStartMs, breaker };
    const isName = socketPath === '' && isIP(host) === 0;
    const origin = new Origin(key, target, isName, {
      timekeeper: this.#tools.timekeeper,
      resolve: this.#resolve,
      makeEndpoint: (addresses) => this.#endpoint(settings, target, addresses),
      makeCheck: (endpoint) => (health === null ? null : new Check(endpoint, health, this.#tools)),
    });
    this.origins.set(key, origin);
    return origin;
  }

  #endpoint(settings: EndpointSettings, target: Target, addresses: readonly string[]): Endpoint {
    const { connectTimeoutMs, idleMs, maxIdleConnections, sourceAddresses } = this.#settings;
    const { range, random } = this.#tools;
    const hasSources = sourceAddresses.length > 0 && target.socketPath === '';
    const options: UpstreamOptions = {
      target,
      addresses,
      sources: hasSources ? new SourcePorts(sourceAddresses, range, random) : null,
      connectTimeoutMs,
      idleMs,
      session: null,
    };
    const pool =
      target.protocol !== 'h1'
        ? new Http2Pool(options, maxIdleConnections, this.#shared)
        : new Pool(options, maxIdleConnections, this.#shared);
    return new Endpoint(settings, pool, this.#tools);
  }

  /** How connections are secured, and the text of the files it is made of; null where there is a problem. */
  async #tls(upstream: ProxyUpstream, path: Path): Promise<{ tls: TargetTls; material: string } | null> {
    const { ca, certificate, key, serverName, isVerified } = upstream.tls;
    const texts = new Map<string, string>();
    for (const [name, file] of Object.entries({ ca, certificate, key })) {
      if (file === null) continue;
      const text = await this.#read(file, [...path, 'tls', name]);
      if (text === null) return null;
      texts.set(name, text);
    }
    try {
      const context = createSecureContext({
        minVersion: 'TLSv1.2',
        ...(texts.has('ca') ? { ca: texts.get('ca')! } : {}),
        ...(texts.has('certificate') ? { cert: texts.get('certificate')!, key: texts.get('key')! } : {}),
      });
      const tls = { context, serverName: serverName || upstream.host || 'localhost', isVerified };
      return { tls, material: [...texts.values()].join('\n') };
    } catch (error) {
      this.problems.push({
        path: [...path, 'tls'],
        code: 'proxy/bad-upstream-tls',
        says: `the certificates for ${upstream.url} cannot be used: ${error instanceof Error ? error.message : error}`,
        instead: 'name PEM files: ca holds CA certificates, certificate and key belong together',
      });
      return null;
    }
  }

  async #read(file: string, path: Path): Promise<string | null> {
    try {
      return await this.#tools.readFile(file);
    } catch (error) {
      this.problems.push({
        path,
        code: 'proxy/unreadable',
        says: `${file} cannot be read (${codeOf(error)})`,
        instead: 'name a PEM file that the user of the gate may read',
      });
      return null;
    }
  }
}

function balancerOf({ method, maxLoadPercent }: ProxySite['balance'], random: () => number): Balancer {
  switch (method) {
    case 'round-robin':
      return new RoundRobin();
    case 'least-connections':
      return new LeastConnections();
    case 'random-two':
      return new RandomTwo(random);
    case 'hash':
      return new Rendezvous(maxLoadPercent / 100);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
