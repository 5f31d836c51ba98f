// A connection that carries many requests at once, as who opens it and who asks over it see it; the protocol is the codec's affair.

import type { Headers } from './headers.ts';
import type { OutgoingRequest } from './outgoing.ts';
import type { AnswerHead } from './wire.ts';

/** Who hears of the answer to one request. After `onAnswerEnd` or `onLost` nothing else is called. */
export interface AnswerSink {
  onInterim(head: AnswerHead): void;
  onAnswerHead(head: AnswerHead): void;
  /** A piece of the body; the bytes are lent. False asks to pause. */
  onAnswerBody(bytes: Buffer, from: number, to: number): boolean;
  onAnswerEnd(trailers: Headers | null): void;
  /** The request is taken again after `write` said false. */
  onDrain(): void;
  /** What came is no answer: the sentence says why. */
  onBroken(says: string): void;
  /** Reset, or lost with its connection. `isUnprocessed`: the other side says that it did not look at it. */
  onLost(says: string, isUnprocessed: boolean): void;
}

/** One request on its way over a connection. */
export interface Asking {
  /** A further piece of the body; the bytes are lent. False asks to wait for `onDrain`. */
  write(piece: Buffer): boolean;
  /** The request is whole. */
  end(trailers: Headers | null): void;
  pause(): void;
  resume(): void;
  /** Nobody waits for the answer any more. */
  cancel(): void;
}

/** Who has the socket. */
export interface MultiplexedOwner {
  /** False asks to wait until `drained` is called. */
  write(piece: string | Buffer): boolean;
  /** No request is under way any more. */
  onIdle(): void;
  /** It takes no further requests. */
  onGoaway(): void;
  /** The other side has said what it allows. */
  onReady(): void;
  /** The other side broke the protocol: what was to be said was written, every request was told. */
  onFault(says: string): void;
}

/** One connection, over which we ask. */
export interface Multiplexed {
  /** Requests under way. */
  readonly asked: number;
  /** May another request be asked over it now? */
  readonly hasRoom: boolean;
  /** Does the other side take WebSockets (RFC 8441 3)? Null before it has said anything. */
  readonly takesWebSockets: boolean | null;
  /** The first `count` bytes of `bytes` came; they are lent for the time of the call. */
  read(bytes: Buffer, count: number): void;
  /** The socket takes bytes again. */
  drained(): void;
  /** Everything that one read brought is looked at: a good moment to send what it led to. */
  flush(): void;
  /** Sends what is at hand of a request; body bytes may follow. A WebSocket's answer is told as HTTP/1.1 would have it: 101, and its tunnel as the body. Null where there is no room any more: then nothing was sent. */
  ask(request: OutgoingRequest, secure: boolean, sink: AnswerSink): Asking | null;
  /** Says that nothing further will be asked. */
  leave(): void;
  /** The socket is gone: every request hears of it. */
  lose(says: string): void;
}

/** Makes connections of HTTP/2, for the proxy. */
export interface MultiplexedCodec {
  open(owner: MultiplexedOwner): Multiplexed;
}
