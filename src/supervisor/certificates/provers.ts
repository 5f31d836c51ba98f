// How proofs get to where a CA looks: HTTP-01 and TLS-ALPN-01 are answered by the workers, who all have them before the CA is told.

import { challengeCertificate, type Proof, type Prover } from '../../acme/acme.ts';
import type { Clock } from '../../base/clock.ts';
import type { AcmeSettings } from '../../config/config.ts';
import type { ChallengeToken } from '../../http/http.ts';
import type { ShelfChange } from '../../tls/tls.ts';

/** How the workers are reached. Both are fulfilled when every worker has it. */
export interface Reach {
  /** All tokens of the moment. */
  useTokens(tokens: readonly ChallengeToken[]): Promise<void>;
  putCertificates(changes: readonly ShelfChange[]): Promise<void>;
}

/** What provers are made with. */
export interface ProverTools extends Reach {
  readonly clock: Clock;
  /** Sets records for DNS-01. */
  dnsProver(settings: NonNullable<AcmeSettings['dns']>, resolvers: readonly string[]): Prover;
}

/** Answers at `/.well-known/acme-challenge/`, on every listener. */
export class HttpProver implements Prover {
  readonly kind = 'http-01';
  readonly #reach: Reach;
  readonly #shown = new Map<string, ChallengeToken>();

  constructor(reach: Reach) {
    this.#reach = reach;
  }

  /** What is answered at the moment, for a worker that starts now. */
  get tokens(): readonly ChallengeToken[] {
    return [...this.#shown.values()];
  }

  async show(proofs: readonly Proof[]): Promise<void> {
    for (const { token, answer } of proofs) this.#shown.set(token, { token, answer });
    await this.#reach.useTokens(this.tokens);
  }

  /** Answers what the gate before this one answers, too: its orders are gone on with here. What it takes away meanwhile does no harm. */
  async inherit(tokens: readonly ChallengeToken[]): Promise<void> {
    for (const one of tokens) this.#shown.set(one.token, one);
    await this.#reach.useTokens(this.tokens);
  }

  async hide(proofs: readonly Proof[]): Promise<void> {
    for (const { token } of proofs) this.#shown.delete(token);
    await this.#reach.useTokens(this.tokens).catch(() => undefined);
  }
}

/** Certificates that only a client with `acme-tls/1` is shown. */
export function tlsProver(reach: Reach, clock: Clock): Prover {
  return {
    kind: 'tls-alpn-01',
    show: (proofs) =>
      reach.putCertificates(
        proofs.map(({ name, answer }) => ({
          kind: 'challenge',
          name,
          pair: challengeCertificate(name, answer, clock.now()),
        })),
      ),
    hide: (proofs) =>
      reach.putCertificates(proofs.map(({ name }) => ({ kind: 'challenge', name, pair: null }))).catch(() => undefined),
  };
}

/** The provers of these settings, in the order in which they are tried. None takes away what it shows while proofs are to stay, because
 * another gate goes on with the order. */
export function proversOf(
  { challenges, dns, resolvers }: AcmeSettings,
  http: HttpProver,
  tools: ProverTools,
  isStaying: () => boolean,
): Prover[] {
  const all = challenges.flatMap((kind) => {
    if (kind === 'http-01') return [http];
    if (kind === 'tls-alpn-01') return [tlsProver(tools, tools.clock)];
    return dns === null ? [] : [tools.dnsProver(dns, resolvers)];
  });
  return all.map((prover) => ({
    kind: prover.kind,
    show: (proofs) => prover.show(proofs),
    hide: async (proofs) => (isStaying() ? undefined : prover.hide(proofs)),
  }));
}
