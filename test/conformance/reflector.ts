// The upstream of the CRS tests: answers 200 to everything, and at /reflect what the body of the request asks for (CRS's `albedo`).

import net, { type Server } from 'node:net';

/** What `/reflect` is told to answer. */
interface Wanted {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly encodedBody?: string;
}

/** Starts it on a free port of loopback. It reads bytes, so that no method and no field is too strange for it. */
export function startReflector(): Promise<{ readonly port: number; readonly server: Server }> {
  const server = net.createServer((socket) => {
    let bytes = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (piece: Buffer) => {
      bytes = Buffer.concat([bytes, piece]);
      for (let request = take(bytes); request !== null; request = take(bytes)) {
        bytes = bytes.subarray(request.end);
        socket.write(answerTo(request.head, request.body));
      }
    });
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({ port: typeof address === 'object' && address !== null ? address.port : 0, server });
    }),
  );
}

/** The first whole request in `bytes`, or null. */
function take(bytes: Buffer): { readonly head: string; readonly body: Buffer; readonly end: number } | null {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return null;
  const head = bytes.toString('latin1', 0, headEnd);
  const start = headEnd + 4;
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const end = bytes.indexOf('0\r\n\r\n', start);
    return end < 0 ? null : { head, body: Buffer.alloc(0), end: end + 5 };
  }
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  if (bytes.length < start + length) return null;
  return { head, body: bytes.subarray(start, start + length), end: start + length };
}

function answerTo(head: string, body: Buffer): Buffer {
  const [method = '', target = ''] = head.split(' ', 2);
  const wanted = target.startsWith('/reflect') ? readWanted(body) : {};
  const payload =
    wanted.encodedBody === undefined
      ? Buffer.from(wanted.body ?? '', 'utf8')
      : Buffer.from(wanted.encodedBody, 'base64');
  const headers = Object.entries(wanted.headers ?? {})
    .filter(([name]) => !['content-length', 'transfer-encoding', 'connection'].includes(name.toLowerCase()))
    .map(([name, value]) => `${name}: ${value}\r\n`);
  // Because albedo is a Go server, which names the type of a body that nobody named.
  if (payload.length > 0 && !Object.keys(wanted.headers ?? {}).some((name) => name.toLowerCase() === 'content-type'))
    headers.push('Content-Type: text/plain; charset=utf-8\r\n');
  const text = `HTTP/1.1 ${wanted.status ?? 200} Answer\r\n${headers.join('')}Content-Length: ${payload.length}\r\n\r\n`;
  return method === 'HEAD' ? Buffer.from(text, 'latin1') : Buffer.concat([Buffer.from(text, 'latin1'), payload]);
}

function readWanted(body: Buffer): Wanted {
  try {
    return JSON.parse(body.toString('utf8')) as Wanted;
  } catch {
    return { status: 400 };
  }
}
