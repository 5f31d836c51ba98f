// `portcullis certs`: certificates of CAs (list, doctor, renew, revoke, rekey), and the local CA that this machine and its browsers trust, or trust no more.

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataDirectoryOf } from './ask.ts';
import { type Arguments, type Command, type ExitCode, Trouble, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';
import {
  examineCertificates,
  listCertificates,
  rekeyAccounts,
  renewCertificate,
  revokeCertificate,
} from './managed-certificates.ts';
import { browserStores, type Outcome, systemStore, type Trusted } from './trust-stores.ts';

/** The `certs` command. */
export const certs: Command = {
  name: 'certs',
  summary: 'Certificates: list, doctor, renew, revoke; and trust in the local CA',
  usage:
    'list [--former] | doctor [NAME] | renew NAME [--force] | revoke NAME|SERIAL [--reason R] | rekey | trust [--print] | untrust',
  options: {
    force: {
      type: 'boolean',
      says: 'renew: ask the CA although nothing is due; revoke: also where no other certificate can be had',
    },
    former: { type: 'boolean', says: 'list: those that were replaced and are still valid, with their serial numbers' },
    reason: {
      type: 'string',
      value: 'REASON',
      says: 'revoke: unspecified, keyCompromise, affiliationChanged, superseded or cessationOfOperation',
    },
    print: { type: 'boolean', says: 'trust: change nothing, and print the certificate' },
    root: {
      type: 'string',
      value: 'DIRECTORY',
      says: 'the machine whose files lie below it, such as an image; / otherwise',
    },
    'data-dir': { type: 'string', value: 'DIRECTORY', says: 'the data directory of the gate' },
    config: { type: 'string', value: 'FILE', says: 'the configuration of the gate, for its data directory' },
  },
  examples: [
    {
      says: 'the certificates that the gate gets: issuer, end, next renewal, last error',
      line: 'portcullis certs list',
    },
    { says: 'what would keep a CA from issuing, with the cure', line: 'portcullis certs doctor example.com' },
    { says: 'a new certificate now', line: 'portcullis certs renew example.com --force' },
    {
      says: 'a new certificate with a new key, and the one before taken back',
      line: 'portcullis certs revoke example.com --reason keyCompromise',
    },
    {
      says: 'certificates that were replaced, and can still be used by whoever has their keys',
      line: 'portcullis certs list --former',
    },
    { says: 'take one of those back', line: 'portcullis certs revoke 6C1F0A52E8D94B37' },
    { says: 'other keys for the accounts at the CAs', line: 'portcullis certs rekey' },
    {
      says: 'have programs and browsers of this machine trust what the local CA certifies',
      line: 'portcullis certs trust',
    },
    { says: 'the certificate alone, for another machine', line: 'portcullis certs trust --print' },
    { says: 'take it back', line: 'portcullis certs untrust' },
  ],
  run,
};

async function run(args: Arguments, world: World): Promise<ExitCode> {
  const [word, name, more] = args.words;
  if (more !== undefined) throw new UsageError(`"${more}" is not expected behind "${name}"`);
  if (word === 'doctor') return examineCertificates(name, args, world);
  if (word === 'renew') return renewCertificate(name, args, world);
  if (word === 'revoke') return revokeCertificate(name, args, world);
  if (name !== undefined) throw new UsageError(`"${name}" is not expected behind "${word}"`);
  if (word === 'list') return listCertificates(args, world);
  if (word === 'rekey') return rekeyAccounts(args, world);
  return trustOrNot(word, args, world);
}

async function trustOrNot(word: string | undefined, args: Arguments, world: World): Promise<ExitCode> {
  if (word !== 'trust' && word !== 'untrust')
    throw new UsageError(
      word === undefined
        ? 'say `list`, `doctor`, `renew`, `revoke`, `rekey`, `trust` or `untrust`'
        : `"${word}" is none of list, doctor, renew, revoke, rekey, trust and untrust`,
    );
  const path = join(dataDirectoryOf(args, world), 'ca', 'ca.crt');
  const certificate = await authorityAt(path);
  if (word === 'trust' && args.options.print === true) {
    world.stdout.write(
      args.options.json === true ? jsonText({ path, pem: certificate.toString() }) : certificate.toString(),
    );
    return 0;
  }
  const root = typeof args.options.root === 'string' ? args.options.root : '/';
  const stores = [systemStore(root), ...(root === '/' ? await browserStores(world.env.HOME ?? '/root') : [])];
  const ca: Trusted = {
    path,
    name: `portcullis-${certificate.fingerprint256.replaceAll(':', '').slice(0, 16).toLowerCase()}`,
  };
  const outcomes: Outcome[] = [];
  for (const store of stores) outcomes.push(word === 'trust' ? await store.add(ca) : await store.remove(ca));
  if (args.options.json === true) world.stdout.write(jsonText({ ...ca, outcomes }));
  else say(word, certificate, outcomes, world);
  return outcomes.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

async function authorityAt(path: string): Promise<X509Certificate> {
  try {
    return new X509Certificate(await readFile(path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT')
      throw new Trouble(`there is no local CA at ${path}\n  a gate with tls.local_names makes it when it starts`);
    throw new Trouble(`${path} cannot be used: ${code ?? 'it is no certificate'}`);
  }
}

function say(word: string, certificate: X509Certificate, outcomes: readonly Outcome[], world: World): void {
  const name = certificate.subject.split('\n').at(-1)!.slice('CN='.length);
  world.stdout.write(`${name}, until ${certificate.validToDate.toISOString().slice(0, 10)}\n`);
  for (const { store, outcome, says } of outcomes)
    world.stdout.write(`  ${outcome.padEnd(9)} ${store}${says === '' ? '' : `\n            ${says}`}\n`);
  if (word === 'trust')
    world.stdout.write(
      '  whoever trusts it believes that CA about local names and private addresses, and about the names in local_names\n',
    );
}
