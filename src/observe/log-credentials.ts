// What proves who is who between this gate and a log server over TLS: files, read when they are needed and looked at by `check`.

import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Problem } from '../base/problem.ts';
import type { AccessLogWords } from '../traffic/log-target.ts';

/** Files of authorities, of our certificate and of its key; null for the authorities that Node knows, and for no certificate. */
export interface Credentials {
  readonly ca: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
}

/** What the files hold, as Node takes it. */
export function materialOf<T extends string | Buffer>(
  { ca, certificate, key }: Credentials,
  read: (path: string) => T,
): Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> {
  return {
    ...(ca === null ? {} : { ca: read(ca) }),
    ...(certificate === null ? {} : { cert: read(certificate) }),
    ...(key === null ? {} : { key: read(key) }),
  };
}

/** What is wrong with the files of logs that go over TLS: unreadable, no PEM, or a key of another certificate. */
export async function credentialProblems(
  logs: readonly AccessLogWords[],
  read: (path: string) => Promise<string>,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [index, { to }] of logs.entries())
    if (to.kind === 'syslog' && to.transport === 'tls') problems.push(...(await problemsOf(to, ['logs', index], read)));
  return problems;
}

async function problemsOf(
  { ca, certificate, key }: Credentials,
  path: readonly (string | number)[],
  read: (path: string) => Promise<string>,
): Promise<Problem[]> {
  const texts = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [name, file] of Object.entries({ ca, certificate, key })) {
    if (file === null) continue;
    try {
      texts.set(file, await read(file));
    } catch (error) {
      problems.push({
        path: [...path, name],
        code: 'observe/unreadable',
        says: `${file} cannot be read (${codeOf(error)})`,
        instead: 'name a PEM file that the user of the gate may read',
      });
    }
  }
  if (problems.length > 0) return problems;
  if (ca !== null && !holdsCertificate(texts.get(ca)!)) return [noAuthority(path, ca)];
  try {
    createSecureContext(materialOf({ ca, certificate, key }, (file) => texts.get(file)!));
    return [];
  } catch (error) {
    return [
      {
        path: [...path, 'certificate'],
        code: 'observe/bad-credentials',
        says: `${certificate} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
        instead: 'PEM files: ca holds CA certificates, certificate and key belong together',
      },
    ];
  }
}

function noAuthority(path: readonly (string | number)[], ca: string): Problem {
  const says = `${ca} holds no certificate that can be read`;
  return { path: [...path, 'ca'], code: 'observe/bad-credentials', says, instead: 'a PEM file of CA certificates' };
}

/** Because OpenSSL takes a file without any certificate that it can read for no authorities, and then believes nobody. */
function holdsCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
