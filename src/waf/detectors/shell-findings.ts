// What the command detector can find, by number and sentence.

/** Each kind of finding by its number and its sentence. */
export const shellFindings = {
  separated: { id: 1032100, says: 'command injection: the value ends the command and starts another one' },
  piped: { id: 1032110, says: 'command injection: the value pipes text into an interpreter' },
  started: { id: 1032120, says: 'command injection: the value is a command that an intruder would run' },
  substituted: { id: 1032130, says: 'command injection: the value holds a command to be run in its place' },
  expanded: { id: 1032140, says: 'command injection: the value hides a command behind expansions of the shell' },
  redirected: { id: 1032150, says: 'command injection: the value sends output to a file or to the network' },
  function: {
    id: 1032160,
    says: 'command injection: the value defines a shell function for the environment (Shellshock)',
  },
  option: {
    id: 1032190,
    says: 'command injection: the value is an option that makes a program run, read or write something else',
  },
  windows: { id: 1032170, says: 'command injection: the value hides a Windows command behind variables or carets' },
  lookup: {
    id: 1032180,
    says: 'command injection: the value holds a lookup by which a logger loads foreign code (Log4Shell)',
  },
  suspicion: { id: 1032900, says: 'the value reads like a part of a command line' },
} as const;

/** A kind of finding, its score and its place. */
export interface Suspect {
  readonly what: keyof typeof shellFindings;
  readonly score: number;
  readonly start: number;
  readonly end: number;
}

/** A suspect, spelt short. */
export function suspect(what: Suspect['what'], score: number, start: number, end: number): Suspect {
  return { what, score, start, end };
}
