// What an experiment tells while it runs, by event, for the view that began it.

type Hear = (what: string, line: unknown) => void;

const listeners = new Set<Hear>();

/** Hears every line until the function that it gives is called. */
export function hearExperiments(hear: Hear): () => void {
  listeners.add(hear);
  return () => void listeners.delete(hear);
}

/** Passes a line on. */
export function tellExperiment(what: string, line: unknown): void {
  for (const hear of listeners) hear(what, line);
}
