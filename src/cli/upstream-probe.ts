// Which upstreams do not answer at the start: a gate before nothing runs, and its owner should hear of it at once.

import { lookup } from 'node:dns/promises';
import { connect, type NetConnectOpts } from 'node:net';

/** Most upstreams that are tried, and the longest wait for one, in ms. */
const maxTried = 64;
const maxWaitMs = 1000;

/** An upstream as the settings have it. */
export interface Probed {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Path of a Unix socket, or ''. */
  readonly socketPath: string;
}

/** One sentence for each of the upstreams that does not take connections now. Never rejects. */
export async function silentUpstreams(upstreams: readonly Probed[]): Promise<string[]> {
  const tried = [...new Map(upstreams.map((upstream) => [upstream.url, upstream])).values()].slice(0, maxTried);
  const troubles = await Promise.all(tried.map(troubleAt));
  return tried.flatMap(({ url }, index) => {
    const trouble = troubles[index];
    return trouble === null ? [] : [`${url} does not answer: ${trouble}; requests get 502 until it does`];
  });
}

async function troubleAt({ host, port, socketPath }: Probed): Promise<string | null> {
  if (socketPath !== '') return troubleOf({ path: socketPath });
  const found = await lookup(host, { all: true }).catch(() => []);
  if (found.length === 0) return 'its name does not resolve';
  const troubles = await Promise.all(found.slice(0, 4).map(({ address }) => troubleOf({ host: address, port })));
  return troubles.includes(null) ? null : troubles[0]!;
}

function troubleOf(place: NetConnectOpts): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(place, () => end(null));
    const end = (trouble: string | null) => {
      socket.destroy();
      resolve(trouble);
    };
    socket.setTimeout(maxWaitMs, () => end(`no answer within ${maxWaitMs / 1000} s`));
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) =>
      end(code === 'ECONNREFUSED' || code === 'ENOENT' ? 'nothing listens there' : message),
    );
  });
}
