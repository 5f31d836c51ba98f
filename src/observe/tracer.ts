// Which exchanges are traced, and their spans on the way to a collector: sampled, in batches, bounded, and lost where it does not take them.

import type { Exchange } from '../traffic/exchange.ts';
import { readTraceParent, readTraceState, type Trace } from '../traffic/trace.ts';
import { type Span, spansOf } from './spans.ts';

/** What is traced, and who is told. */
export interface TraceWords {
  /** Address of the collector: `http://127.0.0.1:4318/v1/traces`. */
  readonly to: string;
  /** Field lines for the collector. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Share of the exchanges that are traced because of chance, 0 to 1. */
  readonly share: number;
  /** Most exchanges that one worker traces a second, whoever asks for it. */
  readonly maxPerSecond: number;
  readonly service: string;
}

/** What a collector said: its status, and after how many seconds it wants to be asked again (0 where it did not say). */
export interface Posted {
  readonly status: number;
  readonly retryAfterSeconds: number;
}

/** What the tracer needs of the outside. */
export interface TracerTools {
  /** Posts JSON; rejects where nobody answers in time. */
  post(to: string, headers: TraceWords['headers'], body: string): Promise<Posted>;
  /** Fills a block with chance that nobody can guess. */
  fill(block: Uint8Array): unknown;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  readonly hostname: string;
  readonly version: string;
}

/** What became of spans. */
export interface TraceCounts {
  readonly written: number;
  readonly dropped: number;
  readonly waiting: number;
  /** What is wrong, or ''. */
  readonly trouble: string;
}

/** Spans that wait, and that one message has, at most. */
const maxWaiting = 4096;
const maxBatch = 512;
/** Spans wait so long for others, in ms. */
const batchMs = 1000;
/** The longest pause that a collector may ask for, in ms. */
const maxPauseMs = 30_000;

/** One worker's tracer. */
export class Tracer {
  readonly words: TraceWords;
  readonly #tools: TracerTools;
  #spans: Span[] = [];
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> | null = null;
  #second = 0;
  #ofSecond = 0;
  #written = 0;
  #dropped = 0;
  #trouble = '';
  #pausedUntilMs = 0;
  /** Chance that was fetched and not used yet. */
  readonly #block = Buffer.alloc(1024);
  #used = 1024;

  constructor(words: TraceWords, tools: TracerTools) {
    this.words = words;
    this.#tools = tools;
  }

  get counts(): TraceCounts {
    const waiting = this.#spans.length;
    return { written: this.#written, dropped: this.#dropped, waiting, trouble: this.#trouble };
  }

  /** Where an exchange that begins stands in a trace; null where it is not traced. Whoever asks for it with `traceparent` is, within the bound. */
  begin({ headers }: Exchange): Trace | null {
    const said = headers.all('traceparent');
    // Two of them say two things: that is no parent at all (W3C Trace Context 3.2.2).
    const parent = said.length === 1 ? readTraceParent(said[0]!) : null;
    if (parent?.isSampled !== true && this.#chance() >= this.words.share) return null;
    if (!this.#hasRoom()) return null;
    return {
      traceId: parent?.traceId ?? this.#id(32),
      spanId: this.#id(16),
      parentId: parent?.parentId ?? '',
      state: parent === null ? '' : readTraceState(headers.all('tracestate')),
    };
  }

  /** Takes a traced exchange that has ended. */
  tell(exchange: Exchange): void {
    const spans = spansOf(exchange, () => this.#id(16));
    if (this.#spans.length + spans.length > maxWaiting) {
      this.#dropped += spans.length;
      return;
    }
    this.#spans.push(...spans);
    if (this.#spans.length >= maxBatch) void this.#send();
    else this.#timer ??= setTimeout(() => void this.#send(), batchMs).unref();
  }

  /** Sends what waits, once; what the collector does not take then is lost. */
  async stop(): Promise<void> {
    await this.#sending;
    this.#pausedUntilMs = 0;
    await this.#send();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #send(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
      if (this.#spans.length > 0) this.#timer ??= setTimeout(() => void this.#send(), batchMs).unref();
    });
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    while (this.#spans.length > 0 && this.#tools.now() >= this.#pausedUntilMs) {
      const batch = this.#spans.slice(0, maxBatch);
      const again = await this.#post(batch);
      if (again) return;
      this.#spans.splice(0, batch.length);
    }
  }

  /** Posts a batch; true where it is to be tried again after the pause (OTLP 1.x, failures that may be retried). */
  async #post(batch: readonly Span[]): Promise<boolean> {
    const { to, headers } = this.words;
    try {
      const { status, retryAfterSeconds } = await this.#tools.post(to, headers, this.#message(batch));
      if (status >= 200 && status < 300) {
        this.#written += batch.length;
        this.#trouble = '';
        return false;
      }
      this.#trouble = `the collector answers with status ${status}`;
      if (![429, 502, 503, 504].includes(status)) {
        this.#dropped += batch.length;
        return false;
      }
      this.#pause(Math.max(1000, retryAfterSeconds * 1000));
    } catch (error) {
      this.#trouble = `the collector cannot be reached: ${error instanceof Error ? error.message : String(error)}`;
      this.#pause(5000);
    }
    return true;
  }

  #pause(ms: number): void {
    this.#pausedUntilMs = this.#tools.now() + Math.min(ms, maxPauseMs);
  }

  #message(spans: readonly Span[]): string {
    const { hostname, version } = this.#tools;
    const attributes = Object.entries({
      'service.name': this.words.service,
      'service.version': version,
      'host.name': hostname,
      'telemetry.sdk.name': 'portcullis',
      'telemetry.sdk.language': 'nodejs',
    }).map(([key, stringValue]) => ({ key, value: { stringValue } }));
    const scopeSpans = [{ scope: { name: 'portcullis', version }, spans }];
    return JSON.stringify({ resourceSpans: [{ resource: { attributes }, scopeSpans }] });
  }

  /** Whether another may be traced in this second. */
  #hasRoom(): boolean {
    const second = Math.floor(this.#tools.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#ofSecond = 0;
    }
    return this.#ofSecond++ < this.words.maxPerSecond;
  }

  /** An id of so many hexadecimal digits, never all zero. */
  #id(digits: 16 | 32): string {
    const bytes = Buffer.alloc(digits / 2);
    this.#tools.fill(bytes);
    if (bytes.every((byte) => byte === 0)) bytes[0] = 1;
    return bytes.toString('hex');
  }

  /** A number from 0 up to 1. */
  #chance(): number {
    if (this.#used + 4 > this.#block.length) {
      this.#tools.fill(this.#block);
      this.#used = 0;
    }
    const number = this.#block.readUInt32LE(this.#used) / 2 ** 32;
    this.#used += 4;
    return number;
  }
}
