// Bytes to text and back, where the direct way matters: one native call, no look-up of an encoding's name.

/** Node's Buffer has this method; its types leave it out. */
interface Latin1Sliceable {
  latin1Slice(from: number, to: number): string;
}

/** The bytes from `from` to `to` as text, one character a byte. */
export function latin1(bytes: Buffer, from: number, to: number): string {
  return (bytes as unknown as Latin1Sliceable).latin1Slice(from, to);
}
