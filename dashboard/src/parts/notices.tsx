// What was done and what could not be, told once at the foot of the page and to screen readers.

import { useEffect, useState } from 'preact/hooks';
import { Lines } from './text.tsx';

interface Notice {
  readonly id: number;
  readonly says: string;
  readonly isTrouble: boolean;
}

const shownMs = 6000;
const maxNotices = 4;
let last = 0;
let notices: readonly Notice[] = [];
const listeners = new Set<(all: readonly Notice[]) => void>();

function change(next: readonly Notice[]): void {
  notices = next.slice(-maxNotices);
  for (const listener of listeners) listener(notices);
}

/** Tells something. */
export function tell(says: string, isTrouble = false): void {
  const notice = { id: ++last, says, isTrouble };
  change([...notices, notice]);
  setTimeout(() => change(notices.filter(({ id }) => id !== notice.id)), isTrouble ? shownMs * 2 : shownMs);
}

/** Does something, and tells how it went; gives whether it did. */
export async function attempt(done: string, action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    tell(done);
    return true;
  } catch (error) {
    tell((error as Error).message, true);
    return false;
  }
}

/** The place where they stand. */
export function Notices() {
  const [all, setAll] = useState(notices);
  useEffect(() => {
    listeners.add(setAll);
    return () => void listeners.delete(setAll);
  }, []);
  return (
    <div class="notices" role="status" aria-live="polite">
      {all.map(({ id, says, isTrouble }) => (
        <p key={id} class={isTrouble ? 'notice notice-trouble' : 'notice'}>
          <Lines text={says} />
        </p>
      ))}
    </div>
  );
}
