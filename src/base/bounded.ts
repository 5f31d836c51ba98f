// The only map that may be keyed by traffic: it never holds more than `maxEntries`, the least recently touched goes first.

/** A map with a bound. `onEvicted` is told each entry that had to go. */
export class Bounded<K, V> {
  readonly maxEntries: number;
  #entries = new Map<K, V>();
  #evicted = 0;
  #onEvicted: ((key: K, value: V) => void) | null;

  constructor(maxEntries: number, onEvicted: ((key: K, value: V) => void) | null = null) {
    if (!Number.isInteger(maxEntries) || maxEntries < 1)
      throw new RangeError('a bound is a whole number of at least 1');
    this.maxEntries = maxEntries;
    this.#onEvicted = onEvicted;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** How many entries had to leave to keep the bound. */
  get evicted(): number {
    return this.#evicted;
  }

  /** The value, without counting as a touch. */
  peek(key: K): V | undefined {
    return this.#entries.get(key);
  }

  /** The value, which becomes the most recently touched. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.maxEntries) this.#evictOldest();
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Entries from the least to the most recently touched. */
  entries(): IterableIterator<[K, V]> {
    return this.#entries.entries();
  }

  values(): IterableIterator<V> {
    return this.#entries.values();
  }

  #evictOldest(): void {
    for (const [key, value] of this.#entries) {
      this.#entries.delete(key);
      this.#evicted++;
      this.#onEvicted?.(key, value);
      return;
    }
  }
}
