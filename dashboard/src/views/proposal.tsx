// A change that the gate works out itself: its proof, what it changes and the lines, before anybody applies it.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { post, put } from '../api.ts';
import { useAsked } from '../ask.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Lines } from '../parts/lines.tsx';
import { attempt } from '../parts/notices.tsx';
import { Failed, Waiting } from '../parts/states.tsx';
import { safe, Text } from '../parts/text.tsx';
import { Difference } from './difference.tsx';

interface Proposal {
  readonly file: string;
  readonly before: string;
  readonly after: string | null;
  readonly revision: string;
  readonly changes: readonly string[];
  readonly proof?: Proof;
}

interface Proof {
  readonly exclusions: readonly Readonly<Record<string, string>>[];
  readonly passes: boolean | null;
  readonly newlyPassing: readonly string[];
  readonly tried: number;
  readonly stillRefusedBeside: number;
}

const lengths: readonly (readonly [string, number])[] = [
  ['30 days', 30],
  ['90 days', 90],
  ['a year', 365],
];

/** What the WAF found in a request is left out in future: how long, why, the proof, the lines; then it is written. */
export function ExclusionDialog({ id, onClose }: { readonly id: string; readonly onClose: (isDone: boolean) => void }) {
  const [days, setDays] = useState(90);
  const [because, setBecause] = useState('');
  return (
    <ProposalDialog
      title="Exclude"
      what={`${id} ${days} ${because}`}
      path="/proposals/exclusion"
      body={{ id, days, because }}
      because={`exclusion for request ${id}`}
      onClose={onClose}
    >
      <label>
        Holds for
        <select value={days} onChange={(event) => setDays(Number(event.currentTarget.value))}>
          {lengths.map(([name, value]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Why, for whoever reads the file next
        <input
          type="text"
          maxLength={200}
          placeholder="a false alarm"
          value={because}
          onChange={(event) => setBecause(event.currentTarget.value)}
        />
      </label>
    </ProposalDialog>
  );
}

/** Another mode of the WAF for a site. */
export function ModeDialog(props: {
  readonly site: string;
  readonly mode: string;
  readonly onClose: (isDone: boolean) => void;
}) {
  const { site, mode, onClose } = props;
  const says = {
    block: 'What the WAF finds is refused from then on.',
    detect: 'What the WAF finds is told, and reaches the application.',
    off: 'Nothing is looked at: every attack reaches the application.',
  }[mode];
  return (
    <ProposalDialog
      title={`WAF: ${mode}`}
      what={`${site} ${mode}`}
      path="/proposals/mode"
      body={{ site, mode }}
      because={`WAF mode ${mode} for ${safe(site, 100)}`}
      onClose={onClose}
    >
      <p class="hint">
        Site <Text text={site} max={80} />. {says}
      </p>
    </ProposalDialog>
  );
}

function ProposalDialog(props: {
  readonly title: string;
  readonly what: string;
  readonly path: string;
  readonly body: object;
  readonly because: string;
  readonly onClose: (isDone: boolean) => void;
  readonly children: ComponentChildren;
}) {
  const { title, what, path, body, because, onClose, children } = props;
  const asked = useAsked(what, (signal) => post<Proposal>(path, body, signal));
  const proposal = asked.isBusy ? null : asked.value;
  const apply = async (after: string, revision: string) => {
    const isDone = await attempt('The gate goes on with the new configuration', () =>
      put('/configuration', { text: after, revision, because }),
    );
    if (isDone) onClose(true);
    else asked.again();
  };
  return (
    <Dialog title={title} onClose={() => onClose(false)} isBroad>
      {children}
      {asked.trouble !== null && <Failed says={asked.trouble} again={asked.again} />}
      {asked.isBusy && <Waiting what="the lines and their proof" />}
      {proposal !== null && asked.trouble === null && <Shown proposal={proposal} />}
      <div class="actions">
        <button type="button" onClick={() => onClose(false)}>
          Cancel
        </button>
        {proposal !== null && proposal.after !== null && (
          <button
            type="button"
            class="accent"
            disabled={asked.trouble !== null}
            onClick={() => void apply(proposal.after!, proposal.revision)}
          >
            Write and apply
          </button>
        )}
      </div>
    </Dialog>
  );
}

function Shown({ proposal: { file, before, after, changes, proof } }: { readonly proposal: Proposal }) {
  return (
    <>
      {proof !== undefined && <ProofText proof={proof} />}
      {after === null ? (
        <>
          <p>
            <Text text={file} max={200} /> is written in a way that leaves no place for a change from here. Put this in
            by hand:
          </p>
          <ul class="plain mono">
            {(proof?.exclusions ?? []).map((one, index) => (
              <li key={index}>
                <Text text={JSON.stringify(one)} max={400} />
              </li>
            ))}
          </ul>
        </>
      ) : (
        <>
          {changes.length > 0 && <Lines lines={changes} />}
          <Difference before={before} after={after} />
        </>
      )}
    </>
  );
}

function ProofText({ proof: { passes, newlyPassing, tried, stillRefusedBeside } }: { readonly proof: Proof }) {
  const first =
    passes === true
      ? 'The recorded request passes with it.'
      : passes === null
        ? 'What was recorded of the request passes with it; its body or a secret is not kept.'
        : 'The recorded request is refused all the same: something else speaks against it.';
  return (
    <>
      <p class={passes === false ? 'stopped' : ''}>{first}</p>
      <p>
        {tried === 0
          ? 'No sample of an attack can be put into that place alone: look at the rule before you exclude it.'
          : `Of ${tried} samples of attacks in that place, ${newlyPassing.length} would newly pass.`}{' '}
        In another argument of the same route {stillRefusedBeside} samples are still refused.
      </p>
      {newlyPassing.length > 0 && (
        <details>
          <summary>Those that would pass</summary>
          <ul class="plain mono">
            {newlyPassing.map((says) => (
              <li key={says}>
                <Text text={says} max={200} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
