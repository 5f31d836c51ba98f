// What reads one kind of body: buffered text, or multipart part by part.

/** How one kind of body is read. Text is latin1 of the bytes. */
export interface BodyReader {
  feed(text: string): void;
  end(): void;
  readonly done: boolean;
}
