// Opens the socket of a connection to an upstream.

import net, { type Socket } from 'node:net';

/** Where to connect, and how patient to be. */
export interface UpstreamOptions {
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly idleMs: number;
}

/** Reads into one buffer: it is lent to `callback` for the time of the call; false stops the reading. */
export interface ReadInto {
  readonly buffer: Buffer;
  callback(count: number): boolean;
}

/** Begins to connect; the socket says `connect` once bytes may go. */
export function dial(options: UpstreamOptions, onread: ReadInto): Socket {
  return net.connect({
    host: options.host,
    port: options.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    onread,
  });
}
