// Tables of words put together into one: two words alike stop the start, because one of them would silently be lost.

/** One table of all; throws where two tables have the same word, which is a mistake in the program. */
export function joined<T>(...tables: readonly Readonly<Record<string, T>>[]): Readonly<Record<string, T>> {
  const all: Record<string, T> = Object.create(null);
  for (const table of tables) {
    for (const [word, row] of Object.entries(table)) {
      if (word in all) throw new Error(`two tables have a row for ${word}`);
      all[word] = row;
    }
  }
  return Object.freeze(all);
}
