// A question of a view to the API: asked, asked again now and then while somebody looks, and given up when the view goes.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

/** What became of a question. The value before stays while a new one is on its way. */
export interface Asked<T> {
  readonly value: T | null;
  readonly trouble: string | null;
  readonly isBusy: boolean;
  /** Asks again now. */
  again(): void;
}

/** Asks whenever `what` changes, and every so many ms where that is said. */
export function useAsked<T>(what: string, ask: (signal: AbortSignal) => Promise<T>, everyMs = 0): Asked<T> {
  const [state, setState] = useState<{ value: T | null; trouble: string | null; isBusy: boolean; what: string }>({
    value: null,
    trouble: null,
    isBusy: true,
    what,
  });
  const [turn, setTurn] = useState(0);
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    const own = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async () => {
      setState((before) => ({ ...before, isBusy: true }));
      try {
        const value = await latest.current(own.signal);
        if (!own.signal.aborted) setState({ value, trouble: null, isBusy: false, what });
      } catch (error) {
        if (!own.signal.aborted)
          setState((before) => ({
            value: before.what === what ? before.value : null,
            trouble: (error as Error).message,
            isBusy: false,
            what,
          }));
      }
      if (everyMs > 0 && !own.signal.aborted) timer = setTimeout(next, everyMs);
    };
    const next = () => {
      if (document.visibilityState === 'visible') void run();
      else timer = setTimeout(next, everyMs);
    };
    void run();
    return () => {
      own.abort();
      clearTimeout(timer);
    };
  }, [what, turn, everyMs]);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  return { value: state.value, trouble: state.trouble, isBusy: state.isBusy, again };
}
