// Certificates that look after themselves, put together for one gate: the keeper, the doctor, and how both reach the workers.

import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../base/clock.ts';
import type { Settings } from '../../config/config.ts';
import type { ChallengeToken } from '../../http/http.ts';
import type { Rehearsal } from '../../rehearsal.ts';
import { type ShelfChange, systemFiles } from '../../tls/tls.ts';
import type { Answers, ControlQuestion } from '../control.ts';
import type { Deltas, ListenerFacts, Order } from '../messages.ts';
import { answersOf } from './desk.ts';
import { dnsProver } from './dns-prover.ts';
import { Doctor } from './doctor.ts';
import { CertificateKeeper } from './keeper.ts';
import { OnDemand, type OnDemandSettings } from './on-demand.ts';
import type { Reach } from './provers.ts';
import { Revocations } from './revocation.ts';
import { stranger, strangerPort } from './stranger.ts';

/** What of the gate it needs. */
export interface CertificatesTools {
  /** Fulfilled when every worker has done it. */
  order(order: Order): Promise<void>;
  /** Serves certificates; fulfilled when every worker does. */
  put(changes: readonly ShelfChange[]): Promise<void>;
  /** Tells whoever is about to take this gate's place what it shows and serves. */
  share(name: string, what: unknown): void;
  listeners(): readonly ListenerFacts[];
  /** Asks the workers a question of the control socket. */
  ask(question: ControlQuestion): Promise<unknown>;
  /** Tells the owner. */
  say(text: string): void;
}

/** Longest time that ending may wait for what is under way, such as the command of a DNS hook, in ms. */
const longestStopMs = 10_000;

/** The certificates of one gate. */
export class Certificates {
  readonly keeper: CertificateKeeper;
  readonly #doctor: Doctor;
  readonly #revocations: Revocations;
  readonly #tools: CertificatesTools;
  #onDemand: OnDemand | null = null;

  constructor(dataDirectory: string, tools: CertificatesTools) {
    this.#tools = tools;
    const say = (says: string): void => tools.say(says);
    const reach: Reach = {
      useTokens: (tokens) => {
        tools.share('tokens', tokens);
        return tools.order({ kind: 'absorb', deltas: [['tokens', tokens]] });
      },
      putCertificates: (changes) => {
        tools.share('certificates', changes);
        return tools.put(changes);
      },
    };
    const random = () => randomInt(2 ** 32) / 2 ** 32;
    this.keeper = new CertificateKeeper({
      clock: systemClock,
      dataDirectory,
      files: systemFiles,
      random,
      ...reach,
      diagnose: (name, but) => this.#doctor.sentences(name, but),
      dnsProver: (settings, resolvers) => dnsProver(settings, { clock: systemClock, resolvers, note: say }),
      warn: say,
      say,
    });
    this.#revocations = new Revocations(this.keeper, { clock: systemClock, random, warn: say, say });
    this.#doctor = new Doctor({
      clock: systemClock,
      keeper: this.keeper,
      reach,
      listeners: tools.listeners,
      denial: (port, family) => denialOf(port, family, tools),
    });
  }

  /** What a worker that starts is to know beside the certificates themselves. */
  get known(): Deltas {
    return [['tokens', this.keeper.tokens]];
  }

  /** Goes on under these settings; `served` are names that files serve. */
  adopt(settings: Settings, served: readonly string[]): Promise<void> {
    this.#adoptOnDemand(settings.tls.onDemand);
    return this.keeper.adopt(settings.tls.acme, served);
  }

  /** What was granted under the settings before counts on. */
  #adoptOnDemand(settings: OnDemandSettings | null): void {
    if (settings === null) this.#onDemand = null;
    else if (this.#onDemand !== null) this.#onDemand.settings = settings;
    else {
      const demand = (name: string) => this.keeper.demand(name);
      this.#onDemand = new OnDemand(settings, {
        clock: systemClock,
        status,
        demand,
        say: (text) => this.#tools.say(text),
      });
    }
  }

  /** Answers what the gate before this one answers to CAs, whose orders are gone on with here. */
  inherit(tokens: readonly ChallengeToken[]): Promise<void> {
    return this.keeper.http.inherit(tokens);
  }

  /** The gate before this one has let go: what it wrote until then holds. */
  takeOver(): Promise<void> {
    return this.keeper.takeOver();
  }

  /** A client asked a worker for a name that nobody serves: workers hear whether it is served now. */
  want(name: string): void {
    const decided = this.#onDemand?.decide(name) ?? Promise.resolve(false);
    void decided
      .catch(() => false)
      .then((isThere) => this.#tools.order({ kind: 'wanted', name, isThere }))
      .catch(() => {});
  }

  /** The workers are there: CAs may be asked. */
  start(): void {
    this.keeper.start();
    this.#revocations.resume();
  }

  /** Gives up what is under way; fulfilled when nothing more is written, or it takes too long. Where another gate goes on with it, its proofs stay. */
  async stop(isHandedOver = false): Promise<void> {
    this.#revocations.stop();
    await Promise.race([this.keeper.stop(isHandedOver), wait(longestStopMs, undefined, { ref: false })]);
  }

  /** The table of answers for the control socket. */
  answers(): Answers {
    return answersOf(this.keeper, this.#revocations, (name) => this.#doctor.examine(name));
  }
}

/** The status of a GET, without following where it is sent on. */
async function status(url: string, timeoutMs: number): Promise<number> {
  const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
  await answer.body?.cancel();
  return answer.status;
}

/** The rule that keeps strangers from a port at accept, as a sentence; '' where none does. */
async function denialOf(port: number, family: 4 | 6, { ask }: CertificatesTools): Promise<string> {
  const from = `${family === 4 ? stranger[4] : `[${stranger[6]}]`}:${strangerPort}`;
  const { journey } = (await ask({ ask: 'rehearse', from, to: `:${port}/tcp` })) as Rehearsal;
  const { action, rule, description, at } = journey.firewall;
  if (action !== 'DENY') return '';
  const which =
    rule > 0
      ? `rule ${rule}${description === '' ? '' : ` "${description}"`}${at === '' ? '' : ` (${at})`}`
      : 'the default of the firewall';
  return `${which} denies TCP port ${port}${family === 6 ? ' over IPv6' : ''} to the Internet`;
}
