// A record of the audit log in sections, as ModSecurity writes it: `--id-A--` to `--id-Z--`. One character of traffic never begins a line.

import type { AuditMessage, AuditRecord } from './audit-record.ts';
import { plain } from './plain.ts';

/** The sections, after `Transaction::toOldAuditLogFormat` in src/transaction.cc of owasp-modsecurity/ModSecurity at 035f71c. */
export function nativeRecord(record: AuditRecord): string {
  const { exchange, parts, fields, answerFields, messages, target } = record;
  const { connection } = exchange;
  const boundary = boundaryOf(exchange.id);
  const lines: string[] = [];
  const section = (letter: string, content: readonly string[]): void => {
    if (letter !== 'A' && letter !== 'Z' && !parts.includes(letter)) return;
    lines.push(`--${boundary}-${letter}--`, ...content.map(lineOf));
    if (letter !== 'A') lines.push('');
  };
  const from = `${exchange.client} ${connection.peerPort}`;
  section('A', [`${stampOf(record.time)} ${exchange.id} ${from} ${connection.local} ${connection.localPort}`]);
  section('B', [`${exchange.method} ${target} HTTP/${exchange.version}`, ...fields.map(fieldLine)]);
  section('F', [`HTTP/${exchange.version} ${exchange.status}`, ...answerFields.map(fieldLine)]);
  section('H', [...messages.map((message) => messageLine(message, record)), ...(record.isCut ? ['Truncated: 1'] : [])]);
  // The bodies of I and the files of J are not kept.
  for (const letter of ['I', 'J']) section(letter, []);
  section('K', messages.map(ruleLine));
  section('Z', []);
  return lines.join('\n');
}

/** No control character, so that what a client sent ends no line; and what begins a line begins no section. */
function lineOf(text: string): string {
  const line = plain(text);
  return line.startsWith('-') ? `\\x2d${line.slice(1)}` : line;
}

function fieldLine([name, value]: readonly [string, string]): string {
  return `${name}: ${value}`;
}

function messageLine(message: AuditMessage, { exchange, target }: AuditRecord): string {
  const { refusal, refusedBy, status } = exchange;
  const isRefusal = refusedBy === 'waf' && refusal?.rule?.id === String(message.id);
  const fate = isRefusal ? `Access denied with code ${status} (phase ${message.phase}).` : 'Warning.';
  return [
    `ModSecurity: ${fate}${message.match === '' ? '' : ` ${message.match}`}`,
    tag('file', message.file),
    tag('line', message.line),
    tag('id', String(message.id)),
    tag('rev', message.revision),
    tag('msg', message.message),
    tag('data', message.data),
    tag('severity', String(message.severity)),
    tag('ver', message.version),
    tag('maturity', '0'),
    tag('accuracy', '0'),
    ...message.tags.map((text) => tag('tag', text)),
    tag('hostname', exchange.connection.local),
    tag('uri', target),
    tag('unique_id', exchange.id),
    tag('ref', ''),
  ].join(' ');
}

function ruleLine({ id, file, line, phase }: AuditMessage): string {
  return [tag('id', String(id)), tag('phase', String(phase)), tag('file', file), tag('line', line)].join(' ');
}

/** `[name "text"]`, out of which no text leads. */
function tag(name: string, text: string): string {
  return `[${name} "${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"]`;
}

/** `Wed Nov 25 21:43:23 2026` as `[25/Nov/2026:21:43:23 +0000]`. */
function stampOf(time: string): string {
  const [, month, day, clock, year] = time.split(' ') as [string, string, string, string, string];
  return `[${day}/${month}/${year}:${clock} +0000]`;
}

/** Eight hexadecimal digits from the id (FNV-1a). */
function boundaryOf(id: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
