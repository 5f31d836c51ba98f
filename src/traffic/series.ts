// The last minutes as columns of numbers, a point a second, as charts take them. Plain data.

/** Columns by name; every column is as long as `at`. Null where there was nothing to measure. */
export interface Series {
  /** Seconds since 1970. */
  readonly at: readonly number[];
  readonly columns: Readonly<Record<string, readonly (number | null)[]>>;
}
