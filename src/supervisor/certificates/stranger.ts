// Somebody on the Internet who calls as a CA does: rules are asked what they do with a connection of theirs.

/** An address of each family. None of the special ones, such as those for documentation, which many rulesets drop by themselves. */
export const stranger: Readonly<Record<4 | 6, string>> = Object.freeze({ 4: '23.178.112.10', 6: '2602:fd3f::10' });

/** From an ephemeral port. */
export const strangerPort = 52_431;
