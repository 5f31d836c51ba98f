// What a port number means: its range, the services known on it, and whether browsers will go there.

import { type Built, built, failed, nearest } from '../base/problem.ts';
import { parsePort, type Service, type Services } from './services.ts';

/** One of IANA's three ranges (RFC 6335 6), both ends included. */
export interface PortRange {
  readonly name: 'well-known' | 'registered' | 'ephemeral';
  readonly from: number;
  readonly to: number;
  readonly says: string;
}

/** All that is known of a port without looking at the machine. */
export interface PortDescription {
  readonly port: number;
  readonly range: PortRange;
  readonly services: readonly Service[];
  /** Browsers refuse to go there for http and https ("bad ports" of the Fetch standard). */
  readonly browsersRefuse: boolean;
}

/** The three ranges, in order. */
export const portRanges: readonly PortRange[] = [
  { name: 'well-known', from: 0, to: 1023, says: 'assigned by IANA to system services; listening needs a privilege' },
  { name: 'registered', from: 1024, to: 49151, says: 'assigned by IANA to specific services on request' },
  { name: 'ephemeral', from: 49152, to: 65535, says: 'assigned to nobody: used temporarily by clients' },
];

const browserRefusedPorts: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** The range of a port; `port` is 0–65535. */
export function rangeOf(port: number): PortRange {
  return portRanges.find((range) => port <= range.to) ?? portRanges[2]!;
}

/** Whether browsers refuse `port` for http and https. */
export function browsersRefuse(port: number): boolean {
  return browserRefusedPorts.has(port);
}

/** A port by number (`443`, `:443`, `443/tcp`) or by the name of a service; a wrong name suggests its nearest neighbour. */
export function describePort(numberOrName: number | string, services: Services): Built<PortDescription> {
  const text = String(numberOrName).trim();
  const bare = withoutProtocol(text.startsWith(':') ? text.slice(1) : text);
  const port = parsePort(bare);
  if (port !== null) return built(describeNumber(port, services));
  if (looksLikeNumber(bare)) return failed([notAPort(text)]);
  const named = services.named(bare)[0];
  if (named !== undefined) return built(describeNumber(named.port, services));
  const near = bare.length > 64 ? null : nearest(bare, services.names);
  return failed([
    {
      path: [],
      code: 'ports/unknown-service',
      says: `no service is known by the name "${shorten(text)}"`,
      instead: near === null ? 'a port number, or a name from /etc/services' : `did you mean "${near}"?`,
    },
  ]);
}

function describeNumber(port: number, services: Services): PortDescription {
  return { port, range: rangeOf(port), services: services.on(port), browsersRefuse: browsersRefuse(port) };
}

function notAPort(text: string) {
  return {
    path: [],
    code: 'ports/not-a-port',
    says: `"${shorten(text)}" is not a port: ports are whole numbers of 16 bits`,
    instead: 'a number from 0 to 65535',
  };
}

function withoutProtocol(text: string): string {
  const lower = text.toLowerCase();
  return lower.endsWith('/tcp') || lower.endsWith('/udp') ? text.slice(0, -4) : text;
}

function looksLikeNumber(text: string): boolean {
  return text === '' || !Number.isNaN(Number(text));
}

/** What a person typed, short and free of control characters, to be shown back. */
export function shorten(text: string): string {
  const kept = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return Array.from(kept, (character) => (character < ' ' || character === '\x7f' ? '?' : character)).join('');
}
