// Frames of one HTTP/2 connection that carry neither fields nor data: settings, windows, resets, PING and GOAWAY of the peer.

import { latin1 } from '../base/bytes.ts';
import type { AbuseCounter } from './h2-abuse.ts';
import * as h2 from './h2-frames.ts';
import type { Http2Sender } from './h2-sending.ts';
import type { Breakable, Role, Stream } from './h2-stream.ts';

/** Whoever hears what a peer says of the connection. */
export interface ControlOwner {
  /** The peer's settings came for the first time. */
  onReady(): void;
  /** The peer says that it takes no further streams. */
  onGoaway(): void;
  /** The peer answered our PING. */
  onPong(): void;
}

/** What of its connection it touches. */
export interface ControlCore extends Breakable {
  readonly role: Role;
  readonly isGone: boolean;
  readonly owner: ControlOwner;
  readonly sender: Http2Sender;
  readonly abuse: AbuseCounter;
  readonly streams: ReadonlyMap<number, Stream>;
  peerMaxStreams: number;
  peerTakesConnect: boolean;
  highestId(id: number): number;
  countControl(why: string, what: string): boolean;
  reset(stream: Stream, code: number): void;
  remove(stream: Stream): void;
  failForResets(): void;
}

const maxSettings = 32;

/** Does what the peer's frames say. */
export class ControlReader {
  /** Have the peer's settings come? */
  sawSettings = false;
  readonly #core: ControlCore;

  constructor(core: ControlCore) {
    this.#core = core;
  }

  onResetFrame(bytes: Buffer, from: number, length: number, id: number): void {
    if (length !== 4) return void this.#core.frameSize('RST_STREAM');
    const stream = this.#core.streams.get(id);
    if (stream === undefined) {
      if (id > this.#core.highestId(id) || id === 0)
        return void this.#core.protocol('RST_STREAM of a stream that was never opened (RFC 9113 6.4)');
      this.#core.countControl('http/h2-rapid-reset', 'RST_STREAM of streams that have ended');
      return;
    }
    const code = h2.wordAt(bytes, from);
    stream.isRemoteClosed = true;
    stream.isLocalClosed = true;
    this.#core.remove(stream);
    stream.listener.onReset('', code === h2.REFUSED_STREAM);
    if (this.#core.role === 'server' && this.#core.abuse.isResetFlood()) this.#core.failForResets();
  }

  onSettings(bytes: Buffer, from: number, length: number, flags: number, id: number): void {
    if (id !== 0) return void this.#core.protocol('SETTINGS of a stream (RFC 9113 6.5)');
    if ((flags & h2.ACK) !== 0) {
      if (length !== 0) this.#core.frameSize('SETTINGS');
      else this.#core.countControl('http/h2-settings-flood', 'SETTINGS');
      return;
    }
    if (length % 6 !== 0) return void this.#core.frameSize('SETTINGS');
    if (length > maxSettings * 6 || !this.#core.countControl('http/h2-settings-flood', 'SETTINGS')) {
      if (!this.#core.isGone)
        this.#core.fail('http/h2-settings-flood', h2.ENHANCE_YOUR_CALM, `more than ${maxSettings} settings`);
      return;
    }
    for (let at = from; at < from + length && !this.#core.isGone; at += 6)
      this.#onSetting((bytes[at]! << 8) | bytes[at + 1]!, h2.wordAt(bytes, at + 2));
    if (this.#core.isGone) return;
    this.#core.sender.put(h2.frameHead(0, h2.SETTINGS, h2.ACK, 0));
    if (!this.sawSettings) {
      this.sawSettings = true;
      this.#core.owner.onReady();
    }
    this.#core.sender.pump();
  }

  #onSetting(name: number, value: number): void {
    switch (name) {
      case h2.HEADER_TABLE_SIZE:
        this.#core.sender.encoder.limitTable(value);
        break;
      case h2.ENABLE_PUSH:
        if (value > 1 || (value === 1 && this.#core.role === 'client'))
          this.#core.protocol(`ENABLE_PUSH is ${value} (RFC 9113 6.5.2)`);
        break;
      case h2.MAX_CONCURRENT_STREAMS:
        this.#core.peerMaxStreams = value;
        break;
      case h2.INITIAL_WINDOW_SIZE:
        this.#onPeerWindow(value);
        break;
      case h2.MAX_FRAME_SIZE:
        if (value < h2.maxFrameBytes || value > 16_777_215)
          this.#core.protocol(`MAX_FRAME_SIZE is ${value} (RFC 9113 6.5.2)`);
        break;
      case h2.ENABLE_CONNECT_PROTOCOL:
        if (value > 1) this.#core.protocol(`ENABLE_CONNECT_PROTOCOL is ${value} (RFC 8441 3)`);
        else this.#core.peerTakesConnect = value === 1;
        break;
      default:
        break;
    }
  }

  #onPeerWindow(value: number): void {
    const { sender } = this.#core;
    const difference = value - sender.streamWindow;
    sender.streamWindow = value;
    let isOver = value > h2.maxWindow;
    for (const stream of this.#core.streams.values()) {
      stream.sendWindow += difference;
      if (stream.sendWindow > h2.maxWindow) isOver = true;
    }
    if (isOver)
      this.#core.fail('http/h2-flow-control', h2.FLOW_CONTROL_ERROR, 'a window beyond 2^31 - 1 bytes (RFC 9113 6.9.2)');
  }

  onPing(bytes: Buffer, from: number, length: number, flags: number, id: number): void {
    if (length !== 8) return void this.#core.frameSize('PING');
    if (id !== 0) return void this.#core.protocol('PING of a stream (RFC 9113 6.7)');
    if (!this.#core.countControl('http/h2-ping-flood', 'PING')) return;
    if ((flags & h2.ACK) !== 0) this.#core.owner.onPong();
    else this.#core.sender.put(h2.frameHead(8, h2.PING, h2.ACK, 0) + latin1(bytes, from, from + 8));
  }

  onGoaway(bytes: Buffer, from: number, length: number, id: number): void {
    if (id !== 0) return void this.#core.protocol('GOAWAY of a stream (RFC 9113 6.8)');
    if (length < 8) return void this.#core.frameSize('GOAWAY');
    if (!this.#core.countControl('http/h2-settings-flood', 'GOAWAY')) return;
    const last = h2.wordAt(bytes, from) & h2.maxWindow;
    this.#core.owner.onGoaway();
    if (this.#core.role === 'server') return;
    for (const stream of [...this.#core.streams.values()]) {
      if (stream.id <= last) continue;
      this.#core.remove(stream);
      stream.listener.onReset('', true);
    }
  }

  onWindow(bytes: Buffer, from: number, length: number, id: number): void {
    if (length !== 4) return void this.#core.frameSize('WINDOW_UPDATE');
    if (!this.#core.countControl('http/h2-window-flood', 'WINDOW_UPDATE')) return;
    const bytesMore = h2.wordAt(bytes, from) & h2.maxWindow;
    if (id === 0) {
      if (bytesMore === 0) return void this.#core.protocol('WINDOW_UPDATE of 0 bytes (RFC 9113 6.9)');
      if (!this.#core.sender.widen(bytesMore))
        return void this.#core.breakOff(
          'http/h2-flow-control',
          h2.FLOW_CONTROL_ERROR,
          'a window beyond 2^31 - 1 bytes (RFC 9113 6.9.1)',
        );
    } else {
      const stream = this.#core.streams.get(id);
      if (stream === undefined) {
        if (id > this.#core.highestId(id))
          this.#core.protocol('WINDOW_UPDATE of a stream that was never opened (RFC 9113 5.1)');
        return;
      }
      stream.sendWindow += bytesMore;
      if (bytesMore === 0 || stream.sendWindow > h2.maxWindow) {
        this.#core.reset(stream, bytesMore === 0 ? h2.PROTOCOL_ERROR : h2.FLOW_CONTROL_ERROR);
        stream.listener.onReset('http/h2-flow-control', false);
        return;
      }
    }
    this.#core.sender.pump();
  }
}
