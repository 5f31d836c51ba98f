// Models: what each site is held against, what is learnt of it, and the document that this becomes.

import { useState } from 'preact/hooks';
import { get, remove } from '../api.ts';
import { useAsked } from '../ask.ts';
import { count, moment, plural } from '../format.ts';
import { Dialog } from '../parts/dialog.tsx';
import { attempt } from '../parts/notices.tsx';
import { Failed, Panel, Pending, Waiting } from '../parts/states.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { safe, Text } from '../parts/text.tsx';
import { linkTo } from '../route.ts';

interface Site {
  readonly name: string;
  readonly learn: readonly string[];
  readonly model: { readonly file: string; readonly mode: string; readonly under: string } | null;
  readonly learnt: {
    readonly requests: number;
    readonly routes: number;
    readonly lost: number;
    readonly from: number;
    readonly to: number;
  } | null;
}

interface ModelsTold {
  readonly sites: readonly Site[];
  readonly refused: Readonly<Record<string, number>>;
}

/** The panel. */
export function Models() {
  const [opened, setOpened] = useState<string | null>(null);
  const [isForgetting, setForgetting] = useState(false);
  const models = useAsked('models', (signal) => get<ModelsTold>('/models', {}, signal), 15_000);
  const sites = (models.value?.sites ?? []).filter(({ learn, model, learnt }) => learn.length > 0 || model || learnt);
  const isLearnt = sites.some(({ learnt }) => learnt !== null);
  const side = isLearnt && (
    <button type="button" onClick={() => setForgetting(true)}>
      Forget…
    </button>
  );
  return (
    <Panel title="What requests may be" side={side}>
      <Pending asked={models} what="the models" />
      {models.value !== null && sites.length === 0 && (
        <p class="quiet">
          No site has a model. <code>learn: /</code> in a site begins to learn one from its traffic; an OpenAPI document
          is one: <code>{'model: { file: openapi.yaml, mode: detect }'}</code>.
        </p>
      )}
      {sites.length > 0 && <Table name="Models" columns={columnsOf(setOpened)} rows={sites} isBroad />}
      {models.value !== null && <Refused refused={models.value.refused} />}
      {opened !== null && <Learnt site={opened} onClose={() => setOpened(null)} />}
      {isForgetting && (
        <Forget
          onClose={() => {
            setForgetting(false);
            models.again();
          }}
        />
      )}
    </Panel>
  );
}

const columnsOf = (open: (site: string) => void): readonly TableColumn<Site>[] => [
  { name: 'Site', cell: ({ name }) => <Text text={name} max={60} /> },
  {
    name: 'Held against',
    cell: ({ model }) =>
      model === null ? (
        <span class="none">nothing</span>
      ) : (
        <>
          <Text text={model.file} max={80} />{' '}
          <span class="quiet">
            under <Text text={model.under} max={40} />, mode {safe(model.mode, 10)}
          </span>
        </>
      ),
  },
  {
    name: 'Learnt',
    cell: ({ learn, learnt }) => (
      <>
        {learnt === null
          ? 'nothing yet'
          : `${plural(learnt.requests, 'request')}, ${plural(learnt.routes, 'route')}, last at ${moment(learnt.to)}`}{' '}
        <span class="quiet">
          {learn.length === 0 ? 'not going on' : <Text text={`under ${learn.join(', ')}`} max={80} />}
          {learnt !== null && learnt.lost > 0 && `; no room for ${count(learnt.lost)}`}
        </span>
      </>
    ),
  },
  {
    name: 'Do',
    isWhole: true,
    cell: ({ name, learnt }) =>
      learnt !== null && (
        <button
          type="button"
          class="link"
          aria-label={`Document of what was learnt of ${safe(name, 60)}`}
          onClick={() => open(name)}
        >
          Document…
        </button>
      ),
  },
];

/** Refusals of models, each with the journeys behind it. */
function Refused({ refused }: { readonly refused: ModelsTold['refused'] }) {
  const rows = Object.entries(refused).sort(([, one], [, other]) => other - one);
  if (rows.length === 0) return null;
  return (
    <ul class="plain">
      {rows.map(([why, times]) => (
        <li key={why}>
          {count(times)} × <a href={linkTo('journeys', { why })}>{safe(why, 40)}</a>
        </li>
      ))}
    </ul>
  );
}

/** The document that the shapes of requests become. */
function Learnt({ site, onClose }: { readonly site: string; readonly onClose: () => void }) {
  const [atLeast, setAtLeast] = useState(10);
  const asked = useAsked(`${site} ${atLeast}`, (signal) =>
    get<{ text: string; paths: number; skipped: number }>('/models/learnt', { site, atLeast }, signal),
  );
  const proposal = asked.isBusy ? null : asked.value;
  return (
    <Dialog title="What was learnt" onClose={onClose} isBroad>
      <p class="hint">
        Site <Text text={site} max={80} />. Look through it: whoever attacked meanwhile may have taught what should not
        be. Save it beside the configuration, and name it there:{' '}
        <code>{'model: { file: learnt.yaml, mode: detect }'}</code>.
      </p>
      <label>
        Leave out what was asked for less often than
        <select value={atLeast} onChange={(event) => setAtLeast(Number(event.currentTarget.value))}>
          {[1, 10, 100, 1000].map((times) => (
            <option key={times} value={times}>
              {times === 1 ? 'once' : `${count(times)} times`}
            </option>
          ))}
        </select>
      </label>
      {asked.trouble !== null && <Failed says={asked.trouble} again={asked.again} />}
      {asked.isBusy && <Waiting what="the document" />}
      {proposal !== null && asked.trouble === null && (
        <>
          <p>
            {plural(proposal.paths, 'path')}
            {proposal.skipped > 0 && `, ${count(proposal.skipped)} left out`}.
          </p>
          <textarea class="document" readOnly rows={16} aria-label="The document" value={proposal.text} />
        </>
      )}
      <div class="actions">
        <button type="button" onClick={onClose}>
          Close
        </button>
        {proposal !== null && (
          <button
            type="button"
            class="accent"
            onClick={() =>
              void attempt('The document is in the clipboard', () => navigator.clipboard.writeText(proposal.text))
            }
          >
            Copy
          </button>
        )}
      </div>
    </Dialog>
  );
}

function Forget({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Forget what was learnt" onClose={onClose}>
      <p>Of all sites, for good. Learning begins anew; models that are files stay as they are.</p>
      <div class="actions">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          class="danger"
          onClick={async () => {
            if (await attempt('What was learnt is forgotten', () => remove('/models/learnt'))) onClose();
          }}
        >
          Forget
        </button>
      </div>
    </Dialog>
  );
}
