// Buffers that are used again and again for large writes. A fresh Buffer for each would be 64 KiB of memory that only the garbage
// collector frees: at a gigabyte a second it did nothing else (bench/bodies.ts: a third of the CPU).

/** Bytes of one slab: what one read brings at most. */
export const slabBytes = 65_536;
/** Pieces up to this size are copied into a Buffer of their own: those are cheap, and a slab would be mostly empty. */
const maxSmallBytes = 4096;
/** Slabs that are kept while nobody needs them. */
const maxKept = 64;

/** A buffer on loan. Whoever took it calls `giveBack` once nobody reads from it any more. */
export class Slab {
  readonly buffer = Buffer.allocUnsafeSlow(slabBytes);
  /** Gives it back; a function of its own, so that it can be handed to `socket.write` as it is. */
  readonly giveBack: () => void;

  constructor(free: Slab[]) {
    this.giveBack = () => {
      if (free.length < maxKept) free.push(this);
    };
  }
}

/** Slabs of one process. Holds no more than it ever lent at once, and keeps at most 4 MiB. */
export class Slabs {
  readonly #free: Slab[] = [];

  /** A slab, with the bytes from `from` to `to` of `bytes` at its beginning; at most `slabBytes` of them. */
  holding(bytes: Uint8Array, from: number, to: number): Slab {
    const slab = this.#free.pop() ?? new Slab(this.#free);
    slab.buffer.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), 0);
    return slab;
  }

  /** Does a slab pay for so many bytes? */
  pays(bytes: number): boolean {
    return bytes > maxSmallBytes && bytes <= slabBytes;
  }

  /** How many wait to be used again. */
  get kept(): number {
    return this.#free.length;
  }
}
