// DNS-01: records are set by a command of the owner's, or by dynamic updates (RFC 2136); then it is looked whether every server has them.

import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { dnsText, type Proof, type Prover, updateRecord } from '../../acme/acme.ts';
import type { Clock } from '../../base/clock.ts';
import { type AcmeSettings, readSecret } from '../../config/config.ts';
import { awaitSpread, type PropagationTools } from './propagation.ts';

type DnsSettings = NonNullable<AcmeSettings['dns']>;

/** Longest run of a hook, in ms. */
const hookMs = 120_000;
const maxSaid = 500;

/** What a prover is handed. */
export interface DnsProverTools {
  readonly clock: Clock;
  readonly resolvers: readonly string[];
  /** The port of name servers: 53, but for tests. */
  readonly port?: number;
  /** Hears what the owner should know although the CA is asked. */
  note(says: string): void;
}

/** A prover under these settings. */
export function dnsProver(settings: DnsSettings, tools: DnsProverTools): Prover {
  const { update, hook } = settings;
  const { clock } = tools;
  const change = (what: 'present' | 'cleanup', proof: Proof): Promise<void> => {
    const name = `_acme-challenge.${proof.name}`;
    if (update !== null)
      return changeRecord(update, what === 'present' ? 'add' : 'remove', name, dnsText(proof), clock);
    return callHook(hook ?? [], what, name, dnsText(proof));
  };
  return {
    kind: 'dns-01',
    show: async (proofs) => {
      // One after the other: a zone that several change at once is what hooks of people are not written for.
      for (const proof of proofs) await change('present', proof);
      await settle(proofs, settings, tools);
    },
    hide: async (proofs) => {
      for (const proof of proofs) await change('cleanup', proof).catch(() => undefined);
    },
  };
}

async function changeRecord(
  update: NonNullable<DnsSettings['update']>,
  what: 'add' | 'remove',
  name: string,
  text: string,
  clock: Clock,
): Promise<void> {
  await updateRecord({ ...update, key: readSecret(update.key) }, what, name, text, clock);
}

/** Waits until a CA would see the records: as long as the zone's own servers say, or a fixed time where these cannot be asked. */
async function settle(proofs: readonly Proof[], settings: DnsSettings, tools: DnsProverTools): Promise<void> {
  const { waitMs, propagationMs } = settings;
  const { clock, resolvers, port = 53, note } = tools;
  if (propagationMs > 0) {
    const sought = proofs.map((proof) => ({ name: `_acme-challenge.${proof.name}`, text: dnsText(proof) }));
    const spreading: PropagationTools = { resolvers, port, monotonicMs: () => clock.monotonicMs(), pause: wait };
    const { outcome, says } = await awaitSpread(sought, propagationMs, spreading);
    if (outcome === 'seen' || outcome === 'missing') {
      if (says !== '') note(`${says}; the CA is asked all the same`);
      return;
    }
    note(`${says}, so that the CA is asked after ${waitMs / 1000} s (tls.acme.dns.wait)`);
  }
  if (waitMs > 0) await wait(waitMs);
}

/** Runs the command with `present NAME TEXT` or `cleanup NAME TEXT` behind its own words; rejects with what it said. */
export function callHook(command: readonly string[], ...words: readonly string[]): Promise<void> {
  const [program = '', ...own] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...own, ...words], { stdio: ['ignore', 'ignore', 'pipe'], timeout: hookMs });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-maxSaid);
    });
    const fail = (how: string): void =>
      reject(
        new Error(
          `the DNS hook ${program} ${words.slice(0, 2).join(' ')} ${how}${said === '' ? '' : `: ${said.trim()}`}`,
        ),
      );
    child.once('error', (error) => fail(`cannot be run (${error.message})`));
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else
        fail(signal === null ? `ended with ${code}` : `was ended by ${signal}, at the latest after ${hookMs / 1000} s`);
    });
  });
}
