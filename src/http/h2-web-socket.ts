// A WebSocket over a stream that we asked for (RFC 8441): told to whoever asked as the handshake of HTTP/1.1 that it stands for.

import { createHash } from 'node:crypto';
import { Headers } from '../traffic/headers.ts';
import type { AnswerSink } from '../traffic/multiplexed.ts';
import { AnswerHead } from '../traffic/wire.ts';

/** What a server's proof is made with (RFC 6455 1.3). */
const proofSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const keyName = 'sec-websocket-key:';

/** The nonce of a handshake, '' for none. */
export function keyIn(lines: string): string {
  const at = keyAt(lines);
  return at < 0 ? '' : lines.slice(at + keyName.length, lines.indexOf('\r\n', at)).trim();
}

/** Lines without that nonce, which HTTP/2 has no use for (RFC 8441 5). */
export function withoutKey(lines: string): string {
  const at = keyAt(lines);
  return at < 0 ? lines : withoutKey(lines.slice(0, at) + lines.slice(lines.indexOf('\r\n', at) + 2));
}

function keyAt(lines: string): number {
  for (let at = 0; at < lines.length; at = lines.indexOf('\r\n', at) + 2)
    if (lines.slice(at, at + keyName.length).toLowerCase() === keyName) return at;
  return -1;
}

/** Passes on what is answered; a stream that was opened becomes 101 (RFC 8441 5, RFC 6455 4.2.2). */
export class WebSocketSink implements AnswerSink {
  readonly #sink: AnswerSink;
  readonly #key: string;

  constructor(sink: AnswerSink, key: string) {
    this.#sink = sink;
    this.#key = key;
  }

  onAnswerHead(head: AnswerHead): void {
    if (head.status < 200 || head.status > 299) {
      this.#sink.onAnswerHead(head);
      return;
    }
    const proof = createHash('sha1').update(`${this.#key}${proofSuffix}`).digest('base64');
    const switched = new AnswerHead(new Headers('Upgrade: websocket\r\n'));
    switched.version = '2.0';
    switched.status = 101;
    switched.reason = 'Switching Protocols';
    switched.forwarded = `${head.forwarded}Sec-WebSocket-Accept: ${proof}\r\n`;
    this.#sink.onAnswerHead(switched);
  }

  onInterim(head: AnswerHead): void {
    this.#sink.onInterim(head);
  }
  onAnswerBody(bytes: Buffer, from: number, to: number): boolean {
    return this.#sink.onAnswerBody(bytes, from, to);
  }
  onAnswerEnd(trailers: Headers | null): void {
    this.#sink.onAnswerEnd(trailers);
  }
  onDrain(): void {
    this.#sink.onDrain();
  }
  onBroken(says: string): void {
    this.#sink.onBroken(says);
  }
  onLost(says: string, isUnprocessed: boolean): void {
    this.#sink.onLost(says, isUnprocessed);
  }
}
