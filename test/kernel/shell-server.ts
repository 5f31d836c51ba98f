// A server that runs the words of each connection's first line as a command, with SSH_CONNECTION set as sshd(8) does.
// Started as a process of its own inside a namespace: `node shell-server.ts ADDRESS PORT DIRECTORY`.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { compileCache, portcullis } from '../portcullis-process.ts';

const [address, port, directory] = process.argv.slice(2);

const server = createServer((socket) => {
  const from = `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;
  let text = '';
  socket.setEncoding('utf8');
  socket.on('error', () => undefined);
  socket.on('data', (piece: string) => {
    text += piece;
    const end = text.indexOf('\n');
    if (end < 0) return;
    const words = text.slice(0, end).split(' ');
    text = text.slice(end + 1);
    const child = spawn(process.execPath, [portcullis, ...words], {
      cwd: directory,
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache, SSH_CONNECTION: from },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.on('data', (out: Buffer) => socket.write(out));
    child.stderr.on('data', (out: Buffer) => socket.write(out));
    child.on('close', (code) => socket.write(`exit ${code}\n`));
  });
});
server.listen(Number(port), address, () => process.stdout.write(`up ${process.pid}\n`));
