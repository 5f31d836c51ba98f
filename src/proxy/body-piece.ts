// A piece of a request's body as it goes out over HTTP/1.1: in a chunk of its own, or as it stands.

import type { Socket } from 'node:net';
import type { Writes } from '../base/writes.ts';

const crlf = Buffer.from('\r\n');

/** Writes a lent piece; false asks to wait for `drain`. A chunk is three writes where the piece is large, and one where it is small:
 * the caller corks. */
export function writePiece(socket: Socket, writes: Writes, piece: Buffer, isChunked: boolean): boolean {
  if (!isChunked) return writes.lent(socket, piece, 0, piece.length);
  const size = `${piece.length.toString(16)}\r\n`;
  if (!writes.pays(piece.length)) return socket.write(Buffer.concat([Buffer.from(size), piece, crlf]));
  socket.write(size, 'latin1');
  writes.lent(socket, piece, 0, piece.length);
  return socket.write('\r\n', 'latin1');
}
