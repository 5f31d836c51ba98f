// What of the state of a gate deserves somebody's attention, each with the place to look.

import { count, duration, plural } from '../format.ts';
import { linkTo } from '../route.ts';
import type { Status } from '../shapes.ts';

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

/** All that there are, the most urgent first. */
export function warningsOf(status: Status, nowMs = Date.now()): Warning[] {
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
    if (health === 'down')
      warn(`Upstream ${endpoint} is down${says === '' ? '' : `: ${says}`}.`, 'upstreams', 'Upstreams');
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
