// Which of our own addresses and ports a connection leaves from, where several source addresses are named.
//
// Measured on Linux 6.18 with a range of ten ports (`test/ephemeral-ports.test.ts`): a connection that is not bound has the whole
// range anew for every destination. One that is bound to an address alone (`localAddress`) has it once for all destinations
// together, because the kernel picks the port before it knows where the connection goes: IP_BIND_ADDRESS_NO_PORT would mend
// that, and Node cannot set it. One bound to an address and a port that we choose has it anew for every destination, since
// Node sets SO_REUSEADDR. So we choose the port, and take the next one where the 4-tuple is taken.

import { isIPv6 } from 'node:net';

/** The kernel's range of ephemeral ports, both ends included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
  readonly reserved: readonly (readonly [from: number, to: number])[];
}

/** Where a connection leaves from. */
export interface Source {
  readonly address: string;
  readonly port: number;
}

/** One source address towards one destination: which ports of the range this process holds. */
class Lane {
  readonly address: string;
  readonly taken: Uint8Array;
  count = 0;
  /** Where the search goes on: a port that was just given back is likely to be in TIME_WAIT. */
  at: number;

  constructor(address: string, ports: number, at: number) {
    this.address = address;
    this.taken = new Uint8Array(ports);
    this.at = at;
  }
}

/** The 4-tuple space towards one destination. */
export class SourcePorts {
  readonly #lanes: readonly Lane[];
  readonly #from: number;
  readonly #ports: number;

  /** `random` gives numbers from 0 to below 1, so that workers do not all begin at the same port. */
  constructor(addresses: readonly string[], range: PortRange, random: () => number) {
    this.#from = range.from;
    this.#ports = range.to - range.from + 1;
    this.#lanes = addresses.map((address) => {
      const lane = new Lane(address, this.#ports, Math.floor(random() * this.#ports));
      for (const [low, high] of range.reserved)
        for (let port = Math.max(low, range.from); port <= Math.min(high, range.to); port++)
          lane.taken[port - range.from] = 1;
      return lane;
    });
  }

  /** Takes a free port of the address (of this family, where one is said) that has the fewest connections; null where none is left. */
  take(isFamily6: boolean | null): Source | null {
    let best: Lane | null = null;
    for (const lane of this.#lanes)
      if ((isFamily6 === null || isIPv6(lane.address) === isFamily6) && (best === null || lane.count < best.count))
        best = lane;
    if (best === null) return null;
    for (let step = 0; step < this.#ports; step++) {
      const at = best.at;
      best.at = at + 1 === this.#ports ? 0 : at + 1;
      if (best.taken[at] === 1) continue;
      best.taken[at] = 1;
      best.count++;
      return { address: best.address, port: this.#from + at };
    }
    return null;
  }

  give({ address, port }: Source): void {
    const lane = this.#lanes.find((one) => one.address === address);
    if (lane === undefined || lane.taken[port - this.#from] === 0) return;
    lane.taken[port - this.#from] = 0;
    lane.count--;
  }
}
