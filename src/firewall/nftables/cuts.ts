// Connections that flow already and may no longer: named one by one in the table, so that they end with the transaction that makes it.

import { type Address, printAddress } from '../../base/address.ts';
import type { ChainRule, NamedSet } from './table.ts';
import { counter, match, meta, packetPort, sourceOf, verdict } from './words.ts';

/** A connection that flows already, as its packets come in: what the far end calls itself, and the port it sends to. */
export interface Flow {
  readonly source: Address;
  readonly protocol: 'tcp' | 'udp';
  readonly sourcePort: number;
  readonly port: number;
}

const families = [4, 6] as const;

/** How long a flow stays cut, in seconds: longer than any far end keeps trying. */
const cutSeconds = 86_400;

/** Most flows that are cut one by one. */
const maxCut = 65_535;

/** The sets of flows that end with this table. They are always there; what is in them goes by itself. */
export function cutSets(flows: readonly Flow[]): NamedSet[] {
  return families.map((family) => {
    const own = flows.filter(({ source }) => source.family === family).slice(0, maxCut);
    const texts = new Map(own.map((flow) => [flowText(flow), flow]));
    const elements = [...texts.values()].map(({ source, protocol, sourcePort, port }) => {
      const concat = [printAddress(source), protocol, sourcePort, port];
      return { elem: { val: { concat }, timeout: cutSeconds } };
    });
    const type = [family === 4 ? 'ipv4_addr' : 'ipv6_addr', 'inet_proto', 'inet_service', 'inet_service'] as const;
    return { name: `cut${family}`, kind: 'set', type, flags: ['timeout'], elements };
  });
}

function flowText({ source, protocol, sourcePort, port }: Flow): string {
  return `${source.value} ${protocol} ${sourcePort} ${port}`;
}

/** The rules that end flows: before established, so that they hold from the transaction on that makes the table. */
export function cutRules(): ChainRule[] {
  return families.map((family) => {
    const concat = [sourceOf(family), meta('l4proto'), packetPort('th', 'sport'), packetPort('th', 'dport')];
    const statements = [match({ concat }, `@cut${family}`), counter, verdict('drop')];
    return { statements, comment: 'flows that the rules no longer allow', from: 0 };
  });
}
