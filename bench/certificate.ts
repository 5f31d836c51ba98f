// One self-signed ECDSA P-256 certificate for every server in a measurement, so that TLS costs the same on both sides.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { CertificateFiles } from './peers.ts';

/** Writes `bench.crt` and `bench.key` (PEM) for 127.0.0.1 and localhost into `folder` with the `openssl` program. */
export function writeCertificate(folder: string): CertificateFiles {
  const files = { certificate: join(folder, 'bench.crt'), key: join(folder, 'bench.key') };
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '7'];
  const names = ['-subj', '/CN=Portcullis bench', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const out = ['-keyout', files.key, '-out', files.certificate];
  execFileSync('openssl', [...request, ...names, ...out], { stdio: 'ignore' });
  return files;
}
