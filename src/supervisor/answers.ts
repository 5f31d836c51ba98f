// What one worker answers to the owner's commands: status, connections, firewall, explain, rehearse. `merge.ts` makes one answer of several.

import { CidrSet, parseCidr } from '../base/cidr.ts';
import type { Listener } from '../gate.ts';
import type { Gateway } from '../gateway.ts';
import { forecast } from '../ports/ports.ts';
import { type Hypothesis, type RehearsedListener, rehearse } from '../rehearsal.ts';
import type { Answers, ControlQuestion } from './control.ts';
import { readDescriptors, readResidentBytes, version } from './figures.ts';

/** A listener that a worker accepts on. */
export interface Opened {
  readonly socket: { readonly address: string; readonly port: number };
  readonly listener: Listener;
}

/** The table of answers over a gate that runs since `startedAt` (ms since 1970). */
export function answersOf(gateway: Gateway, opened: () => readonly Opened[], startedAt: number): Answers {
  const memory = new Memory();
  const pace = new Pace(startedAt);
  return {
    status: () => statusOf(gateway, opened(), startedAt, memory, pace),
    connections: (question) => connectionsOf(gateway, question),
    close: (question) => typeof question.number === 'number' && gateway.close(question.number),
    firewall: () => firewallOf(gateway),
    purge: (question) => purged(gateway, question),
    learnt: () => gateway.generation.model.takeLearnt(),
    bill: () => gateway.generation.waf.bill(),
    excused: () => gateway.generation.waf.excused(),
    explain: (question) => explainOf(gateway, question),
    rehearse: (question) =>
      rehearse(gateway.generation, hypothesisOf(question), gateway.tools.clock.now(), opened().map(rehearsed)),
  };
}

/** Resident memory before there was any connection, to tell what a connection costs. */
class Memory {
  #baseBytes = readResidentBytes();

  /** Memory now, and its growth shared among the open connections. With few of them the growth is not theirs. */
  read(open: number): { rssBytes: number; availableBytes: number; perConnectionBytes?: number } {
    const rssBytes = readResidentBytes();
    if (open === 0) this.#baseBytes = Math.min(this.#baseBytes, rssBytes);
    const availableBytes = process.availableMemory();
    if (open < 100) return { rssBytes, availableBytes };
    return {
      rssBytes,
      availableBytes,
      perConnectionBytes: Math.max(0, Math.round((rssBytes - this.#baseBytes) / open)),
    };
  }
}

/** Requests a second since the last time somebody asked (at least a second ago). */
class Pace {
  #at: number;
  #total = 0;
  #perSecond = 0;

  constructor(at: number) {
    this.#at = at;
  }

  read(total: number, now: number): number {
    const seconds = (now - this.#at) / 1000;
    if (seconds >= 1) {
      this.#perSecond = (total - this.#total) / seconds;
      this.#at = now;
      this.#total = total;
    }
    return this.#perSecond;
  }
}

function statusOf(gateway: Gateway, opened: readonly Opened[], startedAt: number, memory: Memory, pace: Pace) {
  const { generation, tools } = gateway;
  const { connections, observe, clock } = tools;
  const counts = connections.counts();
  const told = observe.counts();
  const total = told.exchanges;
  return {
    version: version(),
    pid: process.pid,
    since: new Date(startedAt).toISOString(),
    workers: 1,
    listeners: opened.map(({ socket, listener }) => ({
      name: listener.name,
      address: socket.address,
      port: socket.port,
      tls: listener.tls,
      accepted: listener.accepted,
      open: counts.listeners[listener.name] ?? 0,
    })),
    connections: {
      open: counts.total,
      max: connections.settings.maxConnections,
      idle: counts.stages.idle ?? 0,
      clients: connections.clients,
      perStage: counts.stages,
      denied: sumOf(told.whys, 'firewall/'),
      refused: sumOf(told.whys, 'connections/'),
    },
    memory: memory.read(counts.total),
    descriptors: readDescriptors(),
    requests: {
      total,
      perSecond: pace.read(total, clock.now()),
      refusedByWhy: told.whys,
      statuses: told.statuses,
      detected: told.detected,
    },
    firewall: { rules: generation.firewall.rules.length, default: generation.firewall.default },
    upstreams: upstreamsOf(gateway),
    queued: generation.proxy.routes.reduce((sum, { waiting }) => sum + waiting, 0),
    certificates: generation.tls?.describe() ?? [],
    bots: { held: gateway.tarpit.size },
    waf: { mode: generation.settings.waf.mode, threshold: generation.settings.waf.threshold },
    journal: told.journal,
    audit: told.audit,
    logs: told.logs,
    traces: told.traces,
  };
}

function sumOf(whys: Readonly<Record<string, number>>, prefix: string): number {
  let sum = 0;
  for (const [why, count] of Object.entries(whys)) if (why.startsWith(prefix)) sum += count;
  return sum;
}

function upstreamsOf(gateway: Gateway) {
  const { proxy, siteSettings } = gateway.generation;
  return proxy.describe().map(({ tuples, ...facts }) => ({
    ...facts,
    // One pool serves all sites that name the same upstream.
    site: siteSettings
      .filter(({ to }) => to.some(({ url }) => url === facts.upstream))
      .map(({ name }) => name)
      .join(', '),
    // What this process knows of its own doing: what the kernel sees is looked at once for all (`PortWatch`).
    ephemeral: { used: tuples.used, available: tuples.ports, forecast: forecast(tuples.samples, tuples.ports) },
  }));
}

function connectionsOf(gateway: Gateway, question: ControlQuestion) {
  const { connections } = gateway.tools;
  const { share = question.limit } = question;
  const limit = typeof share === 'number' ? share : 1000;
  const after = typeof question.after === 'number' ? question.after : 0;
  const client = typeof question.client === 'string' ? { client: question.client } : {};
  return { total: connections.size, rows: connections.list({ limit, after, ...client }) };
}

function firewallOf(gateway: Gateway) {
  const { firewall } = gateway.generation;
  return {
    rules: firewall.rules.map((rule) => ({ ...rule, hits: firewall.hits[rule.number] ?? 0 })),
    default: firewall.default,
    defaultHits: firewall.hits[0] ?? 0,
  };
}

function explainOf(gateway: Gateway, question: ControlQuestion) {
  const { observe } = gateway.tools;
  const { reasons } = gateway.generation;
  if (typeof question.id === 'string') return { journey: observe.find(question.id), reasons };
  const from = typeof question.from === 'string' ? question.from : '';
  return { journeys: observe.findByTuple(from, typeof question.to === 'string' ? question.to : null), reasons };
}

/** Forgets what is remembered of a client, before a time, or all; how many exchanges that were. */
function purged({ tools }: Gateway, { client, until, all }: ControlQuestion): number {
  const parsed = typeof client === 'string' ? parseCidr(client) : null;
  if (parsed !== null && !parsed.ok) throw new Error(parsed.fault.says);
  if (parsed === null && typeof until !== 'number' && all !== true)
    throw new Error('purge needs a client, a time, or all');
  const networks = parsed === null ? null : new CidrSet([parsed.value]);
  return tools.observe.forget(
    (address, at) => (networks === null || networks.has(address)) && (typeof until !== 'number' || at < until),
  );
}

/** A listener as it is open: its port is the bound one, also where the settings leave the choice to the kernel. */
function rehearsed({ listener }: Opened): RehearsedListener {
  return { port: listener.port, tls: listener.tls, redirect: listener.redirectPort > 0 ? 'https' : null };
}

/** Only what has the right form is taken; the rest is as if it had not been said. */
function hypothesisOf(question: ControlQuestion): Hypothesis {
  const taken: Record<string, unknown> = {};
  for (const name of ['from', 'to', 'method', 'target', 'host', 'body'])
    if (typeof question[name] === 'string') taken[name] = question[name];
  if (Array.isArray(question.headers)) taken.headers = question.headers.filter(isPair);
  return taken;
}

function isPair(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
}
