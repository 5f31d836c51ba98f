// The TLS station's door: takes accepted sockets and gives them back secured, or says why they could not be.

import type { Socket } from 'node:net';
import { type Built, built, failed, type Path, type Problem } from '../base/problem.ts';
import type { Timekeeper } from '../traffic/deadline.ts';
import { loadCertificates } from './certificates.ts';
import { type ClientCertificateSettings, type ClientPolicy, loadClientPolicy } from './client-certificates.ts';
import type { Classify, HandshakeHandler, ReadFrom } from './handshake.ts';
import { Handshakes } from './handshakes.ts';
import type { Description, Identity } from './identity.ts';
import { issueLocally, type LocalTools } from './local-ca.ts';
import { NameIndex, readName } from './names.ts';
import type { Binding } from './native-tls.ts';
import type { PolicyName } from './policies.ts';
import { Shelf } from './shelf.ts';
import type { Want } from './wanted-names.ts';

export type { ClientPolicy } from './client-certificates.ts';
export { reasons } from './failures.ts';
export { errorCode, type Files, makeDirectories, systemFiles } from './files.ts';
export type { HandshakeHandler, ReadFrom } from './handshake.ts';
export type { Description } from './identity.ts';
export { type PemPair, Shelf, type ShelfChange } from './shelf.ts';
export { ticketKeyBytes } from './ticket-keys.ts';
export type { Want } from './wanted-names.ts';

/** Most names that the local CA puts into its certificate: each lengthens every handshake. */
const maxLocalNames = 100;

/** The part of the settings named `tls`. Paths are absolute. */
export interface TlsSettings {
  readonly certificates: readonly { readonly certificate: string; readonly key: string }[];
  readonly localNames: readonly string[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly policy: PolicyName;
  /** What a client gets whose name no certificate serves: the first certificate, or an alert. */
  readonly unknownNames: 'default' | 'refuse';
  /** Who must show a certificate, by host (exact, `*.example.com`, `*` for all others); null for nobody there. */
  readonly clientCertificates: readonly HostPolicy[];
}

/** What clients of these hosts have to show. `path` is where that stands, from the root where it begins with `sites`. */
export interface HostPolicy {
  readonly hosts: readonly string[];
  readonly settings: ClientCertificateSettings | null;
  readonly path: Path;
}

/** The outside: where the local CA lives, the machine's name and time, files, deadlines, and how long a handshake may take. */
export interface TlsTools extends LocalTools {
  readonly handshakeTimeoutMs: number;
  readonly maxHandshakesPerClientPerSecond: number;
  readonly timekeeper: Timekeeper;
  /** Which protocol first bytes speak (`http1`, `http2`, `more`, other words). */
  readonly classify: Classify;
  /** Certificates that come while the gate runs; an empty one where it is left out. */
  readonly shelf?: Shelf;
  /** Has a certificate on the shelf for a name that nobody serves, or says false; left out where none is had on demand. */
  readonly want?: Want;
  /** Whether certificates for the shelf are on their way: then there may be none now. */
  readonly isExpecting?: boolean;
  /** Node's own modules; those of this process where it is left out. */
  readonly binding?: Binding;
}

/** A handshake that is under way. */
export interface Running {
  /** Ends its connection; the handler is told. */
  abort(): void;
}

/** The station. */
export interface Tls {
  /**
   * Performs a handshake as a server with `peer` on a connected socket that nobody reads, `rest` being what was read of it before. One method
   * of the handler is called, once. The socket is this station's from here on, unless the handler gets it back.
   */
  secure(socket: Socket, peer: string, rest: Buffer | null, readFrom: ReadFrom, handler: HandshakeHandler): Running;
  /** Seals session tickets with the first of these keys (48 random bytes each), and still opens what the others sealed. */
  useTicketKeys(keys: readonly Buffer[]): void;
  /** Whether a certificate is there, or on its way, that has this name (or `*.example.com`). */
  covers(host: string): boolean;
  /** Which rules for client certificates hold for a host; null for none. */
  clientPolicyOf(host: string): ClientPolicy | null;
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
  const clients = await loadClientPolicies(settings.clientCertificates, tools, problems, warnings);
  if (problems.length > 0) return failed(problems);

  const files = indexOf(loaded.identities, warnings);
  const shelf = tools.shelf ?? new Shelf();
  const uncovered = localNames.filter((name) => files.lookUp(name) === undefined);
  const local = uncovered.length > 0 ? await issueLocally(uncovered, tools) : built(null);
  if (!local.ok) return local;
  warnings.push(...local.warnings);

  const own: Identity[] = [...loaded.identities, ...(local.value === null ? [] : [local.value])];
  const first = own[0] ?? null;
  if (first === null && shelf.identities().length === 0 && tools.isExpecting !== true) return failed([nothingToShow]);
  const identities = { files, shelf, clients, local: indexOf(own.slice(loaded.identities.length), []), first };
  const handshakes = new Handshakes(identities, settings, tools);
  const index = indexOf(own, []);
  const covers = (host: string): boolean => {
    if (tools.isExpecting === true) return true;
    const name = readName(host.startsWith('[') ? host.slice(1, -1) : host) ?? host;
    // Whoever has a wildcard serves any name below it.
    const asked = name.startsWith('*.') ? `any${name.slice(1)}` : name;
    return index.lookUp(asked) !== undefined || shelf.find(asked) !== undefined;
  };
  const station: Tls = {
    covers,
    secure: (socket, peer, rest, readFrom, handler) => handshakes.secure(socket, peer, rest, readFrom, handler),
    clientPolicyOf: (host) => clients.find(host),
    useTicketKeys: (keys) => handshakes.useTicketKeys(keys),
    describe: () => [...own, ...shelf.identities()].map(({ description }) => description),
    caCertificatePath: local.value?.caCertificatePath ?? null,
  };
  return built(station, warnings);
}

/** Policies by host. Two sites with one host and different policies are a problem, because a connection has one. */
async function loadClientPolicies(
  all: readonly HostPolicy[],
  { files, clock }: TlsTools,
  problems: Problem[],
  warnings: Problem[],
): Promise<NameIndex<ClientPolicy | null>> {
  let fallback: ClientPolicy | null = null;
  const named: [string, ClientPolicy | null, Path][] = [];
  for (const { hosts, settings, path } of all) {
    const policy =
      settings === null ? null : await loadClientPolicy(settings, path, files, clock.now(), problems, warnings);
    for (const host of hosts)
      if (host === '*') fallback = policy;
      else named.push([readName(host) ?? host, policy, path]);
  }
  const index = new NameIndex<ClientPolicy | null>(fallback);
  for (const [name, policy, path] of named)
    if (!index.add(name, policy) && index.lookUp(name)?.id !== policy?.id) problems.push(twoPolicies(name, path));
  return index;
}

function twoPolicies(name: string, path: Path): Problem {
  return {
    path,
    code: 'tls/two-client-policies',
    says: `the host ${name} has two sites with different client_certificates, and a connection is made before the path is known`,
    instead: 'write the same client_certificates at both, or give one of them a host of its own',
  };
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
