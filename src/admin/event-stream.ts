// Server-Sent Events with back-pressure: whoever is slow gets the newest state and never a queue of old ones.

/** Where events go; the answer of a request is one. */
export interface Sink {
  /** False where the browser has not taken what was written before. */
  write(text: string): boolean;
  on(event: 'drain' | 'close', listener: () => void): unknown;
  end(text?: string): unknown;
}

interface Reader {
  readonly sink: Sink;
  readonly who: string;
  isSlow: boolean;
  /** The newest of each kind that a slow one has not got: as many as there are kinds. */
  readonly waiting: Map<string, string>;
}

/** Readers in all, and of one caller: a browser holds one for each tab that can be seen. */
export const maxReaders = 256;
export const maxReadersOfOne = 32;

/** All who read along. */
export class EventStream {
  readonly #readers: Reader[] = [];

  /** How many read along. */
  get size(): number {
    return this.#readers.length;
  }

  /** Lets `who` read along; the oldest stream has to end where there are too many. */
  add(sink: Sink, who: string): void {
    const own = this.#readers.filter((reader) => reader.who === who);
    if (own.length >= maxReadersOfOne) this.#turnOut(own[0]!);
    else if (this.#readers.length >= maxReaders) this.#turnOut(this.#readers[0]!);
    const reader: Reader = { sink, who, isSlow: false, waiting: new Map() };
    this.#readers.push(reader);
    sink.on('drain', () => this.#goOn(reader));
    sink.on('close', () => this.#remove(reader));
  }

  /** Tells everybody the state of one kind. */
  publish(kind: string, state: unknown): void {
    if (this.#readers.length === 0) return;
    const text = `event: ${kind}\ndata: ${JSON.stringify(state)}\n\n`;
    for (const reader of this.#readers)
      if (reader.isSlow) reader.waiting.set(kind, text);
      else reader.isSlow = !reader.sink.write(text);
  }

  /** Ends all streams, or those of one caller. */
  end(who: string | null = null): void {
    for (const reader of [...this.#readers]) if (who === null || reader.who === who) this.#turnOut(reader);
  }

  #goOn(reader: Reader): void {
    reader.isSlow = false;
    for (const [kind, text] of reader.waiting) {
      reader.waiting.delete(kind);
      reader.isSlow = !reader.sink.write(text);
      if (reader.isSlow) return;
    }
  }

  #turnOut(reader: Reader): void {
    this.#remove(reader);
    reader.sink.end('event: over\ndata: null\n\n');
  }

  #remove(reader: Reader): void {
    const at = this.#readers.indexOf(reader);
    if (at >= 0) this.#readers.splice(at, 1);
  }
}
