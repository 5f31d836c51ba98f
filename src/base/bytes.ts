// Bytes to text and back, where the direct way matters: one native call, no look-up of an encoding's name.

/** Node's Buffer has this method; its types leave it out. */
interface Latin1Sliceable {
  latin1Slice(from: number, to: number): string;
}

/** Node's Buffer has this method; its types leave it out. */
interface Latin1Writable {
  latin1Write(text: string, at: number, length: number): number;
}

/** Writes the characters of a text to the beginning of `bytes`, one a byte, as far as there is room. */
export function writeLatin1(bytes: Buffer, text: string): void {
  (bytes as unknown as Latin1Writable).latin1Write(text, 0, bytes.length);
}

/** The bytes from `from` to `to` as text, one character a byte. */
export function latin1(bytes: Buffer, from: number, to: number): string {
  return (bytes as unknown as Latin1Sliceable).latin1Slice(from, to);
}
