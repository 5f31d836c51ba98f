// Which upstreams do not answer at the start: a gate before nothing runs, and its owner should hear of it at once.

import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { splitEndpoint } from '../traffic/connection.ts';

/** Most upstreams that are tried, and the longest wait for one, in ms. */
const maxTried = 64;
const maxWaitMs = 1000;

/** One sentence for each of the endpoints (`host:port`) that does not take connections now. Never rejects. */
export async function silentUpstreams(endpoints: readonly string[]): Promise<string[]> {
  const tried = [...new Set(endpoints)].slice(0, maxTried);
  const troubles = await Promise.all(tried.map(troubleAt));
  return tried.flatMap((endpoint, index) => {
    const trouble = troubles[index];
    return trouble === null ? [] : [`${endpoint} does not answer: ${trouble}; requests get 502 until it does`];
  });
}

async function troubleAt(endpoint: string): Promise<string | null> {
  const { address: host, port } = splitEndpoint(endpoint);
  const found = await lookup(host, { all: true }).catch(() => []);
  if (found.length === 0) return 'its name does not resolve';
  const troubles = await Promise.all(found.slice(0, 4).map(({ address }) => troubleOf(address, port)));
  return troubles.includes(null) ? null : troubles[0]!;
}

function troubleOf(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port }, () => end(null));
    const end = (trouble: string | null) => {
      socket.destroy();
      resolve(trouble);
    };
    socket.setTimeout(maxWaitMs, () => end(`no answer within ${maxWaitMs / 1000} s`));
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) =>
      end(code === 'ECONNREFUSED' ? 'nothing listens there' : message),
    );
  });
}
