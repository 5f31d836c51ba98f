// Who is shut out, by whom and for how long; who never is; and the blocklists.

import { useState } from 'preact/hooks';
import { get, remove } from '../api.ts';
import { useAsked } from '../ask.ts';
import { count, duration, moment } from '../format.ts';
import { BanDialog } from '../parts/ban-dialog.tsx';
import { attempt } from '../parts/notices.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { Failed, Panel, Waiting } from '../parts/states.tsx';
import { safe, Text } from '../parts/text.tsx';
import { encoded } from '../route.ts';
import type { Bans } from '../shapes.ts';

/** Bans shown at once. */
const maxShown = 200;

/** The panel. */
export function BanList() {
  const [isBanning, setBanning] = useState(false);
  const bans = useAsked('bans', (signal) => get<Bans>('/bans', {}, signal), 3000);
  const side = (
    <button type="button" onClick={() => setBanning(true)}>
      Ban somebody…
    </button>
  );
  const free = (target: string) =>
    void attempt(`${safe(target)} may come in again`, () => remove(`/bans/${encoded(target)}`)).then(bans.again);
  return (
    <Panel title="Bans" side={side}>
      {bans.trouble !== null && <Failed says={bans.trouble} again={bans.again} />}
      {bans.value === null ? (
        bans.trouble === null && <Waiting what="bans" />
      ) : (
        <Listed bans={bans.value} free={free} />
      )}
      {isBanning && (
        <BanDialog
          target=""
          onClose={() => {
            setBanning(false);
            bans.again();
          }}
        />
      )}
    </Panel>
  );
}

function Listed({
  bans: { bans, total, never, blocklists, kept },
  free,
}: {
  readonly bans: Bans;
  readonly free: (target: string) => void;
}) {
  return (
    <>
      {!kept && <p class="hint">Bans are not kept across a restart: their file cannot be written.</p>}
      {total === 0 ? (
        <p class="quiet">Nobody is banned.</p>
      ) : (
        <Scroll name="Bans, table">
          <table class="broad">
            <thead>
              <tr>
                <th>Who</th>
                <th>By</th>
                <th class="num">Left</th>
                <th>Why</th>
                <th>Do</th>
              </tr>
            </thead>
            <tbody>
              {bans.slice(0, maxShown).map(({ target, by, leftMs, reason }) => (
                <tr key={target}>
                  <td class="mono">
                    <Text text={target} max={64} />
                  </td>
                  <td>
                    <Text text={by} max={12} />
                  </td>
                  <td class="num">{leftMs === null ? 'for good' : duration(leftMs)}</td>
                  <td>
                    <Text text={reason} max={160} />
                  </td>
                  <td>
                    <button
                      type="button"
                      class="link"
                      aria-label={`Let ${safe(target)} in again`}
                      onClick={() => free(target)}
                    >
                      Let in
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {total > maxShown && (
        <p class="hint">
          The first {maxShown} of {count(total)}.
        </p>
      )}
      {blocklists.length > 0 && (
        <Scroll name="Blocklists, table">
          <table class="broad">
            <thead>
              <tr>
                <th>Blocklist</th>
                <th class="num">Networks</th>
                <th class="num">Broken lines</th>
                <th>Loaded</th>
                <th>State</th>
              </tr>
            </thead>
            <tbody>
              {blocklists.map(({ name, entries, broken, loadedAt, problem, isStale }) => (
                <tr key={name}>
                  <td>
                    <Text text={name} />
                  </td>
                  <td class="num">{count(entries)}</td>
                  <td class="num">{count(broken)}</td>
                  <td>{loadedAt === 0 ? 'never' : moment(loadedAt)}</td>
                  <td>
                    {isStale && <b>stale </b>}
                    <Text text={problem} max={160} none="good" />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      <details>
        <summary>{count(never.length)} that are never banned, and why</summary>
        <ul class="plain">
          {never.map(({ target, why }, index) => (
            <li key={index}>
              <span class="mono">
                <Text text={target} max={64} />
              </span>{' '}
              <span class="quiet">
                <Text text={why} max={120} />
              </span>
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}
