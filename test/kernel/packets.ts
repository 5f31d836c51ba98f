// Frames as they go over a wire, with every checksum right, and a way to put thousands of them there at once.

import { spawnSync } from 'node:child_process';
import { parseAddress } from '../../src/base/address.ts';
import { addresses, type Namespace } from './namespace.ts';

/** A packet that begins a conversation. `protocol` may be any number beside 6 and 17; ports are then nothing. */
export interface Packet {
  readonly source: string;
  readonly protocol: 'tcp' | 'udp' | number;
  readonly sourcePort: number;
  readonly port: number;
}

const numbers = { tcp: 6, udp: 17 } as const;

/** The frame of a packet to the gate. Its sender's hardware address carries `id`, by which it is known when it arrives. */
export function frameOf(packet: Packet, id: number): Buffer {
  const parsed = parseAddress(packet.source);
  if (!parsed.ok) throw new Error(packet.source);
  const { family } = parsed.value;
  const from = bytesOf(packet.source);
  const to = bytesOf(family === 4 ? addresses.gate.four : addresses.gate.six);
  const protocol = typeof packet.protocol === 'number' ? packet.protocol : numbers[packet.protocol];
  const payload = payloadOf(packet, protocol, from, to);
  const ethernet = Buffer.concat([
    Buffer.from(addresses.gate.mac.replaceAll(':', ''), 'hex'),
    Buffer.from(macOf(id).replaceAll(':', ''), 'hex'),
    Buffer.from(family === 4 ? [0x08, 0x00] : [0x86, 0xdd]),
  ]);
  const header =
    family === 4 ? header4(protocol, payload.length, from, to) : header6(protocol, payload.length, from, to);
  return Buffer.concat([ethernet, header, payload]);
}

/** The hardware address of packet number `id`. */
export function macOf(id: number): string {
  const hex = id.toString(16).padStart(8, '0');
  return `02:51:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}:${hex.slice(6)}`;
}

/** The number in a hardware address that `macOf` made. */
export function idOf(mac: string): number {
  return Number.parseInt(mac.slice(6).replaceAll(':', ''), 16);
}

// Because Node has no raw sockets and Perl is essential to Debian, Perl puts the frames on the wire.
const sender = `
use Socket; my ($name) = @ARGV; open(my $f, '<', "/sys/class/net/$name/ifindex") or die; my $index = <$f>;
socket(my $s, 17, SOCK_RAW, 0) or die "socket: $!";
binmode STDIN; local $/; my $all = <STDIN>; my $at = 0; my $to = pack('S n i S C C a8', 17, 0, $index, 0, 0, 6, '');
while ($at < length $all) { my $n = unpack('n', substr($all, $at, 2)); my $frame = substr($all, $at + 2, $n); $at += 2 + $n;
  defined send($s, $frame, 0, $to) or die "send: $!"; }
`;

/** Puts the frames on the wire of a namespace, in order; returns when the last has gone. */
export function sendFrames(from: Namespace, frames: readonly Buffer[]): void {
  const input = Buffer.concat(frames.flatMap((frame) => [Buffer.from([frame.length >> 8, frame.length & 255]), frame]));
  const ran = spawnSync('ip', ['netns', 'exec', from.name, 'perl', '-e', sender, 'wire'], { input });
  if (ran.status !== 0) throw new Error(`the frames were not sent: ${ran.stderr}`);
}

function bytesOf(address: string): Buffer {
  const parsed = parseAddress(address);
  if (!parsed.ok) throw new Error(address);
  const { family, value } = parsed.value;
  return Buffer.from(value.toString(16).padStart(family === 4 ? 8 : 32, '0'), 'hex');
}

/** RFC 791 3.1. */
function header4(protocol: number, length: number, from: Buffer, to: Buffer): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + length, 2);
  header[6] = 0x40;
  header[8] = 64;
  header[9] = protocol;
  from.copy(header, 12);
  to.copy(header, 16);
  header.writeUInt16BE(checksum(header), 10);
  return header;
}

/** RFC 8200 3. */
function header6(protocol: number, length: number, from: Buffer, to: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = 0x60;
  header.writeUInt16BE(length, 4);
  header[6] = protocol;
  header[7] = 64;
  return Buffer.concat([header, from, to]);
}

function payloadOf(packet: Packet, protocol: number, from: Buffer, to: Buffer): Buffer {
  if (protocol === 6) {
    const segment = Buffer.alloc(20);
    segment.writeUInt16BE(packet.sourcePort, 0);
    segment.writeUInt16BE(packet.port, 2);
    segment.writeUInt32BE(1, 4);
    segment[12] = 0x50;
    segment[13] = 0x02;
    segment.writeUInt16BE(1024, 14);
    segment.writeUInt16BE(checksum(pseudo(from, to, 6, 20), segment), 16);
    return segment;
  }
  if (protocol === 17) {
    const datagram = Buffer.alloc(9);
    datagram.writeUInt16BE(packet.sourcePort, 0);
    datagram.writeUInt16BE(packet.port, 2);
    datagram.writeUInt16BE(9, 4);
    datagram.writeUInt16BE(checksum(pseudo(from, to, 17, 9), datagram) || 0xffff, 6);
    return datagram;
  }
  if (protocol === 1 || protocol === 58) {
    const echo = Buffer.from([
      protocol === 1 ? 8 : 128,
      0,
      0,
      0,
      packet.sourcePort >> 8,
      packet.sourcePort & 255,
      0,
      1,
    ]);
    echo.writeUInt16BE(protocol === 1 ? checksum(echo) : checksum(pseudo(from, to, 58, 8), echo), 2);
    return echo;
  }
  return Buffer.from([0, 0, 8, 0, 0, 0, 0, 0]);
}

function pseudo(from: Buffer, to: Buffer, protocol: number, length: number): Buffer {
  return Buffer.concat([from, to, Buffer.from([0, protocol, length >> 8, length & 255])]);
}

/** RFC 1071. */
function checksum(...parts: readonly Buffer[]): number {
  let sum = 0;
  for (const part of parts)
    for (let index = 0; index < part.length; index += 2) sum += (part[index]! << 8) | (part[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
