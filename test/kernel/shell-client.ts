// One connection to the shell of `shell-server.ts`: stdin goes there, what it says comes to stdout. `node shell-client.ts ADDRESS PORT`.

import { connect } from 'node:net';

const [address, port] = process.argv.slice(2);
const socket = connect(Number(port), address, () => process.stdout.write('connected\n'));
socket.on('error', (error) => {
  process.stdout.write(`${error.message}\n`);
  process.exit(1);
});
process.stdin.pipe(socket);
socket.pipe(process.stdout);
