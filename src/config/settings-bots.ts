// The settings of what tells browsers and good robots from the rest.

/** How browsers and good robots are told from the rest. */
export interface BotSettings {
  /** How slowly, for how long, and how many at once in one worker. */
  readonly tarpit: { readonly holdMs: number; readonly everyMs: number; readonly maxHeld: number };
  readonly challenge: { readonly bits: number; readonly answerWithinMs: number; readonly validMs: number };
}
