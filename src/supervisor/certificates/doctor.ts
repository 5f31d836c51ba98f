// The doctor of certificates: looks at everything that a CA would meet on its way to a name, and says what is in the way, and the cure.

import { randomBytes } from 'node:crypto';
import { challengeCertificate, type Proof } from '../../acme/acme.ts';
import { AddressReader } from '../../base/address.ts';
import type { Clock } from '../../base/clock.ts';
import type { AcmeSettings } from '../../config/config.ts';
import type { ListenerFacts } from '../messages.ts';
import { judgeCaa, ofFallback } from './caa.ts';
import { type Finding, good, problem, sentenceOf, warning } from './finding.ts';
import type { CertificateKeeper } from './keeper.ts';
import { kernelFinding } from './kernel-sight.ts';
import type { Budget } from './ledger.ts';
import { lookUp, lookUpCaa, lookUpCure, resolverOf } from './look-up.ts';
import { type Probed, probeHttp, probeTls } from './probe.ts';
import type { Reach } from './provers.ts';

/** What the doctor needs of the gate. */
export interface DoctorTools {
  readonly clock: Clock;
  readonly keeper: CertificateKeeper;
  readonly reach: Reach;
  listeners(): readonly ListenerFacts[];
  /** What the rules say of a stranger's connection to this port: the rule that denies it, or ''. */
  denial(port: number, family: 4 | 6): Promise<string>;
}

/** Clocks that are further apart than this make certificates that are not valid yet, in ms. */
const maxSkewMs = 60_000;

type ProbedKind = 'http-01' | 'tls-alpn-01';

/** Everything about one name; with '' about the CA and this machine alone. */
export class Doctor {
  readonly #tools: DoctorTools;

  constructor(tools: DoctorTools) {
    this.#tools = tools;
  }

  /** All findings, in the order in which a CA would meet them. */
  async examine(name: string): Promise<Finding[]> {
    const { settings } = this.#tools.keeper;
    if (settings === null)
      return [
        problem('settings', 'no CA is asked for certificates', 'write tls: { acme: { email: ops@example.com } }'),
      ];
    const findings = await this.#examineCa(settings, name);
    if (name !== '') findings.push(...(await this.#examineName(settings, name)));
    return findings;
  }

  /** The problems of a name as sentences, for the last error of its certificate, which need not say twice what is known. */
  async sentences(name: string, known: string): Promise<string[]> {
    const findings = (await this.examine(name)).filter(({ says }) => says !== known);
    const problems = findings.filter(({ level }) => level === 'problem');
    return (problems.length > 0 ? problems : findings.filter(({ level }) => level === 'warning')).map(sentenceOf);
  }

  async #examineCa({ authorities }: AcmeSettings, name: string): Promise<Finding[]> {
    const { keeper, clock } = this.#tools;
    const findings: Finding[] = [];
    for (const settings of authorities) {
      const host = new URL(settings.directory).host;
      try {
        const session = await keeper.authority(settings).session();
        await session.directory(true);
        findings.push(good('ca', `${host} answers`), clockFinding(session.skewMs ?? 0, host));
      } catch (error) {
        findings.push(problem('ca', (error as Error).message, 'certificates in use stay; it is tried again by itself'));
      }
      if (!settings.isLimited || name === '') continue;
      const names = keeper.all.find((managed) => managed.names.includes(name))?.names ?? [name];
      for (const budget of keeper.ledger.budgets(settings.directory, names, clock.now()))
        findings.push(budgetFinding(budget, host));
    }
    return findings;
  }

  async #examineName(settings: AcmeSettings, name: string): Promise<Finding[]> {
    const isWildcard = name.startsWith('*.');
    const bare = isWildcard ? name.slice(2) : name;
    const isAddress = new AddressReader().read(bare) !== 0;
    const resolver = resolverOf(settings.resolvers);
    const findings = isAddress ? [] : await this.#examineCaa(settings, bare, isWildcard, resolver);
    const kinds = settings.challenges.filter((kind): kind is ProbedKind => kind !== 'dns-01');
    if (isWildcard || kinds.length === 0) return findings;
    const found = isAddress ? { four: [bare], six: [], trouble: '' } : await lookUp(bare, resolver);
    const addresses = [...found.four, ...found.six];
    findings.push(addressFinding(bare, addresses, found.trouble));
    for (const kind of kinds) findings.push(...(await this.#examinePort(settings, kind, bare, addresses)));
    return findings;
  }

  async #examineCaa(
    settings: AcmeSettings,
    name: string,
    isWildcard: boolean,
    resolver: ReturnType<typeof resolverOf>,
  ): Promise<Finding[]> {
    const { at, records, trouble } = await lookUpCaa(name, resolver);
    // A CA must not issue where it cannot look (CA/Browser Forum, 3.2.2.8).
    if (trouble !== '')
      return [
        problem(
          'caa',
          `CAA of ${at} cannot be looked up (${trouble}), and then no CA may issue`,
          lookUpCure(at, trouble),
        ),
      ];
    const findings: Finding[] = [];
    for (const [index, own] of settings.authorities.entries()) {
      const authority = this.#tools.keeper.authority(own);
      const identities = await authority
        .session()
        .then((session) => session.directory())
        .then(
          ({ caaIdentities }) => caaIdentities,
          () => [],
        );
      const accountUrl = await authority.accountUrl();
      const found = judgeCaa(records, at, { name, isWildcard, identities, accountUrl, kinds: settings.challenges });
      // What holds for every CA is said once.
      if (index === 0) findings.push(found);
      else if (found.says !== findings[0]!.says) findings.push(ofFallback(found, new URL(own.directory).host));
    }
    return findings;
  }

  /** One kind of proof: a listener, the rules, the kernel, and a real request to each address. */
  async #examinePort(
    settings: AcmeSettings,
    kind: ProbedKind,
    name: string,
    addresses: readonly string[],
  ): Promise<Finding[]> {
    const isTls = kind === 'tls-alpn-01';
    const port = isTls ? settings.tlsPort : settings.httpPort;
    const check = `port-${port}`;
    const findings: Finding[] = [];
    const listener = this.#tools.listeners().find((one) => one.tls === isTls && one.port === port);
    if (listener === undefined) {
      const elsewhere = this.#tools.listeners().find(({ tls }) => tls === isTls);
      const write = isTls ? `- { port: ${port}, tls: true }` : `- { port: ${port}, redirect: https }`;
      findings.push(
        elsewhere === undefined
          ? problem(
              check,
              `no listener can answer ${kind}, for which the CA calls TCP port ${port}`,
              `add ${write} under listen`,
            )
          : warning(
              check,
              `the CA calls TCP port ${port} for ${kind}, and the gate listens at ${elsewhere.port}`,
              `have port ${port} led there, or add ${write} under listen`,
            ),
      );
    }
    for (const family of [4, 6] as const) {
      const own = addresses.filter((address) => address.includes(':') === (family === 6));
      if (own.length === 0 && (family === 6 || addresses.length > 0)) continue;
      const denial = await this.#tools.denial(listener?.port ?? port, family);
      if (denial !== '')
        findings.push(problem(check, denial, `put allow tcp ${port} from any before it: CAs call from anywhere`));
      const kernel = await kernelFinding(port, family);
      if (kernel !== null) findings.push(kernel);
      // Who is turned away at accept would only be told so again, at each address.
      if (denial === '') for (const address of own) findings.push(await this.#probe(kind, name, address, port));
    }
    return findings;
  }

  /** Shows a proof as for a CA, and looks for it at the address. */
  async #probe(kind: ProbedKind, name: string, address: string, port: number): Promise<Finding> {
    const check = `port-${port}`;
    const probed = await this.#ask(kind, name, address, port);
    if (probed.isProof) return good(check, `${kind} is answered by this gate at ${address}, TCP port ${port}`);
    return problem(
      check,
      `${name} leads to ${address}, where ${probed.says}`,
      `lead ${name} and TCP port ${port} to this gate, or take the record with ${address} away`,
    );
  }

  async #ask(kind: ProbedKind, name: string, address: string, port: number): Promise<Probed> {
    const { keeper, clock, reach } = this.#tools;
    const token = randomBytes(24).toString('base64url');
    const proof: Proof = { name, token, answer: `${token}.${randomBytes(32).toString('base64url')}` };
    if (kind === 'http-01') {
      await keeper.http.show([proof]);
      return probeHttp(address, port, name, token, proof.answer).finally(() => keeper.http.hide([proof]));
    }
    // Not the name itself: an order for it may be under way, whose proof must not be taken away.
    const probe = `${token.toLowerCase().replaceAll('_', '-').replaceAll('-', 'x')}.doctor.invalid`;
    await reach.putCertificates([
      { kind: 'challenge', name: probe, pair: challengeCertificate(probe, proof.answer, clock.now()) },
    ]);
    const gone = () => reach.putCertificates([{ kind: 'challenge', name: probe, pair: null }]).catch(() => undefined);
    return probeTls(address, port, probe, proof.answer).finally(gone);
  }
}

function budgetFinding({ says, left, most, moreAt, isGuess }: Budget, host: string): Finding {
  const how = isGuess ? '; counted by the last labels, where the CA counts by the public suffix list' : '';
  if (left > 0) return good('budget', `${left} of ${most} ${says} are left at ${host}${how}`);
  const find = isGuess ? warning : problem;
  return find(
    'budget',
    `the budget of ${most} ${says} at ${host} is spent${how}`,
    `wait until ${new Date(moreAt).toISOString()}, or name a fallback`,
  );
}

function clockFinding(skewMs: number, host: string): Finding {
  if (Math.abs(skewMs) <= maxSkewMs) return good('clock', `the clock of this machine is that of ${host}`);
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const side = skewMs > 0 ? 'behind' : 'ahead of';
  return problem(
    'clock',
    `the clock of this machine is ${minutes} minutes ${side} that of ${host}`,
    'set it: timedatectl set-ntp true',
  );
}

function addressFinding(name: string, addresses: readonly string[], trouble: string): Finding {
  if (addresses.length > 0) return good('dns', `${name} is ${addresses.join(', ')}`);
  if (trouble !== '') return problem('dns', `${name} cannot be looked up (${trouble})`, lookUpCure(name, trouble));
  return problem(
    'dns',
    `${name} has no A and no AAAA record, so that no CA finds it`,
    `add the record ${name}. A with the public address of this gate`,
  );
}
