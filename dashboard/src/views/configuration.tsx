// The configuration: read, edited with what the schema says of each line, judged, held against what is in force, applied; former texts.

import { useMemo, useState } from 'preact/hooks';
import { get, post, put } from '../api.ts';
import { useAsked } from '../ask.ts';
import { moment } from '../format.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Lines } from '../parts/lines.tsx';
import { attempt, tell } from '../parts/notices.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { Empty, Failed, Panel, Waiting } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import { Difference } from './difference.tsx';
import { type Replayed, ReplayedText } from './replayed.tsx';
import { helpAt, type Schema } from './schema-help.ts';
import { Trail } from './trail.tsx';

interface File {
  readonly file: string;
  readonly text: string;
  readonly revision: string;
  readonly why: string;
}

interface Problem {
  readonly at: string;
  readonly path?: string;
  readonly says: string;
  readonly instead: string;
}

interface Judged {
  readonly ok: boolean;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

interface Plan {
  readonly changes: readonly string[];
  readonly packets: readonly { readonly kind: string; readonly says: string }[] | null;
}

/** The view. */
export function Configuration() {
  const file = useAsked('file', (signal) => get<File>('/configuration', {}, signal));
  if (file.trouble !== null) return <Failed says={file.trouble} again={file.again} />;
  if (file.value === null) return <Waiting what="the configuration" />;
  if (file.value.file === '')
    return (
      <>
        <Empty title="There is no file">
          <p>
            <Text text={file.value.why} max={300} />.
          </p>
        </Empty>
        <Trail />
      </>
    );
  return (
    <>
      <Editor key={file.value.revision} file={file.value} again={file.again} />
      <History key={`history ${file.value.revision}`} now={file.value.text} />
      <Trail key={`trail ${file.value.revision}`} />
    </>
  );
}

function Editor({ file, again }: { readonly file: File; readonly again: () => void }) {
  const [text, setText] = useState(file.text);
  const [caret, setCaret] = useState(0);
  const [judged, setJudged] = useState<Judged | null>(null);
  const [plan, setPlan] = useState<Plan | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isApplying, setApplying] = useState(false);
  const schema = useAsked('schema', (signal) => get<Schema>('/configuration/schema', {}, signal));
  const isChanged = text !== file.text;
  const change = (next: string) => {
    setText(next);
    setJudged(null);
    setPlan(null);
  };
  const ask = async (work: () => Promise<void>) => {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      tell((error as Error).message, true);
    }
    setBusy(false);
  };
  const check = () => ask(async () => setJudged(await post<Judged>('/configuration/check', { text })));
  const look = () =>
    ask(async () => {
      const found = await post<Judged>('/configuration/check', { text });
      setJudged(found);
      if (found.ok) setPlan(await post<Plan>('/configuration/plan', { text }));
    });
  const apply = async () => {
    setApplying(false);
    if (
      await attempt('The gate goes on with the new configuration', () =>
        put('/configuration', { text, revision: file.revision }),
      )
    )
      again();
  };
  return (
    <>
      <p class="lead">
        <span class="mono">
          <Text text={file.file} max={200} />
        </span>
        {file.why !== '' && (
          <>
            : <Text text={file.why} max={200} />
          </>
        )}
      </p>
      <div class="editor">
        <textarea
          class="source"
          aria-label="The configuration file"
          spellcheck={false}
          autocomplete="off"
          value={text}
          readOnly={file.why !== ''}
          rows={24}
          onInput={(event) => change(event.currentTarget.value)}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onKeyUp={(event) => setCaret(event.currentTarget.selectionStart)}
          onClick={(event) => setCaret(event.currentTarget.selectionStart)}
        />
        {schema.value !== null && <SchemaHelp text={text} caret={caret} schema={schema.value} />}
      </div>
      <div class="actions actions-left">
        <button type="button" disabled={isBusy || file.why !== ''} onClick={() => void check()}>
          Check
        </button>
        <button type="button" disabled={isBusy || !isChanged} onClick={() => void look()}>
          Plan
        </button>
        <button
          type="button"
          class="accent"
          disabled={isBusy || !isChanged || judged?.ok !== true || plan === null}
          onClick={() => setApplying(true)}
        >
          Apply…
        </button>
        {isChanged && (
          <button type="button" onClick={() => change(file.text)}>
            Undo all
          </button>
        )}
        <span class="hint" role="status">
          {isBusy ? 'Looking…' : isChanged ? 'Changed. Plan shows what it would do; then it can be applied.' : ''}
        </span>
      </div>
      {judged !== null && <Judgement judged={judged} />}
      {plan !== null && <PlanPanel plan={plan} before={file.text} after={text} />}
      {isApplying && (
        <Dialog title="Apply" onClose={() => setApplying(false)}>
          <p>
            The file is written and the gate goes on with it, without losing a connection. Where it cannot, everything
            stays as it is.
          </p>
          <div class="actions">
            <button type="button" onClick={() => setApplying(false)}>
              Cancel
            </button>
            <button type="button" class="accent" onClick={() => void apply()}>
              Apply
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function SchemaHelp({
  text,
  caret,
  schema,
}: {
  readonly text: string;
  readonly caret: number;
  readonly schema: Schema;
}) {
  const help = useMemo(() => helpAt(text, caret, schema), [text, caret, schema]);
  return (
    <Scroll name="What this setting is" class="help">
      <h2 class="mono">
        <Text text={help.path} none="the file" max={120} />
      </h2>
      <p>
        <Text text={help.says} max={400} none="" />
      </p>
      {help.values !== '' && (
        <p>
          <span class="quiet">Values:</span> <Text text={help.values} max={300} />
        </p>
      )}
      {help.otherwise !== '' && (
        <p>
          <span class="quiet">By default:</span>{' '}
          <span class="mono">
            <Text text={help.otherwise} max={200} />
          </span>
        </p>
      )}
      {help.members.length > 0 && (
        <dl>
          {help.members.map(([name, says]) => (
            <div key={name}>
              <dt class="mono">
                <Text text={name} max={60} />
              </dt>
              <dd class="quiet">
                <Text text={says} max={300} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </Scroll>
  );
}

function Judgement({ judged: { ok, problems, warnings } }: { readonly judged: Judged }) {
  return (
    <Panel title={ok ? 'It is right' : problems.length === 1 ? 'One problem' : `${problems.length} problems`}>
      {ok && warnings.length === 0 && <p class="quiet">Nothing is wrong with it.</p>}
      <ul class="problems">
        {[...problems, ...warnings].map(({ at, says, instead, path = '' }, index) => (
          <li key={index} class={index < problems.length ? 'problem' : 'problem problem-warning'}>
            <span class="mono">
              <Text text={at || path} max={80} none="" />
            </span>{' '}
            <Text text={says} max={300} />
            {instead !== '' && (
              <span class="quiet">
                ; instead: <Text text={instead} max={300} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function PlanPanel({
  plan: { changes, packets },
  before,
  after,
}: {
  readonly plan: Plan;
  readonly before: string;
  readonly after: string;
}) {
  return (
    <Panel title="What would change">
      <h3>Settings</h3>
      {changes.length === 0 ? <p class="quiet">None: only the text differs.</p> : <Lines lines={changes} />}
      <h3>Packets</h3>
      {packets === null && <p class="quiet">What the firewall would let in cannot be told.</p>}
      {packets?.length === 0 && <p class="quiet">The firewall decides every packet as before.</p>}
      {packets !== null && packets.length > 0 && (
        <ul class="plain">
          {packets.map(({ says }) => (
            <li key={says}>
              <Text text={says} max={300} />
            </li>
          ))}
        </ul>
      )}
      <h3>Requests</h3>
      <ReplayLast text={after} />
      <h3>Text</h3>
      <Difference before={before} after={after} />
    </Panel>
  );
}

/** Requests of the history that are decided once more. */
const replayedAtOnce = 1000;

function ReplayLast({ text }: { readonly text: string }) {
  const [replayed, setReplayed] = useState<Replayed | null>(null);
  const [isBusy, setBusy] = useState(false);
  const ask = async () => {
    setBusy(true);
    try {
      setReplayed(await post<Replayed>('/replays', { last: replayedAtOnce, text }));
    } catch (error) {
      tell((error as Error).message, true);
    }
    setBusy(false);
  };
  return (
    <div class="try">
      <button type="button" disabled={isBusy} onClick={() => void ask()}>
        {isBusy ? 'Deciding…' : 'Replay the last requests'}
      </button>
      <div role="status">{replayed !== null && <ReplayedText replayed={replayed} />}</div>
    </div>
  );
}

function History({ now }: { readonly now: string }) {
  const all = useAsked('history', (signal) =>
    get<readonly { number: number; until: string }[]>('/configuration/history', {}, signal),
  );
  const [shown, setShown] = useState<{ readonly number: number; readonly text: string } | null>(null);
  const show = (number: number) =>
    get<{ text: string }>(`/configuration/history/${number}`).then(
      ({ text }) => setShown({ number, text }),
      (error: Error) => tell(error.message, true),
    );
  if (all.value === null || all.value.length === 0) return null;
  return (
    <Panel title="Former texts">
      <ul class="plain">
        {all.value.map(({ number, until }) => (
          <li key={number}>
            stood until {moment(until)}{' '}
            <button type="button" class="link" onClick={() => void show(number)}>
              what changed since
            </button>
          </li>
        ))}
      </ul>
      {shown !== null && <Difference before={shown.text} after={now} />}
    </Panel>
  );
}
