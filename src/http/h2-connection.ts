// One HTTP/2 connection (RFC 9113), the same for both ends: frames in, frames out, flow control, and what a peer may not do.
// It knows neither sockets nor requests: bytes are handed in, text and bytes are handed out, and streams tell their listeners.

import { AbuseCounter, type AbuseLimits } from './h2-abuse.ts';
import { type BlockOwner, BlockReader } from './h2-blocks.ts';
import { type ControlCore, type ControlOwner, ControlReader } from './h2-control.ts';
import { type DataCore, DataReader } from './h2-data.ts';
import type { HeaderDecoder } from './h2-decoder.ts';
import type { HeaderEncoder } from './h2-encoder.ts';
import { ForgottenStreams } from './h2-forgotten.ts';
import * as h2 from './h2-frames.ts';
import { ReceiveWindows, type WindowLimits } from './h2-receiving.ts';
import { Http2Sender, type SenderOwner, type Writable } from './h2-sending.ts';
import { type Http2Tools, type Role, Stream } from './h2-stream.ts';

/** Bounds of one connection, and its windows in bytes. */
export interface Http2Limits extends AbuseLimits, WindowLimits {
  readonly maxHeaderBytes: number;
  /** Streams that the peer may have open. */
  readonly maxConcurrentStreams: number;
}

/** Who has the socket. */
export interface ConnectionOwner extends Writable, ControlOwner {
  /** The client opened a stream: who hears of it is to be set at once. `block` is true until the call returns. */
  onStream(stream: Stream, block: HeaderDecoder, wireBytes: number, isEnd: boolean): void;
  /** The last open stream is gone. */
  onEmpty(): void;
  /** The connection is lost by the peer's fault: GOAWAY was written, streams were told, and the socket is to be closed. */
  onFault(why: string, says: string): void;
}

/** One connection. */
export class Http2Connection implements BlockOwner, ControlCore, DataCore, SenderOwner {
  readonly role: Role;
  readonly owner: ConnectionOwner;
  readonly streams: Map<number, Stream> = new Map();
  readonly forgotten: ForgottenStreams = new ForgottenStreams();
  readonly abuse: AbuseCounter;
  readonly sender: Http2Sender;
  readonly windows: ReceiveWindows;
  readonly encoder: HeaderEncoder;
  /** The highest stream that the peer opened. */
  lastPeerId = 0;
  /** What the peer allows us. */
  peerMaxStreams: number = 2 ** 31;
  peerTakesConnect = false;
  isGone = false;
  readonly #limits: Http2Limits;
  readonly #blocks: BlockReader;
  readonly #control: ControlReader;
  readonly #data: DataReader;
  #nextId = 1;
  #refusesFrom: number = Number.POSITIVE_INFINITY;

  #pending: Buffer | null = null;
  #prefaceAt = 0;

  constructor(role: Role, owner: ConnectionOwner, limits: Http2Limits, tools: Http2Tools) {
    this.role = role;
    this.owner = owner;
    this.#limits = limits;
    this.abuse = new AbuseCounter(limits, tools.now);
    this.sender = new Http2Sender(this, owner, tools, this.abuse);
    this.encoder = this.sender.encoder;
    this.windows = new ReceiveWindows(limits, role === 'client', this.sender);
    this.#blocks = new BlockReader(this, limits.maxHeaderBytes, tools);
    this.#control = new ControlReader(this);
    this.#data = new DataReader(this);
    if (role === 'client') this.#prefaceAt = h2.preface.length;
  }

  /** Says what we are held to. */
  start(): void {
    const { streamWindowBytes, connectionWindowBytes, maxConcurrentStreams, maxHeaderBytes } = this.#limits;
    const common = [
      [h2.INITIAL_WINDOW_SIZE, streamWindowBytes],
      [h2.MAX_HEADER_LIST_SIZE, maxHeaderBytes],
    ] as const;
    this.sender.put(
      this.role === 'server'
        ? h2.settingsFrame([
            [h2.MAX_CONCURRENT_STREAMS, maxConcurrentStreams],
            [h2.ENABLE_CONNECT_PROTOCOL, 1],
            ...common,
          ])
        : h2.preface + h2.settingsFrame([[h2.ENABLE_PUSH, 0], ...common]),
    );
    this.sender.put(h2.windowFrame(0, connectionWindowBytes - h2.initialWindow));
  }

  /** Is there part of a frame that is no data, or of a header block, whose rest is to come? */
  get isWithin(): boolean {
    return this.#pending !== null || this.#blocks.isOpen || !this.#control.sawSettings;
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
      if (this.#data.isWithin) {
        at = this.#data.read(from, at, to);
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
    const id = h2.wordAt(bytes, at + 5) & h2.maxWindow;
    const from = at + h2.frameHeadBytes;
    if (length > h2.maxFrameBytes)
      return this.breakOff('http/h2-frame-size', h2.FRAME_SIZE_ERROR, `a frame of ${length} bytes (RFC 9113 4.2)`);
    if (!this.#control.sawSettings && (type !== h2.SETTINGS || (flags & h2.ACK) !== 0))
      return this.breakOff('http/h2-preface', h2.PROTOCOL_ERROR, 'the first frame is not SETTINGS (RFC 9113 3.4)');
    if (this.#blocks.isOpen && (type !== h2.CONTINUATION || id !== this.#blocks.id))
      return this.protocol('a frame between the frames of a header block (RFC 9113 6.10)');
    if (type === h2.DATA) return this.#data.begin(bytes, from, to, length, flags, id);
    if (to - from < length) return -1;
    const end = from + length;
    switch (type) {
      case h2.HEADERS:
        this.#blocks.begin(bytes, from, end, flags, id);
        break;
      case h2.CONTINUATION:
        this.#blocks.goOn(bytes, from, end, flags);
        break;
      case h2.PRIORITY:
        if (length !== 5) this.frameSize('PRIORITY');
        else if (id === 0) this.protocol('PRIORITY of the connection (RFC 9113 6.3)');
        else this.countControl('http/h2-priority-flood', 'PRIORITY');
        break;
      case h2.RST_STREAM:
        this.#control.onResetFrame(bytes, from, length, id);
        break;
      case h2.SETTINGS:
        this.#control.onSettings(bytes, from, length, flags, id);
        break;
      case h2.PUSH_PROMISE:
        this.protocol('PUSH_PROMISE, which nobody may send here (RFC 9113 6.6)');
        break;
      case h2.PING:
        this.#control.onPing(bytes, from, length, flags, id);
        break;
      case h2.GOAWAY:
        this.#control.onGoaway(bytes, from, length, id);
        break;
      case h2.WINDOW_UPDATE:
        this.#control.onWindow(bytes, from, length, id);
        break;
      default:
        // Frames of types that we do not know are dropped (RFC 9113 5.5), but they are not free.
        this.countControl('http/h2-unknown-flood', 'frames of unknown types');
    }
    return end;
  }

  // ---- header blocks

  /** A header block of a stream is whole: it opens one, answers, or ends one. */
  onBlock(block: HeaderDecoder, id: number, wireBytes: number, isEnd: boolean): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) this.#onFurtherBlock(stream, block, isEnd);
    else if (this.role === 'server' && id > this.lastPeerId) this.#onNewStream(id, block, wireBytes, isEnd);
    else if (!this.forgotten.has(id))
      this.fail('http/h2-protocol', h2.STREAM_CLOSED, 'HEADERS on a stream that has ended (RFC 9113 5.1)');
  }

  #onFurtherBlock(stream: Stream, block: HeaderDecoder, isEnd: boolean): void {
    if (stream.isRemoteClosed) {
      this.fail('http/h2-protocol', h2.STREAM_CLOSED, 'HEADERS on a stream that has ended (RFC 9113 5.1)');
      return;
    }
    if (isEnd) stream.isRemoteClosed = true;
    stream.listener.onBlock(block, isEnd);
    this.closeIfDone(stream);
  }

  #onNewStream(id: number, block: HeaderDecoder, wireBytes: number, isEnd: boolean): void {
    if (id % 2 === 0) return void this.protocol('a client opens a stream with an even number (RFC 9113 5.1.1)');
    this.lastPeerId = id;
    if (id >= this.#refusesFrom) {
      this.forgotten.add(id, true);
      return;
    }
    if (this.streams.size >= this.#limits.maxConcurrentStreams) {
      this.forgotten.add(id, true);
      this.sender.put(h2.resetFrame(id, h2.REFUSED_STREAM));
      if (this.abuse.isResetFlood()) this.failForResets();
      return;
    }
    const stream = new Stream(id, this.sender.streamWindow, this.#limits.streamWindowBytes);
    stream.isRemoteClosed = isEnd;
    this.streams.set(id, stream);
    this.owner.onStream(stream, block, wireBytes + h2.frameHeadBytes, isEnd);
  }

  /** More streams were reset in a second than is allowed. */
  failForResets(): void {
    const says = `more than ${this.#limits.maxStreamResetsPerSecond} streams were opened and reset within a second`;
    this.fail('http/h2-rapid-reset', h2.ENHANCE_YOUR_CALM, says);
  }

  /** The highest stream that whoever opens streams of this parity has opened. */
  highestId(id: number): number {
    const isPeers = (id % 2 === 1) === (this.role === 'server');
    return isPeers ? this.lastPeerId : this.#nextId - 2;
  }

  /** Counts a frame that carries nothing; false where that was one too many, and the connection is over. */
  countControl(why: string, what: string): boolean {
    if (!this.abuse.isControlFlood()) return true;
    const most = this.#limits.maxControlFramesPerSecond;
    this.fail(why, h2.ENHANCE_YOUR_CALM, `more than ${most} frames that carry nothing within a second, now ${what}`);
    return false;
  }

  // ---- what goes

  /** Opens a stream; null where the peer allows no more, or numbers have run out. */
  open(): Stream | null {
    if (this.isGone || this.streams.size >= this.peerMaxStreams || this.#nextId > h2.maxWindow) return null;
    const stream = new Stream(this.#nextId, this.sender.streamWindow, this.#limits.streamWindowBytes);
    this.#nextId += 2;
    this.streams.set(stream.id, stream);
    return stream;
  }

  /** Takes no more than what is on its way until `resume`. */
  pause(stream: Stream): void {
    stream.isPaused = true;
  }

  resume(stream: Stream): void {
    stream.isPaused = false;
    if (!this.isGone) this.windows.repay(stream, this.streams.has(stream.id));
  }

  /** Ends a stream out of order; what still comes on it is dropped. */
  reset(stream: Stream, code: number): void {
    if (this.streams.get(stream.id) !== stream) return;
    if (!stream.isRemoteClosed) this.forgotten.add(stream.id, true);
    stream.isLocalClosed = true;
    stream.isRemoteClosed = true;
    this.sender.put(h2.resetFrame(stream.id, code));
    this.remove(stream);
  }

  ping(): void {
    this.sender.put(`${h2.frameHead(8, h2.PING, 0, 0)}portcull`);
  }

  /** Takes no stream from the next one on, and says so; or says only that it soon will. */
  goaway(isFinal: boolean, says: string): void {
    if (isFinal) this.#refusesFrom = Math.min(this.#refusesFrom, this.lastPeerId + 1);
    this.sender.put(h2.goawayFrame(isFinal ? this.lastPeerId : h2.maxWindow, h2.NO_ERROR, says));
  }

  /** The last of a stream was sent. */
  sent(stream: Stream): void {
    stream.isLocalClosed = true;
    if (this.role === 'server' && !stream.isRemoteClosed) {
      this.forgotten.add(stream.id, false);
      this.remove(stream);
    } else this.closeIfDone(stream);
  }

  /** Both sides may have ended it by now. */
  closeIfDone(stream: Stream): void {
    if (stream.isLocalClosed && stream.isRemoteClosed) this.remove(stream);
  }

  /** The stream is one of ours no more. */
  remove(stream: Stream): void {
    if (!this.streams.delete(stream.id)) return;
    this.sender.leave(stream);
    this.windows.repay(stream, false);
    if (this.streams.size === 0 && !this.isGone) this.owner.onEmpty();
  }

  // ---- the end

  /** The peer takes nothing, and makes us answer. */
  failUnread(): void {
    this.fail('http/slow-reader', h2.ENHANCE_YOUR_CALM, 'the peer asks and does not read what it is answered');
  }

  /** What no frame may say; -1. */
  protocol(says: string): number {
    return this.breakOff('http/h2-protocol', h2.PROTOCOL_ERROR, says);
  }

  /** A frame of a length that its type cannot have; -1. */
  frameSize(name: string): number {
    return this.breakOff('http/h2-frame-size', h2.FRAME_SIZE_ERROR, `a ${name} frame of a length that it cannot have`);
  }

  /** Breaks the connection; -1, so that whoever reads frames can give it on. */
  breakOff(why: string, code: number, says: string): number {
    this.fail(why, code, says);
    return -1;
  }

  /** The peer broke the protocol or a bound: says so (RFC 9113 5.4.1), tells every stream and the owner. */
  fail(why: string, code: number, says: string): void {
    if (this.isGone) return;
    this.sender.put(h2.goawayFrame(this.lastPeerId, code, why));
    this.isGone = true;
    this.sender.flush();
    this.owner.onFault(why, says);
    this.lose(why);
  }

  /** The connection is lost: every stream hears of it. */
  lose(why: string): void {
    this.isGone = true;
    const streams = [...this.streams.values()];
    this.streams.clear();
    this.sender.clear();
    this.#pending = null;
    this.#blocks.clear();
    for (const stream of streams) {
      stream.queue.length = 0;
      stream.listener.onReset(why, false);
    }
  }
}
