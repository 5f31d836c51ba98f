// Whom to ban, for how long and why; asked wherever an address is seen.

import { useState } from 'preact/hooks';
import { post } from '../api.ts';
import { Choice } from './choice.tsx';
import { Dialog } from './dialog.tsx';
import { attempt } from './notices.tsx';
import { safe } from './text.tsx';

const hour = 3_600_000;
const lengths: readonly (readonly [string, number | null])[] = [
  ['10 minutes', hour / 6],
  ['1 hour', hour],
  ['1 day', 24 * hour],
  ['30 days', 30 * 24 * hour],
  ['for good', null],
];

/** The dialog; `target` is what stands in it at first. */
export function BanDialog({
  target,
  onClose,
}: {
  readonly target: string;
  readonly onClose: (isDone: boolean) => void;
}) {
  const [whom, setWhom] = useState(target);
  const [length, setLength] = useState(1);
  const [reason, setReason] = useState('');
  const ban = async (event: Event) => {
    event.preventDefault();
    const lengthMs = lengths[length]![1];
    const body = { target: whom.trim(), reason, ...(lengthMs === null ? {} : { lengthMs }) };
    if (
      await attempt(`${safe(whom)} is banned ${lengthMs === null ? '' : 'for '}${lengths[length]![0]}`, () =>
        post('/bans', body),
      )
    )
      onClose(true);
  };
  return (
    <Dialog title="Ban" onClose={() => onClose(false)}>
      <form onSubmit={ban}>
        <label>
          Address or network
          <input
            type="text"
            required
            maxLength={64}
            value={whom}
            onInput={(event) => setWhom(event.currentTarget.value)}
            spellcheck={false}
          />
        </label>
        <Choice label="For how long" of={lengths} value={length} onChange={setLength} />
        <label>
          Why, for whoever reads the list next
          <input type="text" maxLength={200} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </label>
        <p class="hint">
          Its connections end at once. Who must always get in (your own session, upstreams, routers) is spared.
        </p>
        <div class="actions">
          <button type="button" onClick={() => onClose(false)}>
            Cancel
          </button>
          <button type="submit" class="danger">
            Ban
          </button>
        </div>
      </form>
    </Dialog>
  );
}
