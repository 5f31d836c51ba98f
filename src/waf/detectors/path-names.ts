// Secrets that an argument asks for by their bare names, where it names files: `file=.htaccess`, `page=config/database.yml`.

import { type Detection, found, type Subject } from './detection.ts';
import { secretFiles } from './path-secrets.ts';

/** Names of arguments that hold a file or a page. */
const asked: ReadonlySet<string> = new Set(
  'file filename filepath path page doc document template include inc load download folder dir view tpl layout module attachment src'.split(
    ' ',
  ),
);
const longest = 128;

/** Names of arguments that hold what people type. */
const typed: ReadonlySet<string> = new Set(
  'q s query search keyword keywords term text message comment body content title subject note description'.split(' '),
);

/**
 * A bare name of a secret in an argument of the address that names files, or holds no text and nothing else. Id 1030009.
 * Linear; never throws.
 */
export function detectNamedFile({ lower, name, isName, inHead }: Subject): Detection | null {
  if (isName || !inHead || lower.length > longest || lower.length < 3) return null;
  const called = name.toLowerCase();
  // Because `sam` and `shadow` are names and colours where no file is asked for.
  if (!asked.has(called) && (typed.has(called) || !'./_'.split('').some((one) => lower.includes(one)))) return null;
  const text = lower.trim().replaceAll('\\', '/');
  const isSecret = secretFiles.some(
    (secret) =>
      text.endsWith(secret) && (text.length === secret.length || text.charAt(text.length - secret.length - 1) === '/'),
  );
  return isSecret ? found(1030009, 5, 'the argument asks for a file that holds secrets', 0, lower.length) : null;
}
