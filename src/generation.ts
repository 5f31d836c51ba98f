// Everything that traffic needs, built from one configuration: immutable, swapped whole. Or every problem that it has.

import { joined } from './base/catalogue.ts';
import { type Clock, systemClock } from './base/clock.ts';
import { inPieces, type Pause } from './base/in-pieces.ts';
import { type Built, built, failed, type Path, type Problem } from './base/problem.ts';
import { Bots, reasons as botReasons, reverseLookup } from './bots/bots.ts';
import { openAtlas, plainDocument, ruleFiles, type Settings, type SiteSettings } from './config/config.ts';
import {
  build as buildConnections,
  type Connections,
  reasons as connectionReasons,
} from './connections/connections.ts';
import {
  buildCallers,
  build as buildFirewall,
  type Callers,
  type Firewall,
  reasons as firewallReasons,
} from './firewall/firewall.ts';
import {
  answerCodec,
  buildClientResolver,
  type ClientLimits,
  type ClientResolver,
  Compression,
  contentCodings,
  http2Codec,
  reasons as httpReasons,
  Sites,
} from './http/http.ts';
import { build as buildModel, type Model, reasons as modelReasons } from './model/model.ts';
import {
  build as buildObserve,
  credentialProblems,
  type Observe,
  type ObserveSettings,
  type ObserveTools,
  reasons as observeReasons,
  systemFiles as systemJournalFiles,
  type TracerTools,
} from './observe/observe.ts';
import {
  buildAnnouncers,
  classifyFirstBytes,
  machineReader,
  reasons as portReasons,
  readEphemeralRange,
} from './ports/ports.ts';
import {
  build as buildProxy,
  keptKey,
  lots,
  type Proxy,
  type ProxyTools,
  reasons as proxyReasons,
} from './proxy/proxy.ts';
import { build as buildRates, type Rates, reasons as rateReasons } from './rates/rates.ts';
import { buildCondition, build as buildRules, type Rules, reasons as ruleReasons } from './rules/rules.ts';
import {
  build as buildTls,
  type Files,
  type Shelf,
  systemFiles,
  type Tls,
  reasons as tlsReasons,
  type Want,
} from './tls/tls.ts';
import type { Timekeeper } from './traffic/deadline.ts';
import type { Exchange } from './traffic/exchange.ts';
import type { Reason } from './traffic/verdict.ts';
import type { AnswerCodec } from './traffic/wire.ts';
import { building as buildingWaf, matcherOf, type Waf, reasons as wafReasons } from './waf/waf.ts';

/** A site as the spine uses it. */
export interface Site extends SiteSettings {
  /** The Strict-Transport-Security line with its CRLF, or ''. */
  readonly hsts: string;
  /** Null where its answers go on as they came. */
  readonly compression: Compression | null;
}

/** One configuration, compiled. */
export interface Generation {
  readonly settings: Settings;
  readonly firewall: Firewall;
  /** Bans and blocklists: empty in the first generation, handed on to those that follow. */
  readonly callers: Callers;
  /** A table of connections with these limits; a gate that runs already keeps its own and adopts the limits. */
  readonly connections: Connections;
  /** Null where no listener speaks TLS. */
  readonly tls: Tls | null;
  readonly limits: ClientLimits;
  readonly clientResolver: ClientResolver;
  readonly sites: Sites;
  readonly siteSettings: readonly Site[];
  readonly bots: Bots;
  readonly rules: Rules;
  readonly rates: Rates;
  readonly model: Model;
  readonly waf: Waf;
  readonly proxy: Proxy;
  readonly observe: Observe;
  /** How much of a body waits for the WAF's word before the rest streams. */
  readonly maxHeldBytes: number;
  readonly reasons: Readonly<Record<string, Reason>>;
  /** What hashes of recorded bodies are keyed with. */
  readonly recordingKey: string;
}

/** What a build is handed of the outside. All but `locate` may be left out where nothing is to run: then nothing is written. */
export interface GenerationTools {
  /** `file:line` of a path of the settings, or ''. */
  locate(path: Path): string;
  readonly clock?: Clock;
  readonly timekeeper?: Timekeeper;
  /** A secret whole number below 2^53. */
  readonly seed?: number;
  readonly hostname?: string;
  /** Whether missing keys and certificates are made on disk; otherwise they live for this build only. */
  readonly mayWrite?: boolean;
  /** The files that are read, where they are not the machine's own. */
  readonly files?: Files;
  /** When certificates are judged, in ms since 1970; now unless it is said. */
  readonly judgedAt?: number;
  /** Certificates that come while the gate runs. */
  readonly shelf?: Shelf;
  /** Has a certificate on the shelf for a name that a client asked for, or says false; used where the settings have them on demand. */
  readonly want?: Want;
  /** What tracing needs of the outside; without it nothing is traced. */
  readonly tracing?: Omit<TracerTools, 'hostname'>;
  /** Lets traffic have its turn while something is compiled. */
  readonly pause?: Pause;
  /** The generation before, whose counters go on. */
  readonly previous?: Generation;
}

/** Where databases cannot be opened, everybody is nowhere; that they cannot is told. */
const noAtlas = Object.freeze({ databases: new Set<string>(), country: () => '', network: () => '' });

const noTimekeeper: Timekeeper = Object.freeze({ set: () => {}, clear: () => {} });

/** Builds every station and gathers the problems of all. Opens no port. */
export async function build(settings: Settings, tools: GenerationTools): Promise<Built<Generation>> {
  const { clock = systemClock, timekeeper = noTimekeeper } = tools;
  const found = new Findings();
  const locateIn = (part: string) => (path: Path) => tools.locate([part, ...path]);
  const firewall = found.take('firewall', buildFirewall(settings.firewall, { locate: locateIn('firewall') }));
  const callers = found.take('bans', buildCallers(settings.bans, clock));
  const connections = found.take(null, buildConnections(settings.limits, { clock }));
  for (const [index, { proxyProtocol }] of settings.listen.entries())
    found.take(['listen', index, 'proxyProtocol'], buildAnnouncers(proxyProtocol));
  const clientResolver = found.take('trustedProxies', buildClientResolver(settings.trustedProxies));
  const atlas = found.take(null, openAtlas(settings.geography));
  const bots = new Bots(settings.bots, {
    now: () => clock.now(),
    nowMs: () => clock.monotonicMs(),
    key: await challengeKey(settings, filesOf(tools)),
    timekeeper,
    lookup: reverseLookup(settings.bots.resolvers),
    previous: tools.previous?.bots ?? null,
  });
  const isSpared = (exchange: Exchange) => bots.isSpared(exchange);
  const ruleTools = {
    isSpared,
    geography: atlas ?? noAtlas,
    compilePattern: matcherOf,
    thresholds: settings.sites.map(({ waf }) => waf.threshold),
    locate: tools.locate,
  };
  const rules = found.take(null, buildRules(settings, ruleTools));
  const rates = found.take(
    null,
    buildRates(settings.rates, settings.sites, {
      clock,
      seed: tools.seed ?? 1,
      locate: tools.locate,
      geography: atlas ?? noAtlas,
      isSpared,
      conditionOf: (text, path, problems) => buildCondition(text, path, settings.lists, ruleTools, problems),
      ...(tools.previous === undefined ? {} : { previous: tools.previous.rates }),
    }),
  );
  const waf = found.take(
    null,
    await inPieces(
      buildingWaf(settings.waf, settings.sites, { codings: contentCodings, files: ruleFiles, clock }),
      clock,
      tools.pause ?? (async () => {}),
    ),
  );
  const model = found.take(
    null,
    await buildModel(settings.sites, {
      read: async (file) => (await filesOf(tools).read(file)).text,
      parse: plainDocument,
      compilePattern: matcherOf,
      maxBodyBytes: settings.waf.maxInspectedBytes,
    }),
  );
  const codec = answerCodec(settings.limits);
  const proxy = found.take(
    null,
    await buildProxy(settings.proxy, settings.sites, proxyTools(settings, tools, clock, codec, timekeeper)),
  );
  const observe = found.take(null, buildObserve(observeSettings(settings, waf), observeTools(tools)));
  const { logs } = settings.observe;
  found.problems.push(...(await credentialProblems(logs, async (file) => (await filesOf(tools).read(file)).text)));
  const wantsTls = settings.listen.some((listener) => listener.tls);
  const tls = wantsTls
    ? found.take('tls', await buildTls(settings.tls, tlsTools(settings, tools, clock, timekeeper)))
    : null;

  if (tls !== null) found.warnings.push(...uncovered(settings, tls));
  if (found.problems.length > 0) return failed(found.problems);
  const generation: Generation = {
    settings,
    firewall: firewall!,
    callers: callers!,
    connections: connections!,
    tls,
    limits: settings.limits,
    clientResolver: clientResolver!,
    sites: new Sites(settings.sites),
    siteSettings: settings.sites.map(siteOf),
    bots,
    rules: rules!,
    rates: rates!,
    model: model!,
    waf: waf!,
    proxy: proxy!,
    observe: observe!,
    maxHeldBytes: settings.waf.maxInspectedBytes,
    reasons: allReasons(),
    recordingKey: `portcullis recorded body ${tools.seed ?? 1}`,
  };
  return built(generation, found.warnings);
}

/** Problems and warnings of all stations, their paths completed by the part of the settings that the station reads. */
class Findings {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];

  /** The station, or null where it has problems. `part` is null for stations whose paths begin at the root. */
  take<T>(part: string | Path | null, result: Built<T>): T | null {
    const above: Path = part === null ? [] : typeof part === 'string' ? [part] : part;
    // What a site says of TLS is told by TLS, and stands below the site.
    const isWhole = ({ path }: Problem) => part === 'tls' && path[0] === 'sites';
    const whole = (problem: Problem): Problem =>
      isWhole(problem) ? problem : { ...problem, path: [...above, ...problem.path] };
    if (!result.ok) {
      this.problems.push(...result.problems.map(whole));
      return null;
    }
    this.warnings.push(...result.warnings.map(whole));
    return result.value;
  }
}

/** What the file leaves open of the audit log is as rules of files say. */
function observeSettings({ observe }: Settings, waf: Waf | null): ObserveSettings {
  const rules = waf?.rules?.audit;
  const { file, format, mode } = observe.audit;
  const audit = { file: file ?? rules?.file ?? null, format: format ?? rules?.format ?? null, mode };
  return { ...observe, audit, keepsHistory: observe.historyBytes !== null };
}

function observeTools({ seed = 1, hostname, tracing }: GenerationTools): ObserveTools {
  return {
    files: systemJournalFiles,
    random: lots(seed),
    ...(hostname === undefined ? {} : { hostname }),
    ...(tracing === undefined ? {} : { tracing }),
  };
}

function siteOf(site: SiteSettings): Site {
  return {
    ...site,
    hsts: hstsLine(site),
    compression: site.compress === null ? null : new Compression(site.compress),
  };
}

/** Hosts of sites that no certificate has the name of: their clients are shown another's, and turn away. */
function uncovered({ sites, tls: { acme } }: Settings, tls: Tls): Problem[] {
  const ordered = new Set(acme?.wanted.flat());
  return sites.flatMap(({ hosts }, index) =>
    hosts.flatMap((host, at) =>
      host === '*' || ordered.has(host) || tls.covers(host)
        ? []
        : {
            path: ['sites', index, 'host', ...(hosts.length > 1 ? [at] : [])],
            code: 'tls/name-uncovered',
            says: `no certificate has the name ${host}, and browsers refuse any other`,
            instead: `add one to tls.certificates, or ${host} to tls.local_names where it is a name of your own machines`,
          },
    ),
  );
}

/** RFC 6797 6.1; `preload` is no part of it, and what the makers of browsers look for. */
function hstsLine({ hstsSeconds, hstsFor }: SiteSettings): string {
  if (hstsSeconds === 0) return '';
  const extent = { host: '', subdomains: '; includeSubDomains', preload: '; includeSubDomains; preload' }[hstsFor];
  return `Strict-Transport-Security: max-age=${hstsSeconds}${extent}\r\n`;
}

function tlsTools(settings: Settings, tools: GenerationTools, clock: Clock, timekeeper: Timekeeper) {
  const { judgedAt, shelf, want } = tools;
  return {
    dataDirectory: settings.dataDirectory,
    hostname: tools.hostname ?? 'localhost',
    clock: judgedAt === undefined ? clock : { now: () => judgedAt, monotonicMs: () => clock.monotonicMs() },
    files: filesOf(tools),
    handshakeTimeoutMs: settings.limits.handshakeTimeoutMs,
    maxHandshakesPerClientPerSecond: settings.limits.maxHandshakesPerClientPerSecond,
    timekeeper,
    classify: classifyFirstBytes,
    ...(shelf === undefined ? {} : { shelf }),
    ...(want === undefined || settings.tls.onDemand === null ? {} : { want }),
  };
}

function proxyTools(
  settings: Settings,
  tools: GenerationTools,
  clock: Clock,
  codec: AnswerCodec,
  timekeeper: Timekeeper,
): ProxyTools {
  const files = filesOf(tools);
  return {
    codec,
    http2: http2Codec(settings.limits, () => clock.monotonicMs()),
    timekeeper,
    now: () => clock.monotonicMs(),
    wallClock: () => clock.now(),
    random: lots(tools.seed ?? 1),
    range: readEphemeralRange(machineReader),
    readFile: async (path) => (await files.read(path)).text,
    stickyKey: () => keptKey(files, settings.dataDirectory, 'sticky.key'),
  };
}

/** What signs tasks: kept where some rule or limit sets one, and of no use otherwise. */
async function challengeKey({ rules, rates, sites, dataDirectory }: Settings, files: Files): Promise<Buffer> {
  const limits = [...rates, ...sites.flatMap((site) => site.rates ?? [])];
  const own = [...rules, ...sites.flatMap((site) => site.rules)];
  const isUsed =
    limits.some(({ treatment }) => treatment === 'challenge') ||
    own.some(({ rule }) => rule.trimStart().startsWith('challenge'));
  return isUsed ? keptKey(files, dataDirectory, 'challenge.key') : Buffer.alloc(0);
}

function filesOf({ mayWrite, files = systemFiles }: GenerationTools): Files {
  return mayWrite === true ? files : { ...files, ...noWriting };
}

/** For a build that only looks: what would be written is not. */
const noWriting: Pick<Files, 'replace' | 'setAside' | 'keepDirectory'> = Object.freeze({
  replace: async () => {},
  setAside: async () => {},
  keepDirectory: async () => {},
});

/** Every reason of every station. */
export function allReasons(): Readonly<Record<string, Reason>> {
  return joined(
    portReasons,
    firewallReasons,
    connectionReasons,
    botReasons,
    tlsReasons,
    httpReasons,
    ruleReasons,
    rateReasons,
    modelReasons,
    wafReasons,
    proxyReasons,
    observeReasons,
  );
}
