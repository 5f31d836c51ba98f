// The state of the gate as it is told once a second, for whatever of the page wants it. A tab that nobody sees reads nothing.

import { useEffect, useState } from 'preact/hooks';
import { hasSession, openEvents } from './api.ts';
import { tellExperiment } from './experiments.ts';
import type { Status } from './shapes.ts';

/** What is known, and whether it is fresh. */
export interface Live {
  readonly status: Status | null;
  readonly state: 'waiting' | 'live' | 'lost';
}

type Listener = (live: Live) => void;

const listeners = new Set<Listener>();
let now: Live = { status: null, state: 'waiting' };
let reading: AbortController | null = null;
/** Between two attempts, in ms; longer each time. */
const firstPauseMs = 500;
const longestPauseMs = 10_000;

function tell(next: Live): void {
  now = next;
  for (const listener of listeners) listener(now);
}

function update(): void {
  const isWanted = listeners.size > 0 && document.visibilityState === 'visible' && hasSession();
  if (isWanted && reading === null) void readOn(new AbortController());
  else if (!isWanted && reading !== null) {
    reading.abort();
    reading = null;
  }
}

async function readOn(own: AbortController): Promise<void> {
  reading = own;
  let pauseMs = firstPauseMs;
  while (!own.signal.aborted) {
    try {
      for await (const [kind, data] of eventsOf(await openEvents(own.signal))) {
        pauseMs = firstPauseMs;
        if (kind === 'status') tell({ status: JSON.parse(data) as Status, state: 'live' });
        else if (kind === 'experiment') {
          const { what, line } = JSON.parse(data) as { what: string; line: unknown };
          tellExperiment(what, line);
        } else if (kind === 'over') return;
      }
    } catch {
      // Ended or never began: told below, and tried again.
    }
    if (own.signal.aborted) return;
    tell({ status: now.status, state: 'lost' });
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    if (!hasSession()) break;
  }
  if (reading === own) reading = null;
}

/** The events of a stream, as kind and data (HTML Living Standard, 9.2.6; ours have one line of data each). */
async function* eventsOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<[string, string]> {
  const reader = stream
    .pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    let end = text.indexOf('\n\n');
    while (end >= 0) {
      const lines = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
      yield [field('event'), field('data')];
      end = text.indexOf('\n\n');
    }
  }
}

document.addEventListener('visibilitychange', update);
window.addEventListener('sessionchange', update);

/** The state of the gate, new each second. */
export function useLive(): Live {
  const [live, setLive] = useState(now);
  useEffect(() => {
    listeners.add(setLive);
    update();
    return () => {
      listeners.delete(setLive);
      // Because a view that goes is often followed at once by one that wants the same.
      setTimeout(update, 100);
    };
  }, []);
  return live;
}
