// What of the state of a gate deserves somebody's attention, each with the place to look.

import { count, duration, plural } from '../format.ts';
import { linkTo } from '../route.ts';
import type { Status, Written } from '../shapes.ts';

/** One warning. */
export interface Warning {
  readonly says: string;
  readonly to: string;
  readonly link: string;
}

const dayMs = 86_400_000;
/** A certificate that ends sooner is told, in ms. */
const soonMs = 14 * dayMs;
/** Connections above which one client address alone is odd. */
const manyConnections = 50;

/** What is asked beside the state, where somebody looks. */
export interface Beside {
  /** Names of certificates that an authority refuses, and what it said. */
  readonly failing: readonly { readonly name: string; readonly says: string }[];
  /** Sentences about rules that can never be hit. */
  readonly shadowed: readonly string[];
  /** What the kernel has that the configuration has not. */
  readonly drift: readonly string[];
}

const nothing: Beside = { failing: [], shadowed: [], drift: [] };

/** All that there are, the most urgent first. */
export function warningsOf(status: Status, nowMs = Date.now(), beside: Beside = nothing): Warning[] {
  const found: Warning[] = [];
  const warn = (says: string, path: string, link: string) => found.push({ says, to: linkTo(path), link });
  const { connections, descriptors, upstreams, crew, queued, firewall, certificates, waf } = status;
  if (descriptors.limit > 0 && descriptors.left < descriptors.limit / 10)
    warn(
      `Only ${plural(descriptors.left, 'file descriptor')} left of ${count(descriptors.limit)}.`,
      'connections',
      'Connections',
    );
  if (connections.open > connections.max * 0.9)
    warn(
      `${count(connections.open)} of at most ${count(connections.max)} connections are open.`,
      'connections',
      'Connections',
    );
  for (const { endpoint, health, says, ephemeral } of upstreams) {
    if (health === 'down' || health === 'open')
      warn(
        `Upstream ${endpoint} is ${health === 'down' ? 'down' : 'cut off'}${says === '' ? '' : `: ${says}`}.`,
        'upstreams',
        'Upstreams',
      );
    const left = ephemeral.forecast?.secondsLeft ?? null;
    if (left !== null && left < 3600)
      warn(
        `Ports towards ${endpoint} are used up in ${duration(left * 1000)} if it goes on like this.`,
        'upstreams',
        'Upstreams',
      );
  }
  if (queued > 0) warn(`${plural(queued, 'request')} wait for an upstream with room.`, 'upstreams', 'Upstreams');
  for (const certificate of certificates) {
    const until = certificate.notAfter;
    if (until - nowMs < soonMs)
      warn(
        `The certificate of ${certificate.name} ends in ${duration(Math.max(0, until - nowMs))}.`,
        'certificates',
        'Certificates',
      );
  }
  for (const { name, says } of beside.failing)
    warn(`No certificate for ${name}: ${says}`, 'certificates', 'Certificates');
  for (const says of logTroubles(status)) warn(says, 'journeys', 'What is written down');
  if (beside.drift.length > 0)
    warn(
      `The kernel has other rules than were put there (${plural(beside.drift.length, 'difference')}): ${beside.drift[0]}.`,
      'firewall',
      'Firewall',
    );
  for (const says of beside.shadowed) warn(`${capital(says)}.`, 'firewall', 'Firewall');
  if (crew.deaths > 0 && crew.last !== null)
    warn(`${plural(crew.deaths, 'worker')} died; the last: ${crew.last.says}.`, 'now', 'Workers');
  if (connections.clients === 1 && connections.open > manyConnections)
    warn(
      'All clients come from one address. Is there a balancer whose word the gate does not take (trusted_proxies, proxy_protocol)?',
      'connections',
      'Connections',
    );
  if (firewall.default.toLowerCase() === 'allow')
    warn('The firewall lets in whatever no rule names.', 'firewall', 'Firewall');
  if (waf.mode !== 'block') warn(`The WAF does not block (mode ${waf.mode}).`, 'waf', 'WAF');
  return found;
}

/** Logs that lose lines, and why. */
function logTroubles({ journal, audit, traces, logs, history }: Status): string[] {
  const all: [string, Written | undefined][] = [
    ['journal', journal],
    ['audit log', audit],
    ['traces', traces],
    ...Object.entries(logs ?? {}).map(([name, one]): [string, Written] => [`access log ${name}`, one]),
    ['history', history == null ? undefined : { dropped: history.lost, trouble: history.trouble }],
  ];
  return all.flatMap(([name, one]) => {
    const { dropped = 0, trouble = '' } = one ?? {};
    if (trouble === '' && dropped === 0) return [];
    const lost = dropped === 0 ? '' : ` ${plural(dropped, 'line')} lost so far.`;
    return [`${capital(name)}: ${trouble === '' ? 'it is well again.' : `${trouble}.`}${lost}`];
  });
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
