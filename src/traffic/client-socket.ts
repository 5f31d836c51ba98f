// What a client's side uses of the socket of its connection: one of Node's, or what the TLS station has beneath TLS.

/** A connection's bytes, both ways. `end`, `drain`, `error` and `close` are told as a socket of Node tells them; half of it may end first. */
export interface ClientSocket {
  readonly destroyed: boolean;
  readonly connecting: boolean;
  readonly writableEnded: boolean;
  /** What was written and not handed to the kernel, in bytes. */
  readonly writableLength: number;
  readonly writableCorked: number;
  /** Text is latin1. False asks to wait for `drain`. */
  write(text: string, encoding: 'latin1'): boolean;
  write(bytes: Uint8Array, done?: () => void): boolean;
  cork(): void;
  uncork(): void;
  pause(): unknown;
  resume(): unknown;
  isPaused(): boolean;
  setKeepAlive(isOn: boolean, afterMs: number): unknown;
  /** What comes goes to `onBytes`, lent for the time of the call. A socket of Node has it not: `SharedReads` tells it. */
  readTo?(onBytes: (bytes: Buffer, count: number) => void): void;
  /** Sends what was written, then the end of this half. */
  end(): unknown;
  end(text: string): unknown;
  /** As `end`, and closes once that is sent. */
  destroySoon(): void;
  destroy(error?: Error): unknown;
  resetAndDestroy(): unknown;
  on(event: 'end' | 'drain' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  emit(event: 'drain'): boolean;
}
