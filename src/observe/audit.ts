// The audit log: which exchanges get a record, and what stands in it, in ModSecurity's two formats.

import type { AuditFormat, AuditMode, AuditWords } from '../traffic/auditing.ts';
import type { Exchange } from '../traffic/exchange.ts';
import { nativeRecord } from './audit-native.ts';
import { type AuditMessage, type AuditRecord, isAudited, recordOf } from './audit-record.ts';
import type { Journal, JournalCounts } from './journal.ts';
import { jsonLine } from './plain.ts';

/** Longest record, in characters. What would be longer loses fields and messages from their ends, and says so. */
const maxRecord = 128 * 1024;

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
