// One HTTPS request to a CA, with a deadline and a longest answer. The only file here that opens connections to CAs.

import { Agent, request } from 'node:https';
import { rootCertificates } from 'node:tls';
import { CaUnreachable } from './ca-trouble.ts';

/** A request. `body` goes with POST alone. */
export interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
}

/** An answer. Fields have lower-case names. */
export interface Reply {
  readonly status: number;
  readonly fields: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** Makes calls; rejects with `CaUnreachable`. */
export interface Caller {
  call(call: Call): Promise<Reply>;
  /** Closes idle connections. */
  close(): void;
}

/** Longest answer that is read: a chain has some KiB, a directory one. */
const maxReplyBytes = 1 << 20;
const userAgent = 'Portcullis (ACME client)';

/** A caller whose requests take `timeoutMs` at most each; `roots` is PEM that is trusted beside the public roots, or ''. */
export function httpsCaller(roots: string, timeoutMs: number): Caller {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 6,
    ...(roots === '' ? {} : { ca: [...rootCertificates, roots] }),
  });
  return {
    call: (call) => send(call, agent, timeoutMs),
    close: () => agent.destroy(),
  };
}

function send({ method, url, body, contentType, accept }: Call, agent: Agent, timeoutMs: number): Promise<Reply> {
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:')
    return Promise.reject(new CaUnreachable(url, 'a CA is asked over https: only'));
  const headers: Record<string, string | number> = { 'User-Agent': userAgent };
  if (accept !== undefined) headers.Accept = accept;
  if (body !== undefined) {
    headers['Content-Type'] = contentType ?? 'application/jose+json';
    headers['Content-Length'] = Buffer.byteLength(body);
  }
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(new CaUnreachable(url, causeOf(error, timeoutMs)));
    const signal = AbortSignal.timeout(timeoutMs);
    const outgoing = request(url, { method, headers, agent, signal }, (incoming) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      incoming.on('data', (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > maxReplyBytes) incoming.destroy(new Error(`its answer is longer than ${maxReplyBytes} bytes`));
        else pieces.push(piece);
      });
      incoming.on('error', fail);
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          fields: incoming.headers,
          body: Buffer.concat(pieces).toString('utf8'),
        }),
      );
    });
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}

function causeOf(error: Error, timeoutMs: number): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  const code = 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name cannot be looked up; see whether this machine has a resolver that works';
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return `no connection (${code}); see whether a firewall keeps this machine from calling out on TCP 443`;
    default:
      return error.message;
  }
}
