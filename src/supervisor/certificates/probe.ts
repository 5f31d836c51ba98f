// Looks at a proof as a CA would, from here: one HTTP request or TLS handshake to an address, and what came of it.

import { createHash, X509Certificate } from 'node:crypto';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What came: the proof, or what came in its place as the end of a sentence. */
export type Probed = { readonly isProof: true } | { readonly isProof: false; readonly says: string };

const probeMs = 5000;
const maxAnswerBytes = 16_384;
const proof: Probed = Object.freeze({ isProof: true });

/** Asks `address` for a token as HTTP-01 does (RFC 8555 8.3), with the name as host. */
export function probeHttp(address: string, port: number, name: string, token: string, answer: string): Promise<Probed> {
  return new Promise((resolve) => {
    let got = '';
    const socket = connectPlain({ host: address, port });
    const end = (probed: Probed): void => {
      socket.destroy();
      resolve(probed);
    };
    socket.setTimeout(probeMs, () =>
      end(
        none(`nothing answers at TCP port ${port} within ${probeMs / 1000} s (a firewall that drops looks like this)`),
      ),
    );
    socket.on('error', (error: NodeJS.ErrnoException) => end(none(connectionFault(error, port))));
    socket.on('data', (piece: Buffer) => {
      got += piece.toString('latin1');
      if (got.length > maxAnswerBytes) end(judgeAnswer(got, answer, port));
    });
    socket.on('end', () =>
      end(
        got === ''
          ? none(`the connection to TCP port ${port} is closed without an answer`)
          : judgeAnswer(got, answer, port),
      ),
    );
    const host = `${name.includes(':') ? `[${name}]` : name}${port === 80 ? '' : `:${port}`}`;
    socket.write(
      `GET /.well-known/acme-challenge/${token} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: Portcullis (certs doctor)\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
    );
  });
}

/** Shakes hands with `address` as TLS-ALPN-01 does (RFC 8737 3); `digest` is that of the answer, in hex. */
export function probeTls(address: string, port: number, serverName: string, answer: string): Promise<Probed> {
  const digest = createHash('sha256').update(answer).digest('hex');
  return new Promise((resolve) => {
    const socket = connectTls({
      host: address,
      port,
      servername: serverName,
      ALPNProtocols: ['acme-tls/1'],
      rejectUnauthorized: false,
    });
    const end = (probed: Probed): void => {
      socket.destroy();
      resolve(probed);
    };
    socket.setTimeout(probeMs, () =>
      end(none(`no handshake at TCP port ${port} within ${probeMs / 1000} s (a firewall that drops looks like this)`)),
    );
    socket.on('error', (error: NodeJS.ErrnoException) => end(none(handshakeFault(error, port))));
    socket.on('secureConnect', () => {
      const { raw } = socket.getPeerCertificate();
      const isProof =
        socket.alpnProtocol === 'acme-tls/1' && raw !== undefined && raw.toString('hex').includes(`0420${digest}`);
      if (isProof) end(proof);
      else end(none(`another server speaks TLS at port ${port}: it shows a certificate of ${issuerOf(raw)}`));
    });
  });
}

function judgeAnswer(text: string, answer: string, port: number): Probed {
  const status = text.startsWith('HTTP/1.') ? text.slice(9, 12) : '';
  if (status === '') return none(`what answers at TCP port ${port} is no web server`);
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  if (status === '200' && body.includes(answer)) return proof;
  const location = fieldOf(text, 'location');
  if (status.startsWith('3') && location !== '')
    return none(`the request at port ${port} is redirected to ${location}`);
  const server = fieldOf(text, 'server');
  return none(
    `another server answers at port ${port}: status ${status}${server === '' ? '' : `, "Server: ${server}"`}`,
  );
}

function fieldOf(text: string, name: string): string {
  const head = text.slice(0, Math.max(0, text.indexOf('\r\n\r\n')));
  const line = head.split('\r\n').find((one) => one.toLowerCase().startsWith(`${name}:`));
  let shown = '';
  for (const character of (line?.slice(name.length + 1) ?? '').trim().slice(0, 200))
    shown += character < ' ' || character > '~' ? '?' : character;
  return shown;
}

function connectionFault({ code, message }: NodeJS.ErrnoException, port: number): string {
  switch (code) {
    case 'ECONNREFUSED':
      return `nobody listens at TCP port ${port} (connection refused)`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `the connection to TCP port ${port} is closed at once, as a firewall rule at accept does`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `there is no way to it (${code})`;
    case 'ETIMEDOUT':
      return `nothing answers at TCP port ${port} (a firewall that drops looks like this)`;
    default:
      return `TCP port ${port} cannot be reached (${message})`;
  }
}

function handshakeFault(error: NodeJS.ErrnoException, port: number): string {
  const { code = '' } = error;
  if (!code.startsWith('ERR_SSL') && !error.message.includes('before secure TLS')) return connectionFault(error, port);
  if (error.message.includes('before secure TLS'))
    return connectionFault(Object.assign(new Error(), { code: 'ECONNRESET' }), port);
  return `another server speaks TLS at port ${port}, or none does: it refuses the protocol of the proof (${code})`;
}

function issuerOf(raw: Buffer | undefined): string {
  try {
    return raw === undefined ? 'nobody' : new X509Certificate(raw).issuer.replaceAll('\n', ', ').slice(0, 200);
  } catch {
    return 'somebody';
  }
}

function none(says: string): Probed {
  return { isProof: false, says };
}
