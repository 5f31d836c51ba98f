// The settings of what tells browsers and good robots from the rest.

/** How browsers and good robots are told from the rest. */
export interface BotSettings {
  readonly challenge: { readonly bits: number; readonly answerWithinMs: number; readonly validMs: number };
}
