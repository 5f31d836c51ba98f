// A request as a command that may be pasted into a shell: whatever is in it, it stays one word of that command.

import type { Journey } from '../shapes.ts';

/** Fields that curl or the connection makes by itself. */
const own = new Set(['host', 'content-length', 'connection', 'transfer-encoding', 'accept-encoding']);

/** The command; null where there was no request. What was redacted is left out, and said. */
export function curlOf({ request, tls, connection }: Journey): string | null {
  if (request === null) return null;
  const port = connection.to.slice(connection.to.lastIndexOf(':') + 1);
  const scheme = tls === null ? 'http' : 'https';
  const words = ['curl', '-i', '--path-as-is', '-g'];
  if (request.method !== 'GET') words.push('-X', quoted(request.method));
  let left = 0;
  for (const [name, value] of Object.entries(request.headers))
    for (const one of [value].flat()) {
      if (one === '[redacted]') left++;
      else if (!own.has(name) && !name.startsWith(':')) words.push('-H', quoted(`${name}: ${one}`));
    }
  const host = request.host === '' ? 'localhost' : request.host;
  words.push(
    quoted(`${scheme}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}${request.target}`),
  );
  const notes = [
    left > 0 ? `${left} field${left === 1 ? '' : 's'} with secrets left out` : '',
    ['GET', 'HEAD'].includes(request.method) ? '' : 'a body is not kept',
  ].filter((note) => note !== '');
  return words.join(' ') + (notes.length > 0 ? `  # ${notes.join('; ')}` : '');
}

/** One word for a POSIX shell; with control characters in it, for bash and zsh. */
export function quoted(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (!/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]/.test(text))
    return `'${text.replaceAll("'", `'\\''`)}'`;
  let out = '';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (character === '\\' || character === "'") out += `\\${character}`;
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else if ((code >= 0x80 && code < 0xa0) || (code >= 0x2028 && code <= 0x2069))
      out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += character;
  }
  return `$'${out}'`;
}
