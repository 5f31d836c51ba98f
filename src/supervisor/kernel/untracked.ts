// Connections that a rule allows and that would end all the same: the kernel does not track them, and is set to pick none up.

import type { KernelSettings, Table } from '../../firewall/firewall.ts';
import type { Reader } from '../../ports/ports.ts';
import type { Live } from './sessions.ts';

const loose = 'net.netfilter.nf_conntrack_tcp_loose';

/** Those of the open connections; none where the kernel picks up what it meets (`tcp_loose` other than 0, which is the default). */
export function untrackedAmong(
  live: readonly Live[],
  { dropInvalid, synProxyPorts = [] }: KernelSettings,
  standing: Table | null,
  reader: Reader,
): Live[] {
  if (readSysctl(reader, loose) !== '0') return [];
  // Because conntrack begins with the first table that asks it, and without its program nobody tells what it has seen.
  const seesNothing = standing === null && readSysctl(reader, 'net.netfilter.nf_conntrack_count') === '0';
  return live.filter(
    ({ protocol, packetPort, isTracked }) =>
      protocol === 'tcp' &&
      (isTracked === false || (isTracked === null && seesNothing)) &&
      (dropInvalid || synProxyPorts.includes(packetPort)),
  );
}

function readSysctl(reader: Reader, name: string): string {
  return reader.read(`/proc/sys/${name.replaceAll('.', '/')}`)?.trim() ?? '';
}

/** What such connections end of. */
export const untrackedText = `not tracked by the kernel, and ${loose} is 0`;

/** What to do first, so that they go on. */
export const untrackedRemedy =
  `run \`sysctl -w ${loose}=1\` and apply${' '}` +
  '(without syn_proxy where it is on) so that the kernel picks them up; when each of them has said something, set it to 0 again and apply anew';
