// Whether the kernel's own rules, whoever put them there, let strangers reach a port of this machine.

import { parseAddress, printAddress } from '../../base/address.ts';
import { nftProgram, saverProgram, simulate, tableName } from '../../firewall/firewall.ts';
import { machineReader, routesOf } from '../../ports/ports.ts';
import { findOutside } from '../kernel/outside.ts';
import { ownAddresses } from '../kernel/sessions.ts';
import { wholeRuleset } from '../kernel/whole-ruleset.ts';
import { type Finding, good, problem, warning } from './finding.ts';
import { stranger, strangerPort } from './stranger.ts';

/** What the kernel does with a stranger's connection to a TCP port over IPv4 or IPv6; null where that cannot be looked at. */
export async function kernelFinding(port: number, family: 4 | 6): Promise<Finding | null> {
  const outside = findOutside(machineReader, null);
  const source = parseAddress(stranger[family]);
  const target = parseAddress((family === 4 ? outside?.four : outside?.six) ?? '');
  if (outside === null || !source.ok || !target.ok) return null;
  const listed = await wholeRuleset({ nft: nftProgram(), reader: machineReader, saver: saverProgram });
  if (!listed.ok) return null;
  const own = ownAddresses(machineReader);
  const probe = {
    protocol: 'tcp',
    source: source.value,
    sourcePort: strangerPort,
    target: target.value,
    port,
    from: outside.name,
  } as const;
  const around = {
    isOwn: (address: typeof source.value) => own.has(printAddress(address)),
    outBy: routesOf(machineReader),
  };
  const { verdict, by, doubts } = simulate(listed.value, probe, around);
  const check = `port-${port}`;
  const way = `TCP port ${port}${family === 6 ? ' over IPv6' : ''}`;
  if (verdict === 'passes') return good(check, `the kernel lets strangers reach ${way}`);
  if (verdict === 'dropped')
    return problem(
      check,
      `the kernel's firewall drops ${way} from the Internet (${by})`,
      by.startsWith(`inet ${tableName} `)
        ? `put allow tcp ${port} from any before it and apply: CAs call from anywhere`
        : `let it through there; firewall exposure shows what every port meets`,
    );
  return warning(
    check,
    `whether the kernel lets ${way} through cannot be told (${doubts[0] ?? by})`,
    'firewall exposure shows why',
  );
}
