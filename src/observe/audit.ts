// The audit log: which exchanges get a record, and what stands in it, in ModSecurity's two formats.

import type { AuditFormat, AuditMode, AuditWords } from '../traffic/auditing.ts';
import type { Exchange } from '../traffic/exchange.ts';
import type { Finding } from '../traffic/finding.ts';
import { shownTarget, shownValue } from '../traffic/journey.ts';
import { nativeRecord } from './audit-native.ts';
import type { Journal, JournalCounts } from './journal.ts';
import { jsonLine } from './plain.ts';

/** Longest record, in characters. What would be longer loses fields and messages from their ends, and says so. */
const maxRecord = 128 * 1024;

/** Parts of records of the built-in rules: head of request and answer, findings, rules. */
const ordinaryParts = 'ABFHKZ';

/** What a record is made of: everything that may be written down, and nothing else. */
export interface AuditRecord {
  readonly exchange: Exchange;
  /** Milliseconds since 1970 as `Wed Nov 25 21:43:23 2026`, UTC. */
  readonly time: string;
  readonly target: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly answerFields: readonly (readonly [name: string, value: string])[];
  readonly messages: readonly AuditMessage[];
  readonly parts: string;
  readonly isCut: boolean;
}

/** One finding as ModSecurity tells of a rule that matched. */
export interface AuditMessage {
  readonly message: string;
  readonly match: string;
  readonly id: number;
  readonly file: string;
  readonly line: string;
  readonly data: string;
  /** 0 EMERGENCY to 7 DEBUG. */
  readonly severity: number;
  readonly version: string;
  readonly revision: string;
  readonly tags: readonly string[];
  readonly phase: number;
}

const severities = ['EMERGENCY', 'ALERT', 'CRITICAL', 'ERROR', 'WARNING', 'NOTICE', 'INFO', 'DEBUG'];

/** Writes records to one file, in the background and whole, as the journal writes its lines. */
export class AuditLog {
  readonly file: Journal;
  readonly #format: AuditFormat;
  readonly #mode: AuditMode | null;

  constructor(file: Journal, { format, mode }: Pick<AuditWords, 'format' | 'mode'>) {
    this.file = file;
    this.#format = format ?? 'json';
    this.#mode = mode;
  }

  get counts(): JournalCounts {
    return this.file.counts;
  }

  /** The same over a file that is open already. */
  onto(file: Journal): AuditLog {
    return new AuditLog(file, { format: this.#format, mode: this.#mode });
  }

  /** Takes an exchange that has ended; writes a record where it deserves one. */
  tell(exchange: Exchange): void {
    if (!isWanted(exchange, this.#mode)) return;
    if (this.file.hasRoom) this.file.add(recordText(exchange, this.#format));
    else this.file.drop();
  }
}

/** Whether an exchange gets a record: what a rule said of this one with `ctl` before the settings, and those before the rules' directives. */
export function isWanted(exchange: Exchange, setting: AuditMode | null): boolean {
  const { auditing, findings, refusedBy, status } = exchange;
  const mode = auditing?.changed ?? setting ?? auditing?.mode ?? 'relevant';
  if (mode !== 'relevant') return mode === 'all';
  if (refusedBy === 'waf' || findings?.some(isAudited) === true) return true;
  return auditing?.relevantStatus?.test(String(status)) === true;
}

/** The record, without the line feed behind it; at most 128 Ki characters. */
export function recordText(exchange: Exchange, format: AuditFormat): string {
  for (let share = 1; ; share /= 2) {
    const record = recordOf(exchange, share);
    const text = format === 'json' ? jsonLine(jsonRecord(record)) : nativeRecord(record);
    if (text.length <= maxRecord || (record.fields.length === 0 && record.messages.length === 0)) return text;
  }
}

function recordOf(exchange: Exchange, share: number): AuditRecord {
  const { headers, auditing, findings, startedAt } = exchange;
  const part = <T>(all: readonly T[]): readonly T[] =>
    share === 1 ? all : all.slice(0, Math.floor(all.length * share));
  const fields = (names: readonly string[], values: readonly string[]) =>
    part(names.map((name, index) => [name.slice(0, 256), shownValue(name.toLowerCase(), values[index]!)] as const));
  return {
    exchange,
    time: momentText(startedAt),
    target: shownTarget(exchange),
    fields: fields(headers.spelled, headers.values),
    answerFields: fields(auditing?.answer.names ?? [], auditing?.answer.values ?? []),
    messages: part((findings ?? []).filter(isAudited)).map(messageOf),
    parts: auditing?.parts ?? ordinaryParts,
    isCut: share < 1,
  };
}

function isAudited({ rule }: Finding): boolean {
  return rule?.isAudited !== false;
}

function messageOf({
  id,
  says,
  place,
  value,
  at = '',
  data = '',
  severity,
  rule,
  phase,
  detector,
}: Finding): AuditMessage {
  const colon = at.lastIndexOf(':');
  const how =
    rule === undefined
      ? `Detector \`${detector}'`
      : `Operator \`${rule.operator.slice(0, 1).toUpperCase()}${rule.operator.slice(1)}' with parameter \`${rule.argument.slice(0, 256)}'`;
  return {
    message: says,
    match: place === '' ? '' : `Matched "${how} against variable \`${place}' (Value: \`${value}' )`,
    id,
    file: colon < 0 ? '' : at.slice(0, colon),
    line: colon < 0 ? '' : at.slice(colon + 1),
    data,
    severity: severities.indexOf(severity),
    version: rule?.version ?? '',
    revision: rule?.revision ?? '',
    tags: rule?.tags ?? [`attack-${detector}`],
    phase,
  };
}

/** ModSecurity v3's shape: `Transaction::toJSON` in src/transaction.cc of owasp-modsecurity/ModSecurity at 035f71c. */
function jsonRecord(record: AuditRecord): object {
  const { exchange, parts, isCut } = record;
  const { connection, auditing } = exchange;
  return {
    transaction: {
      client_ip: exchange.client,
      time_stamp: record.time,
      server_id: 'portcullis',
      client_port: connection.peerPort,
      host_ip: connection.local,
      host_port: connection.localPort,
      unique_id: exchange.id,
      request: {
        method: exchange.method,
        http_version: Number(exchange.version),
        hostname: exchange.host,
        uri: record.target,
        ...(parts.includes('B') ? { headers: objectOf(record.fields) } : {}),
      },
      response: {
        http_code: exchange.status,
        ...(parts.includes('F') ? { headers: objectOf(record.answerFields) } : {}),
      },
      ...(parts.includes('H')
        ? {
            producer: {
              modsecurity: 'Portcullis',
              connector: 'Portcullis',
              secrules_engine: auditing?.engine ?? (exchange.wafAction === 'detect' ? 'DetectionOnly' : 'Enabled'),
              components: auditing?.components ?? [],
            },
            messages: record.messages.map(jsonMessage),
          }
        : {}),
      ...(isCut ? { truncated: true } : {}),
    },
  };
}

function jsonMessage({
  message,
  match,
  id,
  file,
  line,
  data,
  severity,
  version,
  revision,
  tags,
}: AuditMessage): object {
  return {
    message,
    details: {
      match,
      reference: '',
      ruleId: String(id),
      file,
      lineNumber: line,
      data,
      severity: String(severity),
      ver: version,
      rev: revision,
      tags,
      maturity: '0',
      accuracy: '0',
    },
  };
}

/** Fields by name as spelled; where a name comes again its values stand behind each other (RFC 9110 5.3). */
function objectOf(fields: AuditRecord['fields']): Record<string, string> {
  const object: Record<string, string> = Object.create(null);
  for (const [name, value] of fields) object[name] = object[name] === undefined ? value : `${object[name]}, ${value}`;
  return object;
}

const days = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** As asctime(3) writes it, in UTC: `Wed Nov 25 21:43:23 2026`. */
function momentText(ms: number): string {
  const [date, clock] = new Date(ms).toISOString().split('T') as [string, string];
  const [year, month, day] = date.split('-') as [string, string, string];
  const weekday = days[Math.floor(ms / 86_400_000) % 7];
  return `${weekday} ${months[Number(month) - 1]} ${day} ${clock.slice(0, 8)} ${year}`;
}
