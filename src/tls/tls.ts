// The TLS station's door: takes accepted sockets and gives them back secured, or says why they could not be.

import type { Socket } from 'node:net';
import { type Built, built, failed, type Problem } from '../base/problem.ts';
import { loadCertificates } from './certificates.ts';
import { Handshakes, type OnFailed, type OnSecure } from './handshakes.ts';
import type { Description, Identity } from './identity.ts';
import { issueLocally, type LocalTools } from './local-ca.ts';
import { NameIndex, readName } from './names.ts';

export { reasons } from './failures.ts';
export { type Files, makeDirectories, systemFiles } from './files.ts';
export type { OnFailed, OnSecure } from './handshakes.ts';
export type { Description } from './identity.ts';

/** Most names that the local CA puts into its certificate: each lengthens every handshake. */
const maxLocalNames = 100;

/** The part of the settings named `tls`. Paths are absolute. */
export interface TlsSettings {
  readonly certificates: readonly { readonly certificate: string; readonly key: string }[];
  readonly localNames: readonly string[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** The outside: where the local CA lives, the machine's name and time, files, and how long a handshake may take. */
export interface TlsTools extends LocalTools {
  readonly handshakeTimeoutMs: number;
}

/** The station. */
export interface Tls {
  /**
   * Performs a handshake as a server on a connected socket that nobody reads. Exactly one of the two is called, once, not
   * before this returns; before `onFailed(why, says)` the socket is destroyed, `why` being a name of `reasons`.
   */
  secure(socket: Socket, onSecure: OnSecure, onFailed: OnFailed): void;
  /** Seals session tickets with these 48 random bytes from now on; those sealed before lead to full handshakes. */
  useTicketKeys(keys: Buffer): void;
  /** Every certificate; the first serves clients whose name no other has. */
  describe(): readonly Description[];
  /** The local CA's certificate, to be trusted by clients; null where no name needs it. */
  readonly caCertificatePath: string | null;
}

/**
 * Loads certificates, makes what the local CA lacks, and gives the station or every problem. It is the one `build` that
 * waits and writes (DESIGN 3, law 4: files are the rim's): keys must exist before the first handshake, and making them on
 * the way would let a client wait for the disk.
 */
export async function build(settings: TlsSettings, tools: TlsTools): Promise<Built<Tls>> {
  const loaded = await loadCertificates(settings.certificates, tools);
  const problems = [...loaded.problems];
  const warnings = [...loaded.warnings];
  const localNames = readLocalNames(settings.localNames, problems);
  if (problems.length > 0) return failed(problems);

  const identities: Identity[] = [...loaded.identities];
  const index = indexOf(identities, warnings);
  const uncovered = localNames.filter((name) => index.lookUp(name) === undefined);
  let caCertificatePath: string | null = null;
  if (uncovered.length > 0) {
    const issued = await issueLocally(uncovered, tools);
    if (!issued.ok) return issued;
    warnings.push(...issued.warnings);
    identities.push(issued.value);
    caCertificatePath = issued.value.caCertificatePath;
  }
  const [first, ...others] = identities;
  if (first === undefined) return failed([nothingToShow]);

  const timeouts = { minVersion: settings.minVersion, timeoutMs: tools.handshakeTimeoutMs };
  const handshakes = new Handshakes([first, ...others], timeouts);
  const descriptions = Object.freeze(identities.map((identity) => identity.description));
  const station: Tls = {
    secure: (socket, onSecure, onFailed) => handshakes.secure(socket, onSecure, onFailed),
    useTicketKeys: (keys) => handshakes.useTicketKeys(keys),
    describe: () => descriptions,
    caCertificatePath,
  };
  return built(station, warnings);
}

const nothingToShow: Problem = {
  path: ['certificates'],
  code: 'tls/no-certificate',
  says: 'there is no certificate to show: no file is named, and no name for the local CA',
  instead: 'name a certificate and its key, or a host that the local CA certifies',
};

function readLocalNames(names: readonly string[], problems: Problem[]): string[] {
  if (names.length > maxLocalNames)
    problems.push({
      path: ['localNames'],
      code: 'tls/too-many-names',
      says: `${names.length} names are more than the ${maxLocalNames} that one local certificate holds`,
      instead: 'use a wildcard (*.example.test) for hosts under one name',
    });
  const read = new Set<string>();
  for (const [at, text] of names.entries()) {
    const name = readName(text);
    if (name !== null) read.add(name);
    else
      problems.push({
        path: ['localNames', at],
        code: 'tls/bad-name',
        says: `"${text}" is no name that a certificate can have`,
        instead: 'write a host name (app.localhost), a wildcard for one label (*.app.test) or an IP address',
      });
  }
  return [...read];
}

function indexOf(identities: readonly Identity[], warnings: Problem[]): NameIndex<Identity | null> {
  const index = new NameIndex<Identity | null>(null);
  for (const [at, identity] of identities.entries())
    for (const name of identity.description.names) {
      if (index.add(name, identity) || index.lookUp(name) === identity) continue;
      warnings.push({
        path: ['certificates', at],
        code: 'tls/name-twice',
        says: `${name} is in more than one certificate, and the first of them serves it`,
        instead: 'put the certificate that should serve it first, or leave one out',
      });
    }
  return index;
}
