// Opening a log, and the problem that it is where it cannot be.

import type { Problem } from '../base/problem.ts';

/** What stands at fault where a log cannot be opened. */
const names = {
  journal: { path: ['observe', 'journal'], code: 'observe/journal-not-writable', name: 'the journal' },
  audit: { path: ['waf', 'auditLog'], code: 'observe/audit-log-not-writable', name: 'the audit log' },
  log: { path: ['observe', 'logs'], code: 'observe/log-not-writable', name: 'an access log' },
} as const;

/** Does what `open` does; gives the problem where that rejects, or null. */
export async function opening(
  which: keyof typeof names,
  open: () => Promise<void> | undefined,
): Promise<Problem | null> {
  try {
    await open();
    return null;
  } catch (error) {
    const { path, code, name } = names[which];
    const says = `${name} cannot be written: ${error instanceof Error ? error.message : String(error)}`;
    const instead = 'a file in a directory that this user may write in';
    return { path: [...path], code, says, instead };
  }
}
