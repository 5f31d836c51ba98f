// What of certificates the owner can ask: the list, a renewal, a diagnosis.

import type { Answers, ControlQuestion } from '../control.ts';
import { type FormerCertificate, isOpen } from './former.ts';
import type { CertificateKeeper } from './keeper.ts';
import type { Managed } from './managed.ts';
import { rekeyAccounts } from './rekeying.ts';
import type { Revocations } from './revocation.ts';

/** One row of `certs list`. Times are ISO 8601, or null. */
export interface Listed {
  readonly names: readonly string[];
  readonly issuer: string;
  readonly profile: string;
  readonly authority: string;
  readonly notAfter: string | null;
  readonly renewAt: string | null;
  /** Why the CA would have it renewed then: a page of its own, or ''. */
  readonly explanation: string;
  readonly state: 'good' | 'waiting' | 'working' | 'failing';
  readonly lastError: string;
  readonly triedAgainAt: string | null;
}

/** One row of `certs list --former`. Times are ISO 8601, or null. */
export interface FormerListed {
  readonly names: readonly string[];
  readonly serial: string;
  readonly authority: string;
  readonly notAfter: string;
  readonly replacedAt: string | null;
  readonly state: 'replaced' | 'to be revoked' | 'revoked';
  /** Of the revocation, or ''. */
  readonly reason: string;
}

/** The table of answers over a keeper. */
export function answersOf(
  keeper: CertificateKeeper,
  revocations: Revocations,
  diagnose: (name: string) => Promise<unknown>,
): Answers {
  return {
    certificates: ({ former }: ControlQuestion) => ({
      isOn: keeper.settings !== null,
      rows: keeper.all.map(listed),
      ...(former === true && { former: keeper.former.all.map(listedFormer) }),
    }),
    renew: async (question: ControlQuestion) => {
      const name = typeof question.name === 'string' ? question.name.toLowerCase() : '';
      return listed(await keeper.renew(name, question.force === true));
    },
    revoke: ({ name, reason, force }: ControlQuestion) =>
      revocations.revoke(textOf(name).toLowerCase(), textOf(reason) || 'unspecified', force === true),
    rekey: () => rekeyAccounts(keeper),
    diagnose: (question: ControlQuestion) =>
      diagnose(typeof question.name === 'string' ? question.name.toLowerCase() : ''),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function listed(managed: Managed): Listed {
  const { names, kept, chain, doing, renewAt } = managed;
  const { certificate, failure, renewal } = kept;
  return {
    names,
    issuer: chain?.issuers[0] ?? '',
    profile: certificate?.profile ?? '',
    authority: certificate?.authority ?? '',
    notAfter: chain === null ? null : iso(chain.notAfter),
    renewAt: chain === null ? null : iso(Math.max(renewAt, failure?.nextAt ?? 0)),
    explanation: renewal?.window?.explanation ?? '',
    state: doing === 'issue' ? 'working' : failure !== null ? 'failing' : chain === null ? 'waiting' : 'good',
    lastError: failure?.says ?? '',
    triedAgainAt: failure === null ? null : iso(failure.nextAt),
  };
}

function listedFormer({ names, serial, authority, notAfter, replacedAt, revocation }: FormerCertificate): FormerListed {
  return {
    names,
    serial,
    authority,
    notAfter: iso(notAfter),
    replacedAt: replacedAt === 0 ? null : iso(replacedAt),
    state: revocation === null ? 'replaced' : isOpen(revocation) ? 'to be revoked' : 'revoked',
    reason: revocation?.reason ?? '',
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
