// The settings of access logs and of how files of logs are rotated, and the kinds of values that only they have.

import type { LogTarget } from '../traffic/log-target.ts';
import { duration, type Found, flag, group, list, oneOf, orOff, reading, size, text, whole } from './kinds.ts';

/** Names of facilities that an application may use, by their numbers (RFC 5424 6.2.1). */
const facilities: Readonly<Record<string, number>> = Object.freeze({
  user: 1,
  daemon: 3,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
});

/** Longest name of a target, in characters. */
const maxTarget = 1024;
/** Where syslog servers listen (RFC 5426 3.3, RFC 6587 3.4.1 by custom, RFC 5425 4.1). */
const syslogPorts = { tcp: 514, udp: 514, tls: 6514 } as const;

/** One access log. */
export function accessLog() {
  return group({
    to: logTarget().describe(
      'A file, `journald`, or `syslog+tls://HOST:PORT`, `syslog+tcp://HOST:PORT`, `syslog+udp://HOST:PORT`, `syslog+unix:/PATH`.',
    ),
    ca: text('a file name')
      .optional()
      .describe(
        'File of the authorities (PEM) whose word counts for the server of `syslog+tls`; the usual ones where missing.',
      ),
    certificate: text('a file name')
      .optional()
      .describe('File of the certificate (PEM) that this gate shows to a server of `syslog+tls` that asks who it is.'),
    key: text('a file name').optional().describe('File of the private key (PEM) of that certificate.'),
    format: oneOf('combined', 'json')
      .prefault('combined')
      .describe('NCSA combined, which every tool reads, or JSON with what each layer decided.'),
    only_troubles: flag()
      .prefault(false)
      .describe('Whether only what was refused, would have been, or broke off gets a line.'),
    facility: oneOf(...(Object.keys(facilities) as [string, ...string[]]))
      .prefault('local0')
      .describe('The facility that lines to syslog have.'),
  });
}

/** The number of a facility. */
export function facilityOf(name: string): number {
  return facilities[name] ?? 16;
}

/** The group `log_rotation`. */
export function logRotation() {
  return group({
    max_size: orOff(size('1MiB', '100GiB'), 'a size such as 100MiB')
      .prefault('off')
      .describe(
        'A file of a log that is larger is renamed, and another begun; off leaves that to others, who send SIGUSR2.',
      ),
    every: orOff(duration('1m', '365d'), 'a duration such as 1d')
      .prefault('off')
      .describe('The same for a file that is older.'),
    keep: whole(1, 1000).prefault(7).describe('How many of the renamed ones are kept of each.'),
  });
}

function logTarget() {
  return reading<string, LogTarget>(
    'a file, journald, or a syslog address such as syslog+tls://logs.example:6514',
    {
      type: 'string',
      examples: ['access.log', 'journald', 'syslog+tls://logs.example:6514', 'syslog+unix:/run/syslog.sock'],
    },
    (value): Found<LogTarget> => {
      if (typeof value !== 'string' || value === '' || value.length > maxTarget) return { detail: {} };
      if (value === 'journald') return { value: { kind: 'journald' } };
      if (value.startsWith('syslog+unix:')) {
        const path = value.slice('syslog+unix:'.length);
        return path.startsWith('/') ? { value: { kind: 'syslog', transport: 'unix', path } } : { detail: {} };
      }
      for (const transport of ['tcp', 'udp', 'tls'] as const)
        if (value.startsWith(`syslog+${transport}://`)) return serverOf(value, transport);
      return value.includes('://') ? { detail: {} } : { value: { kind: 'file', path: value } };
    },
  );
}

function serverOf(value: string, transport: keyof typeof syslogPorts): Found<LogTarget> {
  const url = URL.parse(value.replace(`syslog+${transport}:`, 'http:'));
  if (url === null || url.pathname !== '/' || url.search !== '' || url.username !== '') return { detail: {} };
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  // A port of 80 is one that `URL` takes for not said.
  const port = url.port !== '' ? Number(url.port) : value.endsWith(':80') ? 80 : syslogPorts[transport];
  if (port === 0) return { detail: {} };
  if (transport === 'tls')
    return { value: { kind: 'syslog', transport, host, port, ca: null, certificate: null, key: null } };
  return { value: { kind: 'syslog', transport, host, port } };
}

/** The group `traces`. */
export function traces() {
  return group({
    to: collector()
      .optional()
      .describe(
        'The collector of OpenTelemetry that spans are posted to (OTLP over HTTP, JSON); none are made without it.',
      ),
    headers: list(fieldLine(), 'a list of header fields')
      .prefault([])
      .describe('Fields for the collector, such as `Authorization: Bearer …`.'),
    sample: share().prefault('1%').describe('The share of requests that are traced by chance.'),
    max_per_second: whole(1, 100_000)
      .prefault(50)
      .describe('The most requests that one worker traces a second, whoever asks for it with `traceparent`.'),
    service: text('a name', 128).prefault('portcullis').describe('What spans call this gate (`service.name`).'),
  });
}

/** A percentage, as a share of 1. */
function share() {
  return reading<string, number>(
    'a percentage such as 1% or 0.5%',
    { type: 'string', examples: ['1%', '100%'] },
    (value) => {
      const number = typeof value === 'string' && value.endsWith('%') ? Number(value.slice(0, -1)) : Number.NaN;
      return value !== '%' && number >= 0 && number <= 100 ? { value: number / 100 } : { detail: {} };
    },
  );
}

/** An address that spans can be posted to. */
function collector() {
  return reading<string, string>(
    'an http(s) address such as http://127.0.0.1:4318/v1/traces',
    { type: 'string', examples: ['http://127.0.0.1:4318/v1/traces'] },
    (value) => {
      const url = typeof value === 'string' ? URL.parse(value) : null;
      if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '') return { detail: {} };
      // Who names the collector alone means the path that every collector has (OTLP 1.x, default URLs).
      if (url.pathname === '/') url.pathname = '/v1/traces';
      return { value: url.href };
    },
  );
}

/** A field for a request of ours: `Name: value`. */
function fieldLine() {
  return reading<string, readonly [string, string]>(
    'a header field such as Authorization: Bearer TOKEN',
    { type: 'string', examples: ['Authorization: Bearer TOKEN'] },
    (value) => {
      const colon = typeof value === 'string' ? value.indexOf(':') : -1;
      if (colon < 1 || value.length > 4096) return { detail: {} };
      const [name, said] = [value.slice(0, colon), value.slice(colon + 1).trim()];
      return isToken(name) && isVisible(said) ? { value: [name, said] } : { detail: {} };
    },
  );
}

function isToken(text: string): boolean {
  for (const character of text)
    if (character <= ' ' || character > '~' || '"(),/:;<=>?@[\\]{}'.includes(character)) return false;
  return true;
}

function isVisible(text: string): boolean {
  for (const character of text) if (character < ' ' || character > '~') return false;
  return text !== '';
}
