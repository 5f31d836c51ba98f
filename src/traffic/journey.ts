// The journey: what every layer decided about one exchange, or about a connection that never became one, as JSON.
// It is the journal's line and what `explain`, the access log and the dashboard show. Secrets are redacted here, once.

import { type ClientIdentity, type Connection, endpoint, type TlsFacts } from './connection.ts';
import type { Exchange } from './exchange.ts';
import type { RecordedBody } from './recorded-body.ts';

/** One journal line. Durations named `us` are microseconds, `ms` milliseconds; -1 means "did not happen". */
export interface Journey {
  id: string;
  /** ISO 8601, UTC. */
  time: string;
  /** `via`: who announced `from` in a PROXY header, missing where `from` is on the socket itself. */
  connection: { id: number; from: string; to: string; listener: string; via?: string; reused: boolean };
  client: string;
  /** The robot of `bots.verified` that it says to be, and whether the DNS confirms that; missing where it says nothing. */
  bot?: { name: string; standing: 'verified' | 'false' | 'unknown' };
  firewall: { action: 'ALLOW' | 'DENY'; rule: number; description: string; at: string; us: number };
  tls: (Omit<TlsFacts, 'client' | 'clientPolicy'> & { client: Omit<ClientIdentity, 'der'> | null; us: number }) | null;
  request: {
    method: string;
    target: string;
    version: string;
    host: string;
    site: string;
    headers: Record<string, string | string[]>;
    bytes: number;
    /** Missing where bodies are not recorded, or there was none. */
    body?: RecordedBody;
  } | null;
  rates: { policy: string; limit: number; remaining: number; resetSeconds: number; us: number; shadow?: string } | null;
  waf: {
    action: 'off' | 'pass' | 'detect' | 'block';
    score: number;
    threshold: number;
    rules: {
      id: number;
      detector: string;
      phase: number;
      severity: string;
      score: number;
      message: string;
      variable: string;
      value: string;
      decoded: string[];
      /** `file:line` of a rule of a file, and what it says beside its message. */
      at?: string;
      data?: string;
    }[];
    us: number;
  } | null;
  upstream: { from: string; to: string; reused: boolean; ms: number } | null;
  response: { status: number; bytes: number } | null;
  /** The refusal, if there was one, or why it ended early. */
  verdict: {
    action: 'pass' | 'answer' | 'close';
    station: string;
    why: string;
    says: string;
    rule: string;
    at: string;
    place: string;
    value: string;
  };
  ms: number;
}

/** Header fields whose values are never written down. */
const secretHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-auth-token',
  'x-csrf-token',
]);

/** Longest header value and target that a journey keeps, in characters. */
const maxKept = 1024;

/** The journey of an exchange. Costs nothing until it is asked for. */
export function journeyOf(exchange: Exchange): Journey {
  const { connection, refusal } = exchange;
  return {
    ...journeyBase(connection, exchange.id, exchange.startedAt),
    connection: { ...connectionPart(connection), reused: exchange.requestNumber > 1 },
    client: exchange.client,
    ...(exchange.botStanding === '' ? {} : { bot: { name: exchange.bot, standing: exchange.botStanding } }),
    request: {
      method: exchange.method,
      target: shownTarget(exchange),
      version: exchange.version,
      host: exchange.host,
      site: exchange.site,
      headers: redacted(exchange),
      bytes: exchange.requestBytes,
      ...(exchange.body === null ? {} : { body: exchange.body }),
    },
    rates:
      exchange.rateLimit < 0 && exchange.rateShadow === ''
        ? null
        : {
            policy: exchange.ratePolicy,
            limit: exchange.rateLimit,
            remaining: exchange.rateRemaining,
            resetSeconds: exchange.rateResetSeconds,
            us: exchange.ratesMicroseconds,
            ...(exchange.rateShadow === '' ? {} : { shadow: exchange.rateShadow }),
          },
    waf: {
      action: exchange.wafAction,
      score: exchange.wafScore,
      threshold: exchange.wafThreshold,
      rules: (exchange.findings ?? []).map((finding) => ({
        id: finding.id,
        detector: finding.detector,
        phase: finding.phase,
        severity: finding.severity,
        score: finding.score,
        message: finding.says,
        variable: finding.place,
        value: finding.value,
        decoded: [...finding.decoded],
        ...(finding.at === undefined ? {} : { at: finding.at, data: excerpt(finding.data ?? '') }),
      })),
      us: exchange.wafMicroseconds,
    },
    upstream:
      exchange.upstreamTo === ''
        ? null
        : {
            from: exchange.upstreamFrom,
            to: exchange.upstreamTo,
            reused: exchange.upstreamReused,
            ms: exchange.upstreamMs,
          },
    response: exchange.status === 0 ? null : { status: exchange.status, bytes: exchange.responseBytes },
    verdict: {
      action: refusal === null ? 'pass' : refusal.kind,
      station: exchange.refusedBy,
      why: refusal?.why ?? exchange.endedWhy,
      says: refusal?.says ?? '',
      rule: refusal?.rule?.id ?? '',
      at: refusal?.rule?.at ?? '',
      place: refusal?.evidence?.place ?? '',
      value: refusal?.evidence?.value ?? '',
    },
    ms: exchange.ms,
  };
}

/** The journey of a connection that never became an exchange: refused at the door, or ended before a request. */
export function journeyOfConnection(connection: Connection, id: string, station: string, says: string): Journey {
  const denied = connection.firewallAction === 'DENY';
  return {
    ...journeyBase(connection, id, connection.openedAt),
    client: connection.peer,
    request: null,
    rates: null,
    waf: null,
    upstream: null,
    response: connection.endedStatus === 0 ? null : { status: connection.endedStatus, bytes: 0 },
    verdict: {
      action: connection.endedStatus === 0 ? 'close' : 'answer',
      station,
      why: connection.endedWhy,
      says,
      rule: denied && connection.firewallRule > 0 ? String(connection.firewallRule) : '',
      at: denied ? connection.firewallAt : '',
      place: '',
      value: '',
    },
    ms: Math.max(0, connection.lastActiveAt - connection.openedAt),
  };
}

function journeyBase(connection: Connection, id: string, at: number) {
  return {
    id,
    time: new Date(at).toISOString(),
    connection: { ...connectionPart(connection), reused: false },
    firewall: {
      action: connection.firewallAction,
      rule: connection.firewallRule,
      description: connection.firewallDescription,
      at: connection.firewallAt,
      us: connection.firewallMicroseconds,
    },
    tls: connection.tls === null ? null : { ...tlsPart(connection.tls), us: connection.tlsMicroseconds },
  };
}

function tlsPart({ clientPolicy: _, client, ...facts }: TlsFacts) {
  if (client === null) return { ...facts, client };
  const { der: __, ...told } = client;
  return { ...facts, client: told };
}

function connectionPart(connection: Connection) {
  return {
    id: connection.number,
    from: endpoint(connection.peer, connection.peerPort),
    to: endpoint(connection.local, connection.localPort),
    listener: connection.listener,
    ...(connection.via === '' ? {} : { via: `${connection.via} (PROXY v${connection.viaVersion})` }),
  };
}

/** The target as it may be written down. */
export function shownTarget({ target }: Exchange): string {
  return excerpt(target);
}

/** The value of a header field as it may be written down: cut, and nothing of it where it is a secret. `name` in lower case. */
export function shownValue(name: string, value: string): string {
  return secretHeaders.has(name) ? '[redacted]' : excerpt(value);
}

function redacted(exchange: Exchange): Record<string, string | string[]> {
  const shown: Record<string, string | string[]> = Object.create(null);
  const { names, values } = exchange.headers;
  for (let index = 0; index < names.length; index++) {
    const name = names[index]!;
    const value = shownValue(name, values[index]!);
    const before = shown[name];
    shown[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return shown;
}

function excerpt(text: string): string {
  return text.length <= maxKept ? text : `${text.slice(0, maxKept)}…`;
}
