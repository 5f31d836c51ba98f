// Ports for programs that must be told a number before they start; holds them for this process, opens nothing for it.

import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Below the range of source ports (`net.ipv4.ip_local_port_range`, from 32768 on): a port that the kernel gives to
 * whoever connects next may be taken before the program that was told of it listens.
 */
const first = 12_000;
const count = 20_000;

/** Held until the process ends, so that no other of its kind is given the same. */
const claims: Server[] = [];

let next = process.pid * 17;

/** That many ports on loopback, free, and not given to another process that asks here. */
export async function freePorts(wanted: number): Promise<number[]> {
  const found: number[] = [];
  for (let tried = 0; found.length < wanted; tried++) {
    if (tried === count) throw new Error(`no ${wanted} free ports from ${first} to ${first + count - 1}`);
    const port = first + (next++ % count);
    if (await isOurs(port)) found.push(port);
  }
  return found;
}

/** Whether the port is claimed now. The claim is a name in the kernel (unix(7), abstract), gone with the process. */
async function isOurs(port: number): Promise<boolean> {
  const claim = await listening({ path: `\0portcullis-test-port-${port}` });
  if (claim === null) return false;
  claim.unref();
  claims.push(claim);
  const listener = await listening({ port, host: '127.0.0.1' });
  if (listener === null) return false;
  listener.close();
  await once(listener, 'close');
  return true;
}

/** A server there; null where somebody else is. */
function listening(place: { path: string } | { port: number; host: string }): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(place, () => resolve(server));
  });
}
