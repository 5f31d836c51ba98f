// A keeper of certificates with a data directory of its own, and a web server in the place of the workers.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { type Clock, systemClock } from '../src/base/clock.ts';
import type { AcmeSettings } from '../src/config/config.ts';
import { CertificateKeeper } from '../src/supervisor/certificates/keeper.ts';
import { type ShelfChange, systemFiles } from '../src/tls/tls.ts';
import type { Pebble } from './pebble.ts';

/** Where Pebble looks for HTTP-01, and what the keeper would have the workers serve. */
export async function keeperWorld(context: TestContext, clock: Clock = systemClock) {
  const directory = mkdtempSync(join(tmpdir(), 'keeper-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  /** What is answered to a CA. */
  const proofs: { tokens: readonly { token: string; answer: string }[] } = { tokens: [] };
  const web = createServer((request, response) => {
    const token = (request.url ?? '').split('/').at(-1);
    const found = proofs.tokens.find((one) => one.token === token);
    response.writeHead(found === undefined ? 404 : 200).end(found?.answer ?? '');
  });
  await once(web.listen(0, '127.0.0.1'), 'listening');
  context.after(() => web.close());
  const served = new Map<string, { certificate: string; key: string }>();
  const said: string[] = [];
  const warned: string[] = [];
  const hearers: (() => void)[] = [];
  const hear = (): void => {
    for (const hearer of hearers) hearer();
  };
  /** Fulfilled once it holds. */
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (holds()) resolve();
      };
      hearers.push(look);
      look();
    });
  const keeperOf = (): CertificateKeeper => {
    const keeper = new CertificateKeeper({
      clock,
      dataDirectory: directory,
      files: systemFiles,
      random: () => 0,
      useTokens: async (next) => {
        proofs.tokens = next;
        hear();
      },
      putCertificates: async (changes: readonly ShelfChange[]) => {
        for (const change of changes)
          if (change.kind === 'certificate')
            if (change.pair === null) served.delete(change.id);
            else served.set(change.id, change.pair);
        hear();
      },
      diagnose: async (name) => [`the doctor looked at ${name}`],
      dnsProver: () => assert.fail('no dns here'),
      warn: (says) => {
        warned.push(says);
        hear();
      },
      say: (says) => {
        said.push(says);
        hear();
      },
    });
    context.after(() => keeper.stop());
    return keeper;
  };
  const port = (web.address() as AddressInfo).port;
  return { directory, served, said, warned, until, keeperOf, port, web: proofs };
}

/** Settings that ask these CAs. */
export function acmeSettings(
  context: TestContext,
  pebbles: readonly Pick<Pebble, 'directory' | 'roots'>[],
  names: readonly string[],
  more: Partial<AcmeSettings> = {},
): AcmeSettings {
  const directory = mkdtempSync(join(tmpdir(), 'roots-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const authorities = pebbles.map((pebble, index) => {
    const roots = join(directory, `${index}.pem`);
    writeFileSync(roots, pebble.roots);
    return { directory: pebble.directory, externalAccount: null, roots, isLimited: false };
  });
  return {
    email: 'ops@example.com',
    authorities,
    staging: null,
    wanted: names.map((name) => [name]),
    challenges: ['http-01'],
    dns: null,
    keyKind: 'ecdsa-p256',
    profile: '',
    preferredIssuer: '',
    httpPort: 80,
    tlsPort: 443,
    resolvers: [],
    ...more,
  };
}

/** Fulfilled once everything is written: the CA was asked when to renew, too. */
export async function rested(keeper: CertificateKeeper): Promise<void> {
  while (keeper.all.some(({ kept, isBusy }) => isBusy || kept.renewal === null)) await immediate();
}
