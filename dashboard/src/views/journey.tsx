// One journey: asked for, shown, and what can be done about it.

import { useState } from 'preact/hooks';
import { get, post } from '../api.ts';
import { useAsked } from '../ask.ts';
import { moment } from '../format.ts';
import { BanDialog } from '../parts/ban-dialog.tsx';
import { attempt, tell } from '../parts/notices.tsx';
import { Failed, Waiting } from '../parts/states.tsx';
import { safe, Text } from '../parts/text.tsx';
import { encoded, linkTo } from '../route.ts';
import type { Told } from '../shapes.ts';
import { curlOf } from './curl.ts';
import { JourneyBody } from './journey-body.tsx';
import { ExclusionDialog } from './proposal.tsx';
import { type Replayed, replayedOne } from './replayed.tsx';

/** The page of the journey with this id. */
export function JourneyPage({ id }: { readonly id: string }) {
  const told = useAsked(id, (signal) => get<Told>(`/journeys/${encoded(id)}`, {}, signal));
  const back = (
    <p>
      <a href="#/journeys">← All journeys</a>
    </p>
  );
  if (told.trouble !== null)
    return (
      <>
        {back}
        <Failed says={told.trouble} again={told.again} />
      </>
    );
  if (told.value === null)
    return (
      <>
        {back}
        <Waiting what="the journey" />
      </>
    );
  const { journey, reason } = told.value;
  return (
    <>
      {back}
      <p class="lead">
        <span class="mono">
          <Text text={journey.id} />
        </span>{' '}
        at {moment(journey.time)}
        {journey.request !== null && (
          <>
            {': '}
            <span class="mono">
              <Text text={journey.request.method} max={16} />{' '}
              <Text text={`${journey.request.host}${journey.request.target}`} max={120} opens />
            </span>
          </>
        )}
      </p>
      <Actions told={told.value} />
      <JourneyBody journey={journey} reason={reason} isImagined={false} />
    </>
  );
}

function Actions({ told: { journey } }: { readonly told: Told }) {
  const [isBanning, setBanning] = useState(false);
  const [isExcluding, setExcluding] = useState(false);
  const [replayed, setReplayed] = useState('');
  const isFound = (journey.waf?.rules ?? []).some(({ score, detector }) => score > 0 && detector !== 'own-rule');
  const replay = () => {
    setReplayed('Deciding…');
    post<Replayed>('/replays', { id: journey.id }).then(
      (told) => setReplayed(replayedOne(told)),
      (error: Error) => {
        setReplayed('');
        tell(error.message, true);
      },
    );
  };
  const command = curlOf(journey);
  const { request, client, connection, verdict } = journey;
  const again =
    request === null
      ? null
      : linkTo('journeys/imagine', {
          method: request.method,
          target: request.target,
          host: request.host,
          from: connection.from,
        });
  return (
    <div class="actions actions-left">
      {client !== '' && (
        <button type="button" onClick={() => setBanning(true)}>
          <span>
            Ban <Text text={client} max={40} />…
          </span>
        </button>
      )}
      {command !== null && (
        <button
          type="button"
          onClick={() => void attempt('The command is in the clipboard', () => navigator.clipboard.writeText(command))}
        >
          Copy as curl
        </button>
      )}
      {isFound && (
        <button type="button" onClick={() => setExcluding(true)}>
          Exclude…
        </button>
      )}
      {request !== null && (
        <button type="button" onClick={replay}>
          Replay
        </button>
      )}
      {again !== null && (
        <a class="button" href={again}>
          Imagine it again…
        </a>
      )}
      {client !== '' && (
        <a class="button" href={linkTo('journeys', { client })}>
          All of this client
        </a>
      )}
      {verdict.why !== '' && (
        <a class="button" href={linkTo('journeys', { why: verdict.why })}>
          All with this reason
        </a>
      )}
      <p class="replayed" role="status">
        {safe(replayed, 300)}
      </p>
      {isBanning && <BanDialog target={client} onClose={() => setBanning(false)} />}
      {isExcluding && <ExclusionDialog id={journey.id} onClose={() => setExcluding(false)} />}
    </div>
  );
}
