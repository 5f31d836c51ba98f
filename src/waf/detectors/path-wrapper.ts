// Addresses of schemes by which an interpreter reads a local file, runs a program or speaks to an inner service: `php://filter/…`.

import { type Detection, found } from './detection.ts';
import { namesSecret } from './path-secrets.ts';

/** Schemes that make an interpreter read a local file, run a program or speak to an inner service. */
const wrappers: readonly string[] = [
  'php://',
  'data://',
  'phar://',
  'expect://',
  'zip://',
  'compress.zlib://',
  'compress.bzip2://',
  'glob://',
  'ogg://',
  'ssh2://',
  'file:/',
  'netdoc:',
  'jar:file',
  'jar:http',
  'gopher://',
  'dict://',
  'ssh2.',
  'rar://',
  'bzip2://',
  'view-source:file',
  'local_file:',
  'resource:///',
  'url:file',
  'url:http',
  'classpath:',
  'classpath*:',
];

/** An address of such a scheme at `start`. Id 1030004. Linear; never throws. */
export function detectWrapper(value: string, start: number): Detection | null {
  const colon = value.indexOf(':', start);
  if ((colon < 0 || colon - start > 24) && !value.startsWith('ssh2.', start)) return null;
  const head = value
    .slice(start, start + 32)
    .toLowerCase()
    .replaceAll('\\', '/');
  // Because editors name the files that they have open so.
  if (isOpenFile(head) && !namesSecret(value)) return null;
  for (const scheme of wrappers)
    if (head.startsWith(scheme) && !isNamed(value, start, scheme))
      return found(1030004, 5, `the value is a ${scheme} address`, start, start + head.length);
  return null;
}

/** Schemes behind whose colon words may stand: code, a command, another address. */
const spoken: readonly string[] = ['data://', 'expect://', 'view-source:file', 'jar:'];

/** Whether words stand behind the address, so that the text is about it: `php://input json`. */
function isNamed(value: string, start: number, scheme: string): boolean {
  if (spoken.some((one) => scheme.startsWith(one))) return false;
  const blank = value.indexOf(' ', start);
  const code = value.charCodeAt(blank + 1) | 32;
  return blank > 0 && code >= 97 && code <= 122 && !value.slice(start, blank).includes('=') && !value.includes('<');
}

/** A file of somebody who works on it: `file:///home/anna/a.ts`. */
function isOpenFile(head: string): boolean {
  return ['file:///home/', 'file:///users/', 'file:///c:/users/', 'file:///c%3a/users/', 'file:///workspace'].some(
    (folder) => head.startsWith(folder),
  );
}
