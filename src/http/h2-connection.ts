// One HTTP/2 connection (RFC 9113), the same for both ends: frames in, frames out, flow control, and what a peer may not do.
// It knows neither sockets nor requests: bytes are handed in, text and bytes are handed out, and streams tell their listeners.

import { latin1 } from '../base/bytes.ts';
import { AbuseCounter, type AbuseLimits } from './h2-abuse.ts';
import { HeaderDecoder } from './h2-decoder.ts';
import { HeaderEncoder } from './h2-encoder.ts';
import * as h2 from './h2-frames.ts';
import { type Flushing, type Http2Tools, Stream } from './h2-stream.ts';

/** Which end we are. */
export type Role = 'server' | 'client';

/** Bounds of one connection, and its windows in bytes. */
export interface Http2Limits extends AbuseLimits {
  readonly maxHeaderBytes: number;
  /** Streams that the peer may have open. */
  readonly maxConcurrentStreams: number;
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
}

/** Who has the socket. */
export interface ConnectionOwner {
  /** False asks to wait until `drained` is called. */
  write(piece: string | Buffer): boolean;
  /** The client opened a stream: who hears of it is to be set at once. `block` is true until the call returns. */
  onStream(stream: Stream, block: HeaderDecoder, wireBytes: number, isEnd: boolean): void;
  /** The last open stream is gone. */
  onEmpty(): void;
  /** The peer's settings came for the first time. */
  onReady(): void;
  /** The peer says that it takes no further streams. */
  onGoaway(): void;
  /** The peer answered our PING. */
  onPong(): void;
  /** The connection is lost by the peer's fault: GOAWAY was written, streams were told, and the socket is to be closed. */
  onFault(why: string, says: string): void;
}

/** A block in more CONTINUATION frames than this is sent for the sake of the frames (CVE-2024-27316 and its family). */
const maxContinuations = 8;
/** A block may hold so many times the bound before it is taken for a bomb rather than for too much. */
const bombFactor = 16;
/** Streams that we ended before the peer did: what still comes on them is nobody's fault. */
const maxForgotten = 256;
/** How much of it is dropped in silence. */
const maxDroppedBytes = 32_768;
const maxSettings = 32;
/** What is gathered is sent at once when it is longer than this. */
const maxGatheredBytes = 32_768;
/** What may wait for a peer that does not read, beside the data of streams. */
const maxUnsentBytes = 1_048_576;
/** Shorter pieces are cheaper as text. */
const maxTextBytes = 4096;

/** One connection. */
export class Http2Connection implements Flushing {
  readonly streams: Map<number, Stream> = new Map();
  readonly encoder: HeaderEncoder;
  readonly abuse: AbuseCounter;
  /** The highest stream that the peer opened. */
  lastPeerId = 0;
  /** What the peer allows us. */
  peerMaxStreams: number = 2 ** 31;
  peerTakesConnect = false;
  isGone = false;
  readonly #role: Role;
  readonly #owner: ConnectionOwner;
  readonly #limits: Http2Limits;
  readonly #tools: Http2Tools;
  readonly #decoder: HeaderDecoder;
  #out = '';
  #isDue = false;
  #isBlocked = false;
  #unsentBytes = 0;
  /** Streams with something queued, or that wait for the socket; each is in `streams`. */
  readonly #waiting: Set<Stream> = new Set();
  /** The last streams that we ended early, by id, with the bytes that still came on them; at most `maxForgotten`. */
  readonly #forgotten: Map<number, number> = new Map();
  #sendWindow: number = h2.initialWindow;
  #peerStreamWindow: number = h2.initialWindow;
  #peerFrameBytes = h2.maxFrameBytes;
  #receiveWindow: number;
  #credit = 0;
  #nextId = 1;
  #refusesFrom: number = Number.POSITIVE_INFINITY;

  #pending: Buffer | null = null;
  #prefaceAt = 0;
  #sawSettings = false;
  /** The DATA frame in hand: bytes of data and of padding still to come. */
  #data: Stream | null = null;
  #dataId = 0;
  #dataLeft = 0;
  #padLeft = 0;
  #dataEnds = false;
  /** The header block in hand, while CONTINUATION is to come. */
  #block: Buffer[] | null = null;
  #blockBytes = 0;
  #blockId = 0;
  #blockEnds = false;

  constructor(role: Role, owner: ConnectionOwner, limits: Http2Limits, tools: Http2Tools) {
    this.#role = role;
    this.#owner = owner;
    this.#limits = limits;
    this.#tools = tools;
    this.#decoder = new HeaderDecoder(limits.maxHeaderBytes, tools.scratch);
    this.encoder = new HeaderEncoder(tools.names);
    this.abuse = new AbuseCounter(limits, tools.now);
    this.#receiveWindow = limits.connectionWindowBytes;
    if (role === 'client') this.#prefaceAt = h2.preface.length;
  }

  /** Says what we are held to. */
  start(): void {
    const { streamWindowBytes, connectionWindowBytes, maxConcurrentStreams, maxHeaderBytes } = this.#limits;
    const common = [
      [h2.INITIAL_WINDOW_SIZE, streamWindowBytes],
      [h2.MAX_HEADER_LIST_SIZE, maxHeaderBytes],
    ] as const;
    this.#put(
      this.#role === 'server'
        ? h2.settingsFrame([
            [h2.MAX_CONCURRENT_STREAMS, maxConcurrentStreams],
            [h2.ENABLE_CONNECT_PROTOCOL, 1],
            ...common,
          ])
        : h2.preface + h2.settingsFrame([[h2.ENABLE_PUSH, 0], ...common]),
    );
    this.#put(h2.windowFrame(0, connectionWindowBytes - h2.initialWindow));
  }

  /** Is there part of a frame that is no data, or of a header block, whose rest is to come? */
  get isWithin(): boolean {
    return this.#pending !== null || this.#block !== null || !this.#sawSettings;
  }

  // ---- what comes

  /** The first `count` bytes of `bytes` came; they are lent for the time of the call. */
  read(bytes: Buffer, count: number): void {
    let from = bytes;
    let to = count;
    if (this.#pending !== null) {
      from = Buffer.concat([this.#pending, bytes.subarray(0, count)]);
      to = from.length;
      this.#pending = null;
    }
    let at = this.#prefaceAt < h2.preface.length ? this.#readPreface(from, to) : 0;
    while (at < to && !this.isGone) {
      if (this.#dataLeft > 0 || this.#padLeft > 0) {
        at = this.#readData(from, at, to);
        continue;
      }
      const next = this.#readFrame(from, at, to);
      if (next < 0) break;
      at = next;
    }
    if (at < to && !this.isGone) this.#pending = Buffer.from(from.subarray(at, to));
  }

  #readPreface(bytes: Buffer, to: number): number {
    let at = 0;
    while (at < to && this.#prefaceAt < h2.preface.length) {
      if (bytes[at++] === h2.preface.charCodeAt(this.#prefaceAt++)) continue;
      this.fail('http/h2-preface', h2.PROTOCOL_ERROR, 'the connection does not begin as HTTP/2 does (RFC 9113 3.4)');
      return to;
    }
    return at;
  }

  /** Reads one frame at `at`; -1 while it is not whole. Of DATA only the head has to be. */
  #readFrame(bytes: Buffer, at: number, to: number): number {
    if (to - at < h2.frameHeadBytes) return -1;
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    const type = bytes[at + 3]!;
    const flags = bytes[at + 4]!;
    const id = wordAt(bytes, at + 5) & h2.maxWindow;
    const from = at + h2.frameHeadBytes;
    if (length > h2.maxFrameBytes)
      return this.#break('http/h2-frame-size', h2.FRAME_SIZE_ERROR, `a frame of ${length} bytes (RFC 9113 4.2)`);
    if (!this.#sawSettings && (type !== h2.SETTINGS || (flags & h2.ACK) !== 0))
      return this.#break('http/h2-preface', h2.PROTOCOL_ERROR, 'the first frame is not SETTINGS (RFC 9113 3.4)');
    if (this.#block !== null && (type !== h2.CONTINUATION || id !== this.#blockId))
      return this.#protocol('a frame between the frames of a header block (RFC 9113 6.10)');
    if (type === h2.DATA) return this.#beginData(bytes, from, to, length, flags, id);
    if (to - from < length) return -1;
    const end = from + length;
    switch (type) {
      case h2.HEADERS:
        this.#onHeaders(bytes, from, end, flags, id);
        break;
      case h2.CONTINUATION:
        this.#onContinuation(bytes, from, end, flags);
        break;
      case h2.PRIORITY:
        if (length !== 5) this.#frameSize('PRIORITY');
        else if (id === 0) this.#protocol('PRIORITY of the connection (RFC 9113 6.3)');
        else this.#countControl('http/h2-priority-flood', 'PRIORITY');
        break;
      case h2.RST_STREAM:
        this.#onResetFrame(bytes, from, length, id);
        break;
      case h2.SETTINGS:
        this.#onSettings(bytes, from, length, flags, id);
        break;
      case h2.PUSH_PROMISE:
        this.#protocol('PUSH_PROMISE, which nobody may send here (RFC 9113 6.6)');
        break;
      case h2.PING:
        this.#onPing(bytes, from, length, flags, id);
        break;
      case h2.GOAWAY:
        this.#onGoaway(bytes, from, length, id);
        break;
      case h2.WINDOW_UPDATE:
        this.#onWindow(bytes, from, length, id);
        break;
      default:
        // Frames of types that we do not know are dropped (RFC 9113 5.5), but they are not free.
        this.#countControl('http/h2-unknown-flood', 'frames of unknown types');
    }
    return end;
  }

  // ---- data

  #beginData(bytes: Buffer, from: number, to: number, length: number, flags: number, id: number): number {
    let at = from;
    let padding = 0;
    if ((flags & h2.PADDED) !== 0) {
      if (length === 0) return this.#frameSize('DATA');
      if (to - from < 1) return -1;
      padding = bytes[at++]!;
      if (padding >= length) return this.#protocol('more padding than frame (RFC 9113 6.1)');
    }
    if (id === 0) return this.#protocol('DATA of no stream (RFC 9113 6.1)');
    const stream = this.streams.get(id);
    if (stream === undefined || stream.isRemoteClosed) {
      if (stream !== undefined || !this.#forgotten.has(id)) {
        const isIdle = stream === undefined && id > this.#highestId(id);
        return isIdle
          ? this.#protocol('DATA on a stream that was never opened (RFC 9113 5.1)')
          : this.#break('http/h2-protocol', h2.STREAM_CLOSED, 'DATA on a stream that has ended (RFC 9113 5.1)');
      }
    }
    this.#receiveWindow -= length;
    if (stream !== undefined) stream.receiveWindow -= length;
    if (this.#receiveWindow < 0 || (stream !== undefined && stream.receiveWindow < 0))
      return this.#break(
        'http/h2-flow-control',
        h2.FLOW_CONTROL_ERROR,
        'more data than the window allows (RFC 9113 6.9.1)',
      );
    const isEnd = (flags & h2.END_STREAM) !== 0;
    const overhead = length - (length - (at - from) - padding);
    if (length - overhead > 0) this.abuse.creditData();
    else if (!isEnd && !this.#countControl('http/h2-empty-frame-flood', 'DATA without data')) return -1;
    if (overhead > 0) this.#taken(stream ?? null, overhead);
    this.#data = stream ?? null;
    this.#dataId = id;
    this.#dataLeft = length - overhead;
    this.#padLeft = padding;
    this.#dataEnds = isEnd;
    if (this.#dataLeft === 0 && this.#padLeft === 0) this.#endData();
    return at;
  }

  #readData(bytes: Buffer, at: number, to: number): number {
    const count = Math.min(this.#dataLeft, to - at);
    if (count > 0) {
      this.#dataLeft -= count;
      const stream = this.#data;
      if (stream === null) this.#drop(count);
      else {
        // What is handed on while the listener asks to wait is owed until it goes on.
        const wasPaused = stream.isPaused;
        stream.listener.onData(bytes, at, at + count);
        const isOpen = this.streams.get(stream.id) === stream;
        if (isOpen && (wasPaused || stream.isPaused)) this.#owe(stream, count);
        else this.#taken(isOpen ? stream : null, count);
        if (!isOpen) this.#data = null;
      }
    }
    const padding = this.#dataLeft > 0 ? 0 : Math.min(this.#padLeft, to - at - count);
    this.#padLeft -= padding;
    if (this.#dataLeft === 0 && this.#padLeft === 0) this.#endData();
    return at + count + padding;
  }

  #endData(): void {
    const stream = this.#data;
    this.#data = null;
    if (stream === null || !this.#dataEnds) return;
    stream.isRemoteClosed = true;
    stream.listener.onEnd();
    this.#closeIfDone(stream);
  }

  /** So many bytes wait for somebody. As a client we keep only the stream's window for that: other streams have nothing to do with it. */
  #owe(stream: Stream, bytes: number): void {
    stream.owed += bytes;
    if (this.#role === 'client') this.#takenOfConnection(bytes);
  }

  #takenOfConnection(bytes: number): void {
    this.#credit += bytes;
    if (this.#credit * 2 < this.#limits.connectionWindowBytes) return;
    this.#put(h2.windowFrame(0, this.#credit));
    this.#receiveWindow += this.#credit;
    this.#credit = 0;
  }

  #takenOfStream(stream: Stream, bytes: number): void {
    if (stream.isRemoteClosed) return;
    stream.credit += bytes;
    if (stream.credit * 2 < this.#limits.streamWindowBytes) return;
    this.#put(h2.windowFrame(stream.id, stream.credit));
    stream.receiveWindow += stream.credit;
    stream.credit = 0;
  }

  /** So many bytes are dealt with: the peer may send as many again, and hears of it when it is worth a frame. */
  #taken(stream: Stream | null, bytes: number): void {
    this.#takenOfConnection(bytes);
    if (stream !== null) this.#takenOfStream(stream, bytes);
  }

  /** Data for which nobody waits. A client that got its whole answer and goes on sending is told to stop (RFC 9113 8.1), but not in one
   * breath with the answer: some clients (curl 7.88) then forget what they were answered. */
  #drop(bytes: number): void {
    this.#takenOfConnection(bytes);
    const before = this.#forgotten.get(this.#dataId) ?? maxDroppedBytes;
    if (before >= maxDroppedBytes) return;
    this.#forgotten.set(this.#dataId, before + bytes);
    if (before + bytes >= maxDroppedBytes) this.#put(h2.resetFrame(this.#dataId, h2.NO_ERROR));
  }

  /** Takes no more than what is on its way until `resume`. */
  pause(stream: Stream): void {
    stream.isPaused = true;
  }

  resume(stream: Stream): void {
    stream.isPaused = false;
    const { owed } = stream;
    stream.owed = 0;
    if (owed === 0 || this.isGone) return;
    if (this.#role === 'server') this.#takenOfConnection(owed);
    if (this.streams.has(stream.id)) this.#takenOfStream(stream, owed);
  }

  // ---- header blocks

  #onHeaders(bytes: Buffer, start: number, end: number, flags: number, id: number): void {
    let from = start;
    let to = end;
    if ((flags & h2.PADDED) !== 0) {
      if (to === from) return void this.#frameSize('HEADERS');
      to -= bytes[from++]!;
    }
    if ((flags & h2.PRIORITY_FLAG) !== 0) {
      if (to - from >= 5 && (wordAt(bytes, from) & h2.maxWindow) === id)
        return void this.#protocol('a stream that depends on itself (RFC 7540 5.3.1)');
      from += 5;
    }
    if (from > to) return void this.#protocol('more padding than frame (RFC 9113 6.2)');
    if (id === 0) return void this.#protocol('HEADERS of no stream (RFC 9113 6.2)');
    this.#blockId = id;
    this.#blockEnds = (flags & h2.END_STREAM) !== 0;
    if ((flags & h2.END_HEADERS) !== 0) {
      this.#onBlock(bytes, from, to);
      return;
    }
    this.#block = [Buffer.from(bytes.subarray(from, to))];
    this.#blockBytes = to - from;
  }

  #onContinuation(bytes: Buffer, from: number, to: number, flags: number): void {
    const block = this.#block;
    if (block === null) return void this.#protocol('CONTINUATION of nothing (RFC 9113 6.10)');
    this.#blockBytes += to - from;
    if (block.length > maxContinuations || this.#blockBytes > this.#limits.maxHeaderBytes + h2.maxFrameBytes) {
      const says = `a header block of more than ${maxContinuations} CONTINUATION frames or ${this.#limits.maxHeaderBytes} bytes`;
      this.fail('http/h2-continuation-flood', h2.ENHANCE_YOUR_CALM, says);
      return;
    }
    block.push(Buffer.from(bytes.subarray(from, to)));
    if ((flags & h2.END_HEADERS) === 0) return;
    this.#block = null;
    const whole = Buffer.concat(block);
    this.#onBlock(whole, 0, whole.length);
  }

  #onBlock(bytes: Buffer, from: number, to: number): void {
    const decoder = this.#decoder;
    if (!decoder.read(bytes, from, to)) {
      this.fail('http/h2-compression', h2.COMPRESSION_ERROR, 'a header block that is no HPACK (RFC 9113 4.3)');
      return;
    }
    if (decoder.listBytes > this.#limits.maxHeaderBytes * bombFactor) {
      const says = `${to - from} bytes of a header block became ${decoder.listBytes}`;
      this.fail('http/h2-hpack-bomb', h2.ENHANCE_YOUR_CALM, says);
      return;
    }
    const id = this.#blockId;
    const stream = this.streams.get(id);
    if (stream !== undefined) this.#onFurtherBlock(stream);
    else if (this.#role === 'server' && id > this.lastPeerId) this.#onNewStream(id, to - from);
    else if (!this.#forgotten.has(id))
      this.fail('http/h2-protocol', h2.STREAM_CLOSED, 'HEADERS on a stream that has ended (RFC 9113 5.1)');
  }

  #onFurtherBlock(stream: Stream): void {
    if (stream.isRemoteClosed) {
      this.fail('http/h2-protocol', h2.STREAM_CLOSED, 'HEADERS on a stream that has ended (RFC 9113 5.1)');
      return;
    }
    if (this.#blockEnds) stream.isRemoteClosed = true;
    stream.listener.onBlock(this.#decoder, this.#blockEnds);
    this.#closeIfDone(stream);
  }

  #onNewStream(id: number, wireBytes: number): void {
    if (id % 2 === 0) return void this.#protocol('a client opens a stream with an even number (RFC 9113 5.1.1)');
    this.lastPeerId = id;
    if (id >= this.#refusesFrom) {
      this.#forget(id, maxDroppedBytes);
      return;
    }
    if (this.streams.size >= this.#limits.maxConcurrentStreams) {
      this.#forget(id, maxDroppedBytes);
      this.#put(h2.resetFrame(id, h2.REFUSED_STREAM));
      if (this.abuse.isResetFlood()) this.failForResets();
      return;
    }
    const stream = new Stream(id, this.#peerStreamWindow, this.#limits.streamWindowBytes);
    stream.isRemoteClosed = this.#blockEnds;
    this.streams.set(id, stream);
    this.#owner.onStream(stream, this.#decoder, wireBytes + h2.frameHeadBytes, this.#blockEnds);
  }

  // ---- the other frames

  #onResetFrame(bytes: Buffer, from: number, length: number, id: number): void {
    if (length !== 4) return void this.#frameSize('RST_STREAM');
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (id > this.#highestId(id) || id === 0)
        return void this.#protocol('RST_STREAM of a stream that was never opened (RFC 9113 6.4)');
      this.#countControl('http/h2-rapid-reset', 'RST_STREAM of streams that have ended');
      return;
    }
    const code = wordAt(bytes, from);
    stream.isRemoteClosed = true;
    stream.isLocalClosed = true;
    this.#remove(stream);
    stream.listener.onReset('', code === h2.REFUSED_STREAM);
    if (this.#role === 'server' && this.abuse.isResetFlood()) this.failForResets();
  }

  /** More streams were reset in a second than is allowed. */
  failForResets(): void {
    const says = `more than ${this.#limits.maxStreamResetsPerSecond} streams were opened and reset within a second`;
    this.fail('http/h2-rapid-reset', h2.ENHANCE_YOUR_CALM, says);
  }

  #onSettings(bytes: Buffer, from: number, length: number, flags: number, id: number): void {
    if (id !== 0) return void this.#protocol('SETTINGS of a stream (RFC 9113 6.5)');
    if ((flags & h2.ACK) !== 0) {
      if (length !== 0) this.#frameSize('SETTINGS');
      else this.#countControl('http/h2-settings-flood', 'SETTINGS');
      return;
    }
    if (length % 6 !== 0) return void this.#frameSize('SETTINGS');
    if (length > maxSettings * 6 || !this.#countControl('http/h2-settings-flood', 'SETTINGS')) {
      if (!this.isGone) this.fail('http/h2-settings-flood', h2.ENHANCE_YOUR_CALM, `more than ${maxSettings} settings`);
      return;
    }
    for (let at = from; at < from + length && !this.isGone; at += 6)
      this.#onSetting((bytes[at]! << 8) | bytes[at + 1]!, wordAt(bytes, at + 2));
    if (this.isGone) return;
    this.#put(h2.frameHead(0, h2.SETTINGS, h2.ACK, 0));
    if (!this.#sawSettings) {
      this.#sawSettings = true;
      this.#owner.onReady();
    }
    this.#pump();
  }

  #onSetting(name: number, value: number): void {
    switch (name) {
      case h2.HEADER_TABLE_SIZE:
        this.encoder.limitTable(value);
        break;
      case h2.ENABLE_PUSH:
        if (value > 1 || (value === 1 && this.#role === 'client'))
          this.#protocol(`ENABLE_PUSH is ${value} (RFC 9113 6.5.2)`);
        break;
      case h2.MAX_CONCURRENT_STREAMS:
        this.peerMaxStreams = value;
        break;
      case h2.INITIAL_WINDOW_SIZE:
        this.#onPeerWindow(value);
        break;
      case h2.MAX_FRAME_SIZE:
        if (value < h2.maxFrameBytes || value > 16_777_215)
          this.#protocol(`MAX_FRAME_SIZE is ${value} (RFC 9113 6.5.2)`);
        break;
      case h2.ENABLE_CONNECT_PROTOCOL:
        if (value > 1) this.#protocol(`ENABLE_CONNECT_PROTOCOL is ${value} (RFC 8441 3)`);
        else this.peerTakesConnect = value === 1;
        break;
      default:
        break;
    }
  }

  #onPeerWindow(value: number): void {
    const difference = value - this.#peerStreamWindow;
    this.#peerStreamWindow = value;
    let isOver = value > h2.maxWindow;
    for (const stream of this.streams.values()) {
      stream.sendWindow += difference;
      if (stream.sendWindow > h2.maxWindow) isOver = true;
    }
    if (isOver)
      this.fail('http/h2-flow-control', h2.FLOW_CONTROL_ERROR, 'a window beyond 2^31 - 1 bytes (RFC 9113 6.9.2)');
  }

  #onPing(bytes: Buffer, from: number, length: number, flags: number, id: number): void {
    if (length !== 8) return void this.#frameSize('PING');
    if (id !== 0) return void this.#protocol('PING of a stream (RFC 9113 6.7)');
    if (!this.#countControl('http/h2-ping-flood', 'PING')) return;
    if ((flags & h2.ACK) !== 0) this.#owner.onPong();
    else this.#put(h2.frameHead(8, h2.PING, h2.ACK, 0) + latin1(bytes, from, from + 8));
  }

  #onGoaway(bytes: Buffer, from: number, length: number, id: number): void {
    if (id !== 0) return void this.#protocol('GOAWAY of a stream (RFC 9113 6.8)');
    if (length < 8) return void this.#frameSize('GOAWAY');
    if (!this.#countControl('http/h2-settings-flood', 'GOAWAY')) return;
    const last = wordAt(bytes, from) & h2.maxWindow;
    this.#owner.onGoaway();
    if (this.#role === 'server') return;
    for (const stream of [...this.streams.values()]) {
      if (stream.id <= last) continue;
      this.#remove(stream);
      stream.listener.onReset('', true);
    }
  }

  #onWindow(bytes: Buffer, from: number, length: number, id: number): void {
    if (length !== 4) return void this.#frameSize('WINDOW_UPDATE');
    if (!this.#countControl('http/h2-window-flood', 'WINDOW_UPDATE')) return;
    const bytesMore = wordAt(bytes, from) & h2.maxWindow;
    if (id === 0) {
      if (bytesMore === 0) return void this.#protocol('WINDOW_UPDATE of 0 bytes (RFC 9113 6.9)');
      this.#sendWindow += bytesMore;
      if (this.#sendWindow > h2.maxWindow)
        return void this.#break(
          'http/h2-flow-control',
          h2.FLOW_CONTROL_ERROR,
          'a window beyond 2^31 - 1 bytes (RFC 9113 6.9.1)',
        );
    } else {
      const stream = this.streams.get(id);
      if (stream === undefined) {
        if (id > this.#highestId(id)) this.#protocol('WINDOW_UPDATE of a stream that was never opened (RFC 9113 5.1)');
        return;
      }
      stream.sendWindow += bytesMore;
      if (bytesMore === 0 || stream.sendWindow > h2.maxWindow) {
        this.reset(stream, bytesMore === 0 ? h2.PROTOCOL_ERROR : h2.FLOW_CONTROL_ERROR);
        stream.listener.onReset('http/h2-flow-control', false);
        return;
      }
    }
    this.#pump();
  }

  /** The highest stream that whoever opens streams of this parity has opened. */
  #highestId(id: number): number {
    const isPeers = (id % 2 === 1) === (this.#role === 'server');
    return isPeers ? this.lastPeerId : this.#nextId - 2;
  }

  #countControl(why: string, what: string): boolean {
    if (!this.abuse.isControlFlood()) return true;
    const most = this.#limits.maxControlFramesPerSecond;
    this.fail(why, h2.ENHANCE_YOUR_CALM, `more than ${most} frames that carry nothing within a second, now ${what}`);
    return false;
  }

  // ---- what goes

  /** Opens a stream; null where the peer allows no more, or numbers have run out. */
  open(): Stream | null {
    if (this.isGone || this.streams.size >= this.peerMaxStreams || this.#nextId > h2.maxWindow) return null;
    const stream = new Stream(this.#nextId, this.#peerStreamWindow, this.#limits.streamWindowBytes);
    this.#nextId += 2;
    this.streams.set(stream.id, stream);
    return stream;
  }

  /** Sends a header block that `encoder` made just now. */
  sendBlock(stream: Stream, block: string, isEnd: boolean): void {
    this.#put(h2.headersFrames(stream.id, block, isEnd, this.#peerFrameBytes));
    if (isEnd) this.#closeLocal(stream);
  }

  /** Sends data; text is latin1. Null where more follows, otherwise the lines of the trailers ('' for none). Bytes are
   * lent: what cannot be sent is copied. False asks to wait for `onDrain`. */
  sendData(stream: Stream, piece: string | Buffer, ending: string | null): boolean {
    if (stream.isLocalClosed || this.isGone) return true;
    if (stream.queuedBytes === 0) {
      const room = this.#isBlocked ? 0 : Math.min(stream.sendWindow, this.#sendWindow);
      if (piece.length <= room || piece.length === 0) {
        this.#emit(stream, piece, ending);
        if (!this.#isBlocked || stream.isLocalClosed) return true;
        this.#waiting.add(stream);
        return false;
      }
    }
    if (piece.length > 0) stream.queue.push(typeof piece === 'string' ? piece : Buffer.from(piece));
    stream.queuedBytes += piece.length;
    stream.ending = ending;
    this.#waiting.add(stream);
    this.#pump();
    return stream.queuedBytes === 0 && !this.#isBlocked;
  }

  /** Writes a piece for which there is room. */
  #emit(stream: Stream, piece: string | Buffer, ending: string | null): void {
    const { length } = piece;
    const isEnd = ending === '';
    stream.sendWindow -= length;
    this.#sendWindow -= length;
    stream.sentBytes += length;
    if (length > 0) this.abuse.creditData();
    if (typeof piece !== 'string' && length > maxTextBytes) this.#putBytes(stream.id, piece, isEnd);
    else {
      const text = typeof piece === 'string' ? piece : latin1(piece, 0, length);
      if (length <= h2.maxFrameBytes) {
        if (length > 0 || isEnd) this.#put(h2.frameHead(length, h2.DATA, isEnd ? h2.END_STREAM : 0, stream.id) + text);
      } else
        for (let at = 0; at < length; at += h2.maxFrameBytes) {
          const part = text.slice(at, at + h2.maxFrameBytes);
          const flags = isEnd && at + part.length === length ? h2.END_STREAM : 0;
          this.#put(h2.frameHead(part.length, h2.DATA, flags, stream.id) + part);
        }
    }
    if (ending === null) return;
    if (ending !== '')
      this.#put(
        h2.headersFrames(stream.id, this.encoder.trailers() + this.encoder.lines(ending), true, this.#peerFrameBytes),
      );
    this.#closeLocal(stream);
  }

  #putBytes(id: number, piece: Buffer, isEnd: boolean): void {
    const { length } = piece;
    const frames = Math.ceil(length / h2.maxFrameBytes);
    const out = Buffer.allocUnsafe(length + frames * h2.frameHeadBytes);
    let to = 0;
    for (let at = 0; at < length; at += h2.maxFrameBytes) {
      const part = Math.min(h2.maxFrameBytes, length - at);
      const flags = isEnd && at + part === length ? h2.END_STREAM : 0;
      to += out.write(h2.frameHead(part, h2.DATA, flags, id), to, 'latin1');
      to += piece.copy(out, to, at, at + part);
    }
    this.flush();
    this.#write(out);
  }

  /** Sends what is queued as far as windows and socket allow, a frame a stream in turn. */
  #pump(): void {
    for (let isMoving = true; isMoving && this.#waiting.size > 0; ) {
      isMoving = false;
      for (const stream of [...this.#waiting]) {
        if (this.#isBlocked || this.isGone) return;
        if (this.#pumpOne(stream)) isMoving = true;
      }
    }
  }

  #pumpOne(stream: Stream): boolean {
    const first = stream.queue[0];
    if (first === undefined) {
      this.#waiting.delete(stream);
      if (stream.ending !== null) this.#emit(stream, '', stream.ending);
      else stream.listener.onDrain();
      return true;
    }
    const room = Math.min(stream.sendWindow, this.#sendWindow, h2.maxFrameBytes);
    if (room <= 0) return false;
    const count = Math.min(room, first.length);
    const part = typeof first === 'string' ? first.slice(0, count) : first.subarray(0, count);
    if (count === first.length) stream.queue.shift();
    else stream.queue[0] = typeof first === 'string' ? first.slice(count) : first.subarray(count);
    stream.queuedBytes -= count;
    const isLast = stream.queuedBytes === 0;
    if (isLast) this.#waiting.delete(stream);
    this.#emit(stream, part, isLast ? stream.ending : null);
    if (isLast && !stream.isLocalClosed) stream.listener.onDrain();
    return true;
  }

  /** Ends a stream out of order; what still comes on it is dropped. */
  reset(stream: Stream, code: number): void {
    if (this.streams.get(stream.id) !== stream) return;
    if (!stream.isRemoteClosed) this.#forget(stream.id, maxDroppedBytes);
    stream.isLocalClosed = true;
    stream.isRemoteClosed = true;
    this.#put(h2.resetFrame(stream.id, code));
    this.#remove(stream);
  }

  ping(): void {
    this.#put(`${h2.frameHead(8, h2.PING, 0, 0)}portcull`);
  }

  /** Takes no stream from the next one on, and says so; or says only that it soon will. */
  goaway(isFinal: boolean, says: string): void {
    if (isFinal) this.#refusesFrom = Math.min(this.#refusesFrom, this.lastPeerId + 1);
    this.#put(h2.goawayFrame(isFinal ? this.lastPeerId : h2.maxWindow, h2.NO_ERROR, says));
  }

  #closeLocal(stream: Stream): void {
    stream.isLocalClosed = true;
    if (this.#role === 'server' && !stream.isRemoteClosed) {
      this.#forget(stream.id);
      this.#remove(stream);
    } else this.#closeIfDone(stream);
  }

  #closeIfDone(stream: Stream): void {
    if (stream.isLocalClosed && stream.isRemoteClosed) this.#remove(stream);
  }

  #remove(stream: Stream): void {
    if (!this.streams.delete(stream.id)) return;
    this.#waiting.delete(stream);
    stream.queue.length = 0;
    stream.queuedBytes = 0;
    if (stream.owed > 0 && this.#role === 'server') this.#takenOfConnection(stream.owed);
    stream.owed = 0;
    if (this.streams.size === 0 && !this.isGone) this.#owner.onEmpty();
  }

  #forget(id: number, dropped = 0): void {
    if (this.#forgotten.size >= maxForgotten)
      for (const oldest of this.#forgotten.keys()) {
        this.#forgotten.delete(oldest);
        break;
      }
    this.#forgotten.set(id, dropped);
  }

  /** The socket takes bytes again. */
  drained(): void {
    this.#isBlocked = false;
    this.#unsentBytes = 0;
    this.#pump();
  }

  flush(): void {
    this.#isDue = false;
    const text = this.#out;
    if (text === '') return;
    this.#out = '';
    this.#write(text);
  }

  #put(text: string): void {
    this.#out += text;
    if (this.#out.length > maxGatheredBytes) this.flush();
    else if (!this.#isDue) {
      this.#isDue = true;
      this.#tools.flushSoon(this);
    }
  }

  #write(piece: string | Buffer): void {
    if (!this.#owner.write(piece)) this.#isBlocked = true;
    if (!this.#isBlocked) return;
    this.#unsentBytes += piece.length;
    if (this.#unsentBytes > maxUnsentBytes && !this.isGone)
      this.fail('http/slow-reader', h2.ENHANCE_YOUR_CALM, 'the peer asks and does not read what it is answered');
  }

  // ---- the end

  #protocol(says: string): number {
    return this.#break('http/h2-protocol', h2.PROTOCOL_ERROR, says);
  }

  #frameSize(name: string): number {
    return this.#break('http/h2-frame-size', h2.FRAME_SIZE_ERROR, `a ${name} frame of a length that it cannot have`);
  }

  #break(why: string, code: number, says: string): number {
    this.fail(why, code, says);
    return -1;
  }

  /** The peer broke the protocol or a bound: says so (RFC 9113 5.4.1), tells every stream and the owner. */
  fail(why: string, code: number, says: string): void {
    if (this.isGone) return;
    this.#put(h2.goawayFrame(this.lastPeerId, code, why));
    this.isGone = true;
    this.flush();
    this.#owner.onFault(why, says);
    this.lose(why);
  }

  /** The connection is lost: every stream hears of it. */
  lose(why: string): void {
    this.isGone = true;
    const streams = [...this.streams.values()];
    this.streams.clear();
    this.#waiting.clear();
    this.#pending = null;
    this.#block = null;
    for (const stream of streams) {
      stream.queue.length = 0;
      stream.listener.onReset(why, false);
    }
  }
}

function wordAt(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
