// Where a machine keeps the CAs it trusts: Debian's directory for programs, and NSS databases for the browsers of one user.

import { constants } from 'node:fs';
import { access, copyFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './programs.ts';

/** A CA to be trusted: its file, and a name that no other has. */
export interface Trusted {
  readonly path: string;
  readonly name: string;
}

/** What became of one store: done, nothing to do, or what the user has to do. */
export interface Outcome {
  readonly store: string;
  readonly outcome: 'added' | 'removed' | 'not there' | 'failed';
  readonly says: string;
}

/** A place where trust is kept. Neither throws. */
export interface TrustStore {
  add(ca: Trusted): Promise<Outcome>;
  remove(ca: Trusted): Promise<Outcome>;
}

/** Debian's store (update-ca-certificates) of the machine, or of the one below `root`. */
export function systemStore(root: string): TrustStore {
  const directory = join(root, '/usr/local/share/ca-certificates');
  const elsewhere = [
    ...['--localcertsdir', directory],
    ...['--certsdir', join(root, '/usr/share/ca-certificates')],
    ...['--certsconf', join(root, '/etc/ca-certificates.conf')],
    ...['--etccertsdir', join(root, '/etc/ssl/certs')],
  ];
  const update = () => runProgram('update-ca-certificates', root === '/' ? [] : elsewhere);
  const placeOf = ({ name }: Trusted) => join(directory, `${name}.crt`);
  const told = (outcome: Outcome['outcome'], says: string): Outcome => ({ store: directory, outcome, says });
  const commandsFor = (ca: Trusted) =>
    `run as root: cp ${ca.path} ${placeOf(ca)} && update-ca-certificates; on other systems add the file to what they trust`;
  return {
    async add(ca) {
      if (!(await mayWrite(directory))) return told('failed', commandsFor(ca));
      await copyFile(ca.path, placeOf(ca));
      const ran = await update();
      return ran.ok
        ? told('added', 'for curl, OpenSSL, Python, Git and whatever else reads it')
        : told('failed', ran.says);
    },
    async remove(ca) {
      if (!(await exists(placeOf(ca)))) return told('not there', '');
      if (!(await mayWrite(directory)))
        return told('failed', `run as root: rm ${placeOf(ca)} && update-ca-certificates --fresh`);
      await rm(placeOf(ca));
      const ran = await runProgram('update-ca-certificates', ['--fresh', ...(root === '/' ? [] : elsewhere)]);
      return ran.ok ? told('removed', '') : told('failed', ran.says);
    },
  };
}

/** The NSS databases below a home directory: Chromium's, and one of each profile of Firefox. */
export async function browserStores(home: string): Promise<TrustStore[]> {
  const firefox = ['.mozilla/firefox', 'snap/firefox/common/.mozilla/firefox'].map((path) => join(home, path));
  const profiles = await Promise.all(firefox.map(async (path) => (await list(path)).map((name) => join(path, name))));
  const found = [join(home, '.pki/nssdb'), ...profiles.flat()];
  const isThere = await Promise.all(found.map((path) => exists(join(path, 'cert9.db'))));
  return found.filter((_, at) => isThere[at]).map(nssStore);
}

function nssStore(directory: string): TrustStore {
  const database = ['-d', `sql:${directory}`];
  const told = (outcome: Outcome['outcome'], says: string): Outcome => ({ store: directory, outcome, says });
  const install = 'apt-get install libnss3-tools, or import the file in the settings of the browser';
  return {
    async add({ path, name }) {
      const ran = await runProgram('certutil', [...database, '-A', '-t', 'C,,', '-n', name, '-i', path]);
      return ran.ok ? told('added', 'for the browser of this profile') : told('failed', `${ran.says}: ${install}`);
    },
    async remove({ name }) {
      const found = await runProgram('certutil', [...database, '-L', '-n', name]);
      if (!found.ok) return told('not there', '');
      const ran = await runProgram('certutil', [...database, '-D', '-n', name]);
      return ran.ok ? told('removed', '') : told('failed', ran.says);
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function mayWrite(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

async function list(path: string): Promise<string[]> {
  return readdir(path).catch(() => []);
}
