// `tls.acme` as the program has it: which names get certificates, from whom, proven how; and what is wrong with that.

import { isIP } from 'node:net';
import type { Path, Problem } from '../base/problem.ts';
import { isPublicName } from '../base/public-name.ts';
import { isPublicAuthority, stagingOf } from './acme-kinds.ts';
import type { Complete } from './schema.ts';
import type { AcmeSettings, AuthoritySettings, Secret } from './settings.ts';

type Acme = NonNullable<Complete['tls']['acme']>;
type Kind = AcmeSettings['challenges'][number];

/** Names that one certificate may have, as Let's Encrypt counts; a site with more gets several. */
const maxNames = 100;
/** Most certificates. */
const maxCertificates = 10_000;

/** The settings, or null where there are none. `absolute` makes names of files absolute. */
export function acmeOf(words: Complete, absolute: (name: string) => string): AcmeSettings | null {
  const { acme } = words.tls;
  if (acme === undefined) return null;
  const first = authorityOf(acme, absolute);
  const authorities = acme.fallback === undefined ? [first] : [first, authorityOf(acme.fallback, absolute)];
  return {
    email: acme.email ?? '',
    authorities,
    staging: stagingFor(acme, first),
    wanted: wantedBy(words, acme),
    challenges: challengesOf(words, acme),
    dns: dnsOf(acme, absolute),
    keyKind: acme.key,
    profile: acme.profile ?? '',
    preferredIssuer: acme.preferred_chain ?? '',
    httpPort: acme.http_port,
    tlsPort: acme.tls_port,
    resolvers: words.proxy.resolvers,
  };
}

/** Names that a CA is asked to certify; the local CA need not sign them. */
export function certifiedNames(words: Complete): ReadonlySet<string> {
  const { acme } = words.tls;
  return new Set(acme === undefined ? [] : wantedBy(words, acme).flat());
}

/** What is wrong with the settings, by path of the file. */
export function acmeProblems(words: Complete): Problem[] {
  const { acme } = words.tls;
  if (acme === undefined) return [];
  const path = ['tls', 'acme'];
  const kinds = challengesOf(words, acme);
  const problems: Problem[] = [];
  const wildcards = wantedBy(words, acme)
    .flat()
    .filter((name) => name.startsWith('*.'));
  if (wildcards.length > 0 && !kinds.includes('dns-01'))
    problems.push(
      problem(
        path,
        'wildcard-without-dns',
        `${wildcards[0]} is proven in DNS alone, and nothing says how records are set there`,
        'add dns: { hook: [COMMAND] } or dns: { update: { … } }, or name the hosts one by one under names',
      ),
    );
  if (acme.dns !== undefined && (acme.dns.hook === undefined) === (acme.dns.update === undefined))
    problems.push(
      problem(
        [...path, 'dns'],
        'acme-dns',
        'records are set either by a hook or by updates',
        'write one of hook and update',
      ),
    );
  if (acme.dns?.hook?.length === 0)
    problems.push(
      problem(
        [...path, 'dns', 'hook'],
        'acme-hook',
        'the command has no words',
        'write hook: [/usr/local/bin/dns-hook]',
      ),
    );
  if (acme.challenges?.includes('dns-01') === true && acme.dns === undefined)
    problems.push(
      problem(
        [...path, 'challenges'],
        'acme-dns',
        'dns-01 is wanted, and nothing says how records are set',
        'add dns: { hook: [COMMAND] } or dns: { update: { … } }',
      ),
    );
  if (kinds.length === 0)
    problems.push(
      problem(
        path,
        'no-challenge',
        'no listener can answer the CA, and there is no dns',
        'add - { port: 80, redirect: https } or - { port: 443, tls: true } under listen',
      ),
    );
  if (acme.names?.includes('*') === true)
    problems.push(
      problem(
        [...path, 'names'],
        'acme-any',
        'no CA certifies every name',
        'write the names, or *.example.com for one label under example.com',
      ),
    );
  return problems;
}

/** What does not keep the gate from starting. */
export function acmeWarnings(words: Complete): Problem[] {
  const { acme } = words.tls;
  if (acme === undefined || wantedBy(words, acme).length > 0) return [];
  return [
    problem(
      ['tls', 'acme'],
      'acme-nothing',
      'no site has a name that a public CA certifies, so no certificate will be asked for',
      'give a site its host, or write names under tls.acme',
    ),
  ];
}

/** Groups of names, a certificate each; a name is in the first that has it. */
function wantedBy(words: Complete, acme: Acme): string[][] {
  const isPublic = isPublicAuthority(acme.directory);
  const taken = new Set<string>();
  const take = (hosts: readonly string[], isCertain: boolean): string[] => {
    const names = hosts.filter((host) => host !== '*').map(bare);
    const fresh = names.filter(
      (name) => !taken.has(name) && (isCertain || (isPublic ? isPublicName(name) : !isOwn(name))),
    );
    for (const name of fresh) taken.add(name);
    return [...new Set(fresh)];
  };
  const groups = acme.names !== undefined ? [take(acme.names, true)] : words.sites.map(({ host }) => take(host, false));
  const size = acme.certificate_for === 'name' ? 1 : maxNames;
  return groups.flatMap((names) => chunks(names, size)).slice(0, maxCertificates);
}

function chunks(names: readonly string[], size: number): string[][] {
  const parts: string[][] = [];
  for (let from = 0; from < names.length; from += size) parts.push(names.slice(from, from + size));
  return parts;
}

/** This machine, whatever a private CA may say. */
function isOwn(name: string): boolean {
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    (isIP(name) === 4 && name.startsWith('127.'))
  );
}

function bare(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

/** In the order of the settings; else TLS-ALPN-01 first, which no redirect and no other web server on port 80 gets in the way of. */
function challengesOf(words: Complete, acme: Acme): Kind[] {
  if (acme.challenges !== undefined) return [...new Set(acme.challenges)];
  const kinds: Kind[] = [];
  if (words.listen.some(({ tls }) => tls)) kinds.push('tls-alpn-01');
  if (words.listen.some(({ tls }) => !tls)) kinds.push('http-01');
  if (acme.dns !== undefined) kinds.push('dns-01');
  return kinds;
}

function authorityOf(
  words: Pick<Acme, 'directory' | 'external_account' | 'roots'>,
  absolute: (name: string) => string,
): AuthoritySettings {
  const { external_account: external, roots } = words;
  return {
    directory: words.directory,
    externalAccount: external === undefined ? null : { kid: external.kid, macKey: secretOf(external.key, absolute) },
    roots: roots === undefined ? null : absolute(roots),
    isLimited:
      isPublicAuthority(words.directory) && !words.directory.includes('staging') && !words.directory.includes('test'),
  };
}

function stagingFor({ staging }: Acme, first: AuthoritySettings): AuthoritySettings | null {
  if (staging === false) return null;
  const directory = staging === true ? stagingOf(first.directory) : staging;
  if (directory === null) return null;
  return { directory, externalAccount: null, roots: staging === true ? null : first.roots, isLimited: false };
}

function secretOf(secret: string | { readonly file: string }, absolute: (name: string) => string): Secret {
  return typeof secret === 'string' ? secret : { file: absolute(secret.file) };
}

function dnsOf({ dns }: Acme, absolute: (name: string) => string): AcmeSettings['dns'] {
  if (dns === undefined) return null;
  const { hook, update, wait, propagation } = dns;
  return {
    hook: hook ?? null,
    update:
      update === undefined
        ? null
        : {
            server: update.server,
            keyName: update.key_name,
            key: secretOf(update.key, absolute),
            algorithm: update.algorithm,
            zone: update.zone ?? '',
            ttl: update.ttl,
          },
    waitMs: wait,
    propagationMs: propagation,
  };
}

function problem(path: Path, slug: string, says: string, instead: string): Problem {
  return { path, code: `config/${slug}`, says, instead };
}
