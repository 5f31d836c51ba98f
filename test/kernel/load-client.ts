// Connections that ask one request after the other until stdin ends; then it says how many were answered and how many were lost.
// `node load-client.ts ADDRESS PORT CONNECTIONS`

import { once } from 'node:events';
import { connect } from 'node:net';

const [address = '', port, connections] = process.argv.slice(2);
let isOver = false;
let [answered, lost] = [0, 0];

/** Asks over one connection until it is over, and whether the gate said that this was the last answer on it. */
async function overOne(): Promise<boolean> {
  const socket = connect(Number(port), address).setNoDelay();
  const ended = once(socket, 'close').then(() => null);
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'connect'), ended]).catch(() => null);
  let isLast = false;
  while (!isOver && !isLast) {
    socket.write('GET / HTTP/1.1\r\nHost: nobody\r\n\r\n');
    const came = await Promise.race([once(socket, 'data'), ended]);
    if (came === null) {
      lost++;
      return false;
    }
    if (++answered === Number(connections)) process.stdout.write('under way\n');
    isLast = String(came[0]).toLowerCase().includes('\r\nconnection: close\r\n');
  }
  socket.destroy();
  return isLast;
}

async function one(): Promise<void> {
  while (!isOver && (await overOne()));
}

process.stdin.resume().on('end', () => {
  isOver = true;
});
await Promise.all(Array.from({ length: Number(connections) }, one));
process.stdout.write(`${JSON.stringify({ answered, lost })}\n`);
process.exit(0);
