// Frames of HTTP/2 (RFC 9113 4 and 6): their types, flags and codes, and how they are written as latin1 text.

/** Frame types. */
export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

/** Flags. ACK and END_STREAM are the same bit of different frames. */
export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const PRIORITY_FLAG = 32;

/** Error codes (RFC 9113 7). */
export const NO_ERROR = 0;
export const PROTOCOL_ERROR = 1;
export const INTERNAL_ERROR = 2;
export const FLOW_CONTROL_ERROR = 3;
export const STREAM_CLOSED = 5;
export const FRAME_SIZE_ERROR = 6;
export const REFUSED_STREAM = 7;
export const CANCEL = 8;
export const COMPRESSION_ERROR = 9;
export const ENHANCE_YOUR_CALM = 11;
export const HTTP_1_1_REQUIRED = 13;

/** Settings (RFC 9113 6.5.2, RFC 8441 3). */
export const HEADER_TABLE_SIZE = 1;
export const ENABLE_PUSH = 2;
export const MAX_CONCURRENT_STREAMS = 3;
export const INITIAL_WINDOW_SIZE = 4;
export const MAX_FRAME_SIZE = 5;
export const MAX_HEADER_LIST_SIZE = 6;
export const ENABLE_CONNECT_PROTOCOL = 8;

/** Bytes of a frame's head. */
export const frameHeadBytes = 9;
/** The largest payload that we take: the protocol's least, which nobody may be refused for (RFC 9113 4.2). */
export const maxFrameBytes = 16_384;
/** The window that both sides begin with, and the largest there may be (RFC 9113 6.9). */
export const initialWindow = 65_535;
export const maxWindow = 2_147_483_647;

/** What a client's connection begins with (RFC 9113 3.4). */
export const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** 32 bits as text. */
export function word(value: number): string {
  return String.fromCharCode((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

/** A frame's head. */
export function frameHead(length: number, type: number, flags: number, id: number): string {
  return String.fromCharCode(
    length >>> 16,
    (length >>> 8) & 255,
    length & 255,
    type,
    flags,
    (id >>> 24) & 255,
    (id >>> 16) & 255,
    (id >>> 8) & 255,
    id & 255,
  );
}

/** A SETTINGS frame of pairs. */
export function settingsFrame(settings: readonly (readonly [number, number])[]): string {
  let text = frameHead(settings.length * 6, SETTINGS, 0, 0);
  for (const [name, value] of settings) text += String.fromCharCode(name >>> 8, name & 255) + word(value);
  return text;
}

/** HEADERS, and CONTINUATION where the block is longer than the peer's largest frame. */
export function headersFrames(id: number, block: string, isEnd: boolean, maxBytes: number): string {
  const end = isEnd ? END_STREAM : 0;
  if (block.length <= maxBytes) return frameHead(block.length, HEADERS, END_HEADERS | end, id) + block;
  let text = frameHead(maxBytes, HEADERS, end, id) + block.slice(0, maxBytes);
  for (let at = maxBytes; at < block.length; at += maxBytes) {
    const piece = block.slice(at, at + maxBytes);
    text += frameHead(piece.length, CONTINUATION, at + maxBytes >= block.length ? END_HEADERS : 0, id) + piece;
  }
  return text;
}

/** RST_STREAM. */
export function resetFrame(id: number, code: number): string {
  return frameHead(4, RST_STREAM, 0, id) + word(code);
}

/** GOAWAY; `says` is for whoever debugs the peer. */
export function goawayFrame(lastId: number, code: number, says: string): string {
  return frameHead(8 + says.length, GOAWAY, 0, 0) + word(lastId) + word(code) + says;
}

/** WINDOW_UPDATE. */
export function windowFrame(id: number, bytes: number): string {
  return frameHead(4, WINDOW_UPDATE, 0, id) + word(bytes);
}

/** Four bytes as a number from 0. */
export function wordAt(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
