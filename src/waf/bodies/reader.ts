// What reads one kind of body: buffered text, or multipart part by part.

/** How one kind of body is read. Text is latin1 of the bytes. */
export interface BodyReader {
  feed(text: string): void;
  end(): void;
  /** More came than is inspected, though not as text: judges what there is, as `waf.body_over_limit` says. Left out where a body of
   * any length is read to its end. */
  cut?(): void;
  readonly done: boolean;
}
