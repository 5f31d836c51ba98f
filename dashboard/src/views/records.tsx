// What is written down of requests, and its end: of a client, older than a time, or all.

import { useState } from 'preact/hooks';
import { get, post } from '../api.ts';
import { useAsked } from '../ask.ts';
import { count, plural, size } from '../format.ts';
import { Choice } from '../parts/choice.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { tell } from '../parts/notices.tsx';
import { Panel, Pending } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';

interface RecordsTold {
  readonly bodies: 'off' | 'shapes' | 'full';
  readonly maxBodyBytes: number;
  readonly historyBytes: number | null;
  readonly maxJourneys: number;
  readonly history: {
    readonly journeys: number;
    readonly bytes: number;
    readonly notKept: number;
    readonly lost: number;
    readonly trouble: string;
  } | null;
}

/** The panel. */
export function Records() {
  const [isPurging, setPurging] = useState(false);
  const records = useAsked('records', (signal) => get<RecordsTold>('/records', {}, signal), 15_000);
  const side = (
    <button type="button" onClick={() => setPurging(true)}>
      Delete…
    </button>
  );
  return (
    <Panel title="What is written down" side={side}>
      <Pending asked={records} what="what is written down" />
      {records.value !== null && <Facts told={records.value} />}
      {isPurging && (
        <Purge
          onClose={() => {
            setPurging(false);
            records.again();
          }}
        />
      )}
    </Panel>
  );
}

function Facts({ told: { bodies, maxBodyBytes, historyBytes, maxJourneys, history } }: { readonly told: RecordsTold }) {
  const says = {
    off: 'No body is recorded (recording.bodies). With shapes or full, replay and exclusions decide with bodies as well.',
    shapes: 'Of bodies: names, kinds and lengths with a keyed hash, no value.',
    full: `Whole bodies, up to ${size(maxBodyBytes)} each: passwords that were sent are among them.`,
  }[bodies];
  return (
    <dl class="facts facts-wide">
      <div>
        <dt>On disk</dt>
        <dd>
          {history === null || historyBytes === null
            ? 'nothing: no history is kept'
            : `${plural(history.journeys, 'journey')} in ${size(history.bytes)} of at most ${size(historyBytes)}`}
          {history !== null && (history.notKept > 0 || history.lost > 0) && (
            <span class="quiet">
              ; {count(history.notKept)} were only counted
              {history.lost > 0 && `, ${count(history.lost)} lost to the disk`}
            </span>
          )}
          {history !== null && history.trouble !== '' && (
            <span class="stopped">
              {' '}
              <Text text={history.trouble} max={300} />
            </span>
          )}
        </dd>
      </div>
      <div>
        <dt>In memory</dt>
        <dd>the last {count(maxJourneys)} of each worker</dd>
      </div>
      <div>
        <dt>Bodies</dt>
        <dd>{says}</dd>
      </div>
    </dl>
  );
}

const day = 86_400_000;
const ages: readonly (readonly [string, number])[] = [
  ['whatever its age', 0],
  ['older than an hour', day / 24],
  ['older than a day', day],
  ['older than 7 days', 7 * day],
  ['older than 30 days', 30 * day],
];

function Purge({ onClose }: { readonly onClose: () => void }) {
  const [client, setClient] = useState('');
  const [age, setAge] = useState(4);
  const purge = async (event: Event) => {
    event.preventDefault();
    const whom = client.trim();
    const olderThanMs = ages[age]![1];
    const body =
      whom === '' && olderThanMs === 0
        ? { all: true }
        : { ...(whom === '' ? {} : { client: whom }), ...(olderThanMs === 0 ? {} : { olderThanMs }) };
    try {
      const { journeys, remembered } = await post<{ journeys: number; remembered: number }>('/records/purges', body);
      tell(`${plural(journeys, 'journey')} deleted, ${count(remembered)} forgotten from memory`);
      onClose();
    } catch (error) {
      tell((error as Error).message, true);
    }
  };
  return (
    <Dialog title="Delete what is written down" onClose={onClose}>
      <form onSubmit={purge}>
        <Choice label="Which" of={ages} value={age} onChange={setAge} />
        <label>
          Of this client or network alone (of everybody where empty)
          <input
            type="text"
            maxLength={64}
            placeholder="203.0.113.7"
            value={client}
            onInput={(event) => setClient(event.currentTarget.value)}
            spellcheck={false}
          />
        </label>
        <p class="hint">
          It is overwritten and does not come back. Files of logs and journal are yours to delete; counts of metrics
          stay.
        </p>
        <div class="actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="danger">
            Delete
          </button>
        </div>
      </form>
    </Dialog>
  );
}
