// The settings of positive models.

/** What the requests of a site may be. */
export interface ModelSettings {
  /** Absolute name of an OpenAPI 3 document. */
  readonly file: string;
  readonly mode: 'block' | 'detect';
  /** Path prefix that it holds under. */
  readonly under: string;
  /** What becomes of arguments of the query that it does not declare. */
  readonly undeclared: 'refuse' | 'pass';
}
