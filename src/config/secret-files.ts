// Secrets that the configuration names a file for, so that they stand in no configuration: read when they are needed, refused where others may read them.

import { readFileSync, statSync } from 'node:fs';
import type { Path, Problem } from '../base/problem.ts';
import type { AcmeSettings, Secret } from './settings.ts';

/** Longest secret. */
const maxBytes = 4096;
const causes: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'something on the way to it is not a directory',
  EACCES: 'this user may not read it',
};

/** The secret itself; a file is read anew each time. Throws an Error with a sentence and its cure. */
export function readSecret(secret: Secret): string {
  if (typeof secret === 'string') return secret;
  const fault = faultOf(secret.file);
  if (fault !== null) throw new Error(`${fault.says}: ${fault.instead}`);
  return readFileSync(secret.file, 'latin1').trim();
}

/** What keeps the secrets of these settings from being read, by path of the file's words. */
export function secretProblems(acme: AcmeSettings | null): Problem[] {
  if (acme === null) return [];
  const [first, second] = acme.authorities;
  const at: readonly (readonly [Path, Secret | undefined])[] = [
    [['tls', 'acme', 'external_account', 'key', 'file'], first?.externalAccount?.macKey],
    [['tls', 'acme', 'fallback', 'external_account', 'key', 'file'], second?.externalAccount?.macKey],
    [['tls', 'acme', 'dns', 'update', 'key', 'file'], acme.dns?.update?.key],
  ];
  return at.flatMap(([path, secret]) => {
    const fault = secret === undefined || typeof secret === 'string' ? null : faultOf(secret.file);
    return fault === null ? [] : [{ path, code: 'config/secret-file', ...fault }];
  });
}

function faultOf(file: string): { readonly says: string; readonly instead: string } | null {
  try {
    const about = statSync(file);
    // Looked at before it is read: a FIFO would be waited for.
    if (!about.isFile())
      return { says: `${file} is no regular file`, instead: 'name a file that holds the secret alone' };
    if (about.size > maxBytes)
      return { says: `${file} is longer than ${maxBytes} bytes`, instead: 'name a file that holds the secret alone' };
    if ((about.mode & 0o007) !== 0)
      return { says: `${file} is open to every user of this machine`, instead: `chmod o= ${file}` };
    if (readFileSync(file, 'latin1').trim() === '')
      return { says: `${file} is empty`, instead: 'write the secret into it' };
    return null;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return {
      says: `${file} cannot be read: ${causes[code] ?? message}`,
      instead: 'name a file that the user of the gate may read',
    };
  }
}
