// What settings must be to each other: checks that no single setting can see about itself.

import { isIP } from 'node:net';
import type { Path, Problem } from '../base/problem.ts';
import { acmeProblems, acmeWarnings } from './acme-settings.ts';
import type { Complete } from './schema.ts';
import { pathProblems } from './site-limits.ts';
import { localNamesFor } from './translate.ts';

/** Problems, which stop the gate, and warnings, which do not; paths are those of the file. */
export interface Agreement {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** One check; `needs` are the parts it looks at, without which it has nothing to say. */
interface Check {
  readonly needs: readonly (keyof Complete)[];
  readonly weight: 'problem' | 'warning';
  readonly find: (words: Complete) => readonly Problem[];
}

const checks: readonly Check[] = [
  { needs: ['listen'], weight: 'problem', find: badAddresses },
  { needs: ['listen'], weight: 'problem', find: doubleListeners },
  { needs: ['listen'], weight: 'problem', find: idleRedirects },
  { needs: ['sites'], weight: 'problem', find: emptyLists },
  { needs: ['sites'], weight: 'problem', find: doubleSites },
  { needs: ['sites'], weight: 'problem', find: pathProblems },
  { needs: ['listen', 'sites'], weight: 'problem', find: loops },
  { needs: ['blocklists'], weight: 'problem', find: doubleBlocklists },
  { needs: ['sites'], weight: 'problem', find: upstreamParts },
  { needs: ['logs'], weight: 'problem', find: logParts },
  { needs: ['sites'], weight: 'problem', find: allBackups },
  { needs: ['listen', 'sites', 'tls'], weight: 'problem', find: acmeProblems },
  { needs: ['tls'], weight: 'problem', find: onDemandAlone },
  { needs: ['listen', 'sites', 'tls'], weight: 'warning', find: acmeWarnings },
  { needs: ['sites'], weight: 'warning', find: unverified },
  { needs: ['listen', 'sites', 'tls'], weight: 'warning', find: unservedNames },
  { needs: ['listen', 'firewall'], weight: 'warning', find: closedGate },
];

/** What a whole file must have beside that; a plain object from a program need not. */
const wholeness: readonly Check[] = [
  { needs: ['listen'], weight: 'problem', find: noListener },
  { needs: ['sites'], weight: 'problem', find: noSite },
];

/** Checks the parts of `words` that are not `lost`; a file must be whole, an object need not. */
export function agree(words: Complete, lost: ReadonlySet<string>, isFile: boolean): Agreement {
  const found = { problem: [] as Problem[], warning: [] as Problem[] };
  for (const check of isFile ? [...wholeness, ...checks] : checks)
    if (!check.needs.some((part) => lost.has(part))) found[check.weight].push(...check.find(words));
  return { problems: found.problem, warnings: found.warning };
}

function noListener({ listen }: Complete): Problem[] {
  if (listen.length > 0) return [];
  return [problem(['listen'], 'no-listener', 'the gate listens nowhere', 'write listen: [{ port: 443, tls: true }]')];
}

function noSite({ sites }: Complete): Problem[] {
  if (sites.length > 0) return [];
  return [
    problem(
      ['sites'],
      'no-site',
      'the gate serves no site',
      'write sites: [{ host: example.com, to: localhost:3000 }]',
    ),
  ];
}

function badAddresses({ listen }: Complete): Problem[] {
  return listen.flatMap(({ address }, index) =>
    isIP(address) !== 0
      ? []
      : [
          problem(
            ['listen', index, 'address'],
            'invalid-address',
            `"${address}" is not an IP address`,
            'write 127.0.0.1 for this machine alone, :: for every address',
          ),
        ],
  );
}

function doubleListeners({ listen }: Complete): Problem[] {
  const problems: Problem[] = [];
  listen.forEach(({ port, address }, index) => {
    if (port === 0) return;
    const first = listen.findIndex((other, at) => at < index && other.port === port && overlap(other.address, address));
    if (first < 0) return;
    const same = listen[first]!.address === address;
    problems.push(
      problem(
        ['listen', index, 'port'],
        'double-listener',
        same
          ? `port ${port} is listened on twice`
          : `${address} port ${port} is within ${listen[first]!.address} port ${port}, which is listened on already`,
        'remove one, or give them addresses that have nothing in common',
      ),
    );
  });
  return problems;
}

/** Whether one socket takes what the other wants: `::` takes both families, a wildcard every address of its own. */
function overlap(a: string, b: string): boolean {
  if (a === b || a === '::' || b === '::') return true;
  if (a === '0.0.0.0') return isIP(b) === 4;
  return b === '0.0.0.0' && isIP(a) === 4;
}

function idleRedirects({ listen }: Complete): Problem[] {
  const secure = listen.some((listener) => listener.tls);
  return listen.flatMap(({ port, tls, redirect }, index) => {
    if (redirect === undefined) return [];
    const path = ['listen', index, 'redirect'];
    if (tls)
      return [
        problem(path, 'redirect-on-tls', `port ${port} speaks TLS already`, 'remove redirect here, or tls: true'),
      ];
    if (secure) return [];
    return [
      problem(path, 'redirect-nowhere', 'no listener speaks TLS to redirect to', 'add - { port: 443, tls: true }'),
    ];
  });
}

function emptyLists({ sites }: Complete): Problem[] {
  return sites.flatMap((site, index) => {
    const problems: Problem[] = [];
    if (site.to.length === 0)
      problems.push(
        problem(['sites', index, 'to'], 'no-upstream', 'the site has no upstream', 'write to: localhost:3000'),
      );
    if (site.host.length === 0)
      problems.push(
        problem(['sites', index, 'host'], 'no-host', 'the site has no name', 'remove host to serve any name'),
      );
    return problems;
  });
}

function doubleSites({ sites }: Complete): Problem[] {
  const seen = new Map<string, number>();
  const problems: Problem[] = [];
  sites.forEach((site, index) => {
    site.host.forEach((host, at) => {
      const place = `${host}${site.path}`;
      const first = seen.get(place);
      seen.set(place, first ?? index);
      if (first === undefined) return;
      const path = ['sites', index, 'host', at];
      if (first === index)
        problems.push(problem(path, 'double-host', `${host} stands twice in this site`, 'remove one'));
      else
        problems.push(
          problem(
            path,
            'double-site',
            `site ${first + 1} serves ${host} under ${site.path} already`,
            'give one of them another host or path, or put all upstreams behind the to of one',
          ),
        );
    });
  });
  return problems;
}

function loops({ listen, sites }: Complete): Problem[] {
  const own = new Set(listen.filter(({ address }) => isThisMachine(address)).map(({ port }) => port));
  return sites.flatMap((site, index) =>
    site.to.flatMap(({ url, host, port, socketPath }, at) => {
      if (socketPath !== '' || !own.has(port) || !isThisMachine(host)) return [];
      const says = `${url} is this gate itself, so a request would go round for ever`;
      return [problem(['sites', index, 'to', at], 'loop', says, 'write the port that the application listens on')];
    }),
  );
}

function doubleBlocklists({ blocklists }: Complete): Problem[] {
  return blocklists.flatMap(({ name }, index) => {
    const first = blocklists.findIndex((other) => other.name === name);
    if (first === index) return [];
    const says = `list ${first + 1} is named ${name} already`;
    return [problem(['blocklists', index, 'name'], 'double-blocklist', says, 'give one of them another name')];
  });
}

/** Settings of an upstream that say nothing beside each other. */
function upstreamParts({ sites }: Complete): Problem[] {
  return sites.flatMap((site, index) =>
    site.to.flatMap(({ secure, url, tls }, at) => {
      const path = ['sites', index, 'to', at, 'tls'];
      const isWritten = [tls.ca, tls.server_name, tls.certificate, tls.key].some((part) => part !== undefined);
      if (!secure && (isWritten || tls.insecure_skip_verify))
        return [
          problem(path, 'tls-on-plain', `${url} is spoken to without TLS`, 'write https:// before it, or remove tls'),
        ];
      if ((tls.certificate === undefined) !== (tls.key === undefined))
        return [problem(path, 'half-certificate', 'a certificate and its key belong together', 'write both')];
      return [];
    }),
  );
}

/** Files for TLS of logs that do not go over TLS, and half of a pair. */
function logParts({ logs }: Complete): Problem[] {
  return logs.flatMap(({ to, ca, certificate, key }, index) => {
    const path = ['logs', index];
    const isWritten = [ca, certificate, key].some((part) => part !== undefined);
    if (isWritten && !(to.kind === 'syslog' && to.transport === 'tls')) {
      const says = 'ca, certificate and key are for servers of syslog+tls';
      return [problem(path, 'tls-on-plain', says, 'write syslog+tls:// in `to`, or remove them')];
    }
    if ((certificate === undefined) !== (key === undefined))
      return [problem(path, 'half-certificate', 'a certificate and its key belong together', 'write both')];
    return [];
  });
}

function allBackups({ sites }: Complete): Problem[] {
  return sites.flatMap((site, index) =>
    site.to.length > 0 && site.to.every(({ backup }) => backup)
      ? [
          problem(
            ['sites', index, 'to'],
            'all-backups',
            'every upstream of the site is a backup',
            'remove backup from those that serve every day',
          ),
        ]
      : [],
  );
}

function unverified({ sites }: Complete): Problem[] {
  return sites.flatMap((site, index) =>
    site.to.flatMap(({ url, secure, tls }, at) =>
      secure && tls.insecure_skip_verify
        ? [
            problem(
              ['sites', index, 'to', at, 'tls', 'insecure_skip_verify'],
              'unverified-upstream',
              `any certificate is believed from ${url}, so that whoever is on the way can read and change everything`,
              'name its CA: tls: { ca: FILE }',
            ),
          ]
        : [],
    ),
  );
}

function isThisMachine(host: string): boolean {
  return (
    ['::', '0.0.0.0', 'localhost', '::1', '[::1]', '[::]'].includes(host) ||
    (isIP(host) === 4 && host.startsWith('127.'))
  );
}

function onDemandAlone({ tls }: Complete): Problem[] {
  if (tls.on_demand === undefined || tls.acme !== undefined) return [];
  return [
    problem(
      ['tls', 'on_demand'],
      'on-demand-without-acme',
      'certificates on demand come from a CA, and none is named',
      'write tls: { acme: { email: ops@example.com } } beside it',
    ),
  ];
}

function unservedNames(words: Complete): Problem[] {
  if (words.tls.local_names !== undefined || words.tls.certificates.length > 0 || words.tls.acme !== undefined)
    return [];
  const index = words.listen.findIndex((listener) => listener.tls);
  if (index < 0) return [];
  const names = localNamesFor(words).filter((name) => name !== 'localhost' && isIP(name) === 0);
  if (names.length === 0) return [];
  const shown = names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
  return [
    problem(
      ['listen', index, 'tls'],
      'local-certificates',
      `no certificate is given, so the local CA signs for ${shown}, and browsers will warn`,
      'write tls: { certificates: [{ certificate: FILE, key: FILE }] }, or list the names under tls: { local_names: […] }',
    ),
  ];
}

function closedGate({ firewall, listen }: Complete): Problem[] {
  if (firewall.default === 'allow' || firewall.rules.length > 0 || listen.length === 0) return [];
  const port = listen[0]!.port;
  return [
    problem(
      ['firewall'],
      'closed-gate',
      'no firewall rule allows anything, so every connection is refused',
      `write firewall: { rules: [allow tcp ${port} from any] }, or default: allow`,
    ),
  ];
}

function problem(path: Path, slug: string, says: string, instead: string): Problem {
  return { path, code: `config/${slug}`, says, instead };
}
