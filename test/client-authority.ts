// A CA of clients for tests, made with the openssl program: certificates that are good, ended or revoked, and its revocation list.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A client's certificate with its key, both PEM. */
export interface ClientPair {
  readonly cert: string;
  readonly key: string;
}

/** A CA that lives in one directory. */
export interface ClientAuthority {
  readonly caPath: string;
  readonly crlPath: string;
  issue(name: string, ends?: 'later' | 'before'): ClientPair;
  revoke(name: string): void;
}

const settings = `[ca]
default_ca = this
[this]
dir = .
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
certificate = ca.crt
private_key = ca.key
default_md = sha256
default_days = 30
default_crl_days = 30
policy = any
x509_extensions = client
unique_subject = no
[any]
organizationName = optional
commonName = supplied
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
[req]
distinguished_name = dn
prompt = no
[dn]
CN = unused
`;

/** Makes a CA named `name` in `directory`, with an empty revocation list. */
export function clientAuthority(directory: string, name: string): ClientAuthority {
  mkdirSync(directory, { recursive: true });
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: directory, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  writeFileSync(join(directory, 'ca.cnf'), settings);
  writeFileSync(join(directory, 'index.txt'), '');
  writeFileSync(join(directory, 'serial'), '1000\n');
  writeFileSync(join(directory, 'crlnumber'), '01\n');
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '60',
    '-subj',
    `/O=Test/CN=${name}`,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
  );
  const writeList = () => openssl('ca', '-config', 'ca.cnf', '-gencrl', '-out', 'crl.pem');
  writeList();
  return {
    caPath: join(directory, 'ca.crt'),
    crlPath: join(directory, 'crl.pem'),
    issue(client, ends = 'later') {
      const subject = `/O=Test/CN=${client}`;
      openssl(
        'req',
        '-new',
        ...newKey,
        '-config',
        'ca.cnf',
        '-subj',
        subject,
        '-keyout',
        `${client}.key`,
        '-out',
        'csr',
      );
      const dates = ends === 'before' ? ['-startdate', '20200101000000Z', '-enddate', '20200201000000Z'] : [];
      openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', '-in', 'csr', '-out', `${client}.crt`, ...dates);
      return {
        cert: readFileSync(join(directory, `${client}.crt`), 'utf8'),
        key: readFileSync(join(directory, `${client}.key`), 'utf8'),
      };
    },
    revoke(client) {
      openssl('ca', '-config', 'ca.cnf', '-revoke', `${client}.crt`);
      writeList();
    },
  };
}
