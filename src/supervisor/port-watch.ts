// How many ports the kernel sees taken towards each upstream: one look for all workers, which nobody's requests wait for.

import type { Clock } from '../base/clock.ts';
import { lookUpstreamUse, machineReader, readPieces, type Upstream, type UpstreamUse } from '../ports/ports.ts';

/** Because a table of 200,000 sockets takes a second to read: a look may take this part of one processor, and no more. */
const restFactor = 20;

/** How long an answer waits for the look that it began, in ms; later it is told with the next answer. */
const patienceMs = 150;

/** Looks at the machine. */
export type Look = (upstreams: readonly Upstream[]) => Promise<readonly UpstreamUse[]>;

type Part = Readonly<Record<string, unknown>>;

const lookAtMachine: Look = (upstreams) => lookUpstreamUse(machineReader, upstreams, { pieces: readPieces, pause });

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Looks when it is asked, and not more often than the size of the kernel's table allows. */
export class PortWatch {
  readonly #clock: Clock;
  readonly #look: Look;
  readonly #patienceMs: number;
  #used = new Map<string, number>();
  #looking: Promise<void> | null = null;
  #nextAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, look: Look = lookAtMachine, waitsMs = patienceMs) {
    this.#clock = clock;
    this.#look = look;
    this.#patienceMs = waitsMs;
  }

  /** A status whose upstreams tell the ports that the kernel sees taken, where those are more than the gate's own. */
  async seen(status: Part): Promise<Part> {
    const { upstreams } = status;
    if (!Array.isArray(upstreams)) return status;
    await this.#refresh(upstreams.filter(isUpstream));
    return { ...status, upstreams: upstreams.map((row: Part) => this.#withUse(row)) };
  }

  async #refresh(upstreams: readonly Upstream[]): Promise<void> {
    if (upstreams.length === 0) return;
    if (this.#looking === null && this.#clock.monotonicMs() >= this.#nextAtMs) this.#looking = this.#begin(upstreams);
    if (this.#looking === null) return;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#patienceMs);
    });
    await Promise.race([this.#looking, patience]);
    clearTimeout(timer);
  }

  async #begin(upstreams: readonly Upstream[]): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    try {
      const uses = await this.#look(upstreams);
      this.#used = new Map(uses.map(({ endpoint, used }) => [endpoint, used]));
    } finally {
      const endedMs = this.#clock.monotonicMs();
      this.#nextAtMs = endedMs + restFactor * (endedMs - startedMs);
      this.#looking = null;
    }
  }

  #withUse(row: Part): Part {
    const own = row.ephemeral as { used: number; available: number; forecast: { portsPerSecond: number } | null };
    if (own.available === 0) return row;
    const used = Math.max(own.used, this.#used.get(String(row.endpoint)) ?? 0);
    return { ...row, ephemeral: { ...own, used, forecast: forecastOf(own.forecast, own.available - used) } };
  }
}

/** Of the pace at which all workers together take ports. */
function forecastOf(forecast: { readonly portsPerSecond: number } | null, left: number) {
  if (left <= 0) return { portsPerSecond: forecast?.portsPerSecond ?? 0, secondsLeft: 0 };
  if (forecast === null || forecast.portsPerSecond <= 0) return null;
  return { portsPerSecond: forecast.portsPerSecond, secondsLeft: left / forecast.portsPerSecond };
}

function isUpstream(row: Part): row is Part & Upstream {
  return (
    typeof row.endpoint === 'string' && Array.isArray(row.addresses) && typeof row.port === 'number' && row.port > 0
  );
}
