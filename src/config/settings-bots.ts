// The settings of what tells browsers and good robots from the rest.

/** How browsers and good robots are told from the rest. */
export interface BotSettings {
  /** How slowly, for how long, and how many at once in one worker. */
  readonly tarpit: { readonly holdMs: number; readonly everyMs: number; readonly maxHeld: number };
  /** Robots that are known by name; `agent` and `domains` in lower case. */
  readonly verified: readonly { readonly name: string; readonly agent: string; readonly domains: readonly string[] }[];
  readonly waitMs: number;
  /** DNS servers as c-ares takes them; none for those of this machine. */
  readonly resolvers: readonly string[];
  readonly challenge: { readonly bits: number; readonly answerWithinMs: number; readonly validMs: number };
}
