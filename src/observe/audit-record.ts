// What a record of the audit log is made of: everything of an exchange that may be written down, in ModSecurity's terms.

import type { Exchange } from '../traffic/exchange.ts';
import type { Finding } from '../traffic/finding.ts';
import { shownTarget, shownValue } from '../traffic/journey.ts';

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

/** The record of an exchange with this share of its fields and messages. */
export function recordOf(exchange: Exchange, share: number): AuditRecord {
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

/** Whether a finding belongs in the audit log: not where its rule says `noauditlog`. */
export function isAudited({ rule }: Finding): boolean {
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

const days = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** As asctime(3) writes it, in UTC: `Wed Nov 25 21:43:23 2026`. */
function momentText(ms: number): string {
  const [date, clock] = new Date(ms).toISOString().split('T') as [string, string];
  const [year, month, day] = date.split('-') as [string, string, string];
  const weekday = days[Math.floor(ms / 86_400_000) % 7];
  return `${weekday} ${months[Number(month) - 1]} ${day} ${clock.slice(0, 8)} ${year}`;
}
