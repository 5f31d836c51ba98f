// Certificates: for which names, by whom, and how long they still hold.

import { get, post } from '../api.ts';
import { useAsked } from '../ask.ts';
import { duration, moment } from '../format.ts';
import { useLive } from '../live.ts';
import { attempt } from '../parts/notices.tsx';
import { Empty, Panel, Pending, Waiting } from '../parts/states.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { safe, Text } from '../parts/text.tsx';
import type { Certificate } from '../shapes.ts';

const dayMs = 86_400_000;

/** The view. */
export function Certificates() {
  const { status } = useLive();
  if (status === null) return <Waiting what="the certificates" />;
  return (
    <>
      {status.certificates.length === 0 ? (
        <Empty title="No certificate">
          <p>
            None is needed as long as no listener has <code>tls: true</code>.
          </p>
        </Empty>
      ) : (
        <Panel title="In force">
          <Table name="Certificates" columns={columns} rows={status.certificates} isBroad />
        </Panel>
      )}
      <FromAuthorities />
    </>
  );
}

/** One that is asked of an authority. */
export interface Managed {
  readonly names: readonly string[];
  readonly issuer: string;
  readonly authority: string;
  readonly notAfter: string | null;
  readonly renewAt: string | null;
  readonly explanation: string;
  readonly state: 'good' | 'waiting' | 'working' | 'failing';
  readonly lastError: string;
  readonly triedAgainAt: string | null;
}

/** What the gate asks certificate authorities for, and how that goes. */
function FromAuthorities() {
  const asked = useAsked(
    'certificates',
    (signal) => get<{ isOn: boolean; rows: readonly Managed[] }>('/certificates', {}, signal),
    5000,
  );
  const renew = (name: string) =>
    void attempt(`The authority is asked for ${safe(name, 80)}`, () =>
      post('/certificates/renewals', { name, force: true }),
    ).then(asked.again);
  return (
    <Panel title="Asked of authorities">
      <Pending asked={asked} what="the certificates of authorities" />
      {asked.value?.rows.length === 0 && (
        <p class="quiet">
          {asked.value.isOn ? (
            'No name of a site needs one.'
          ) : (
            <>
              No certificate authority is asked. <code>{'tls: { acme: { email: you@example.com } }'}</code> has the gate
              get certificates for the hosts of its sites and renew them.
            </>
          )}
        </p>
      )}
      {asked.value !== null && asked.value.rows.length > 0 && (
        <Table name="Of authorities" columns={managedColumns(renew)} rows={asked.value.rows} isBroad />
      )}
    </Panel>
  );
}

const stateWords = { good: 'pass', waiting: 'off', working: 'detect', failing: 'block' } as const;

const managedColumns = (renew: (name: string) => void): readonly TableColumn<Managed>[] => [
  { name: 'Names', cell: ({ names }) => <Text text={names.join(', ')} max={160} opens /> },
  {
    name: 'State',
    cell: ({ state, lastError, triedAgainAt }) => (
      <>
        <span class={`verdict verdict-${stateWords[state] ?? 'off'}`}>
          <Text text={state} max={12} />
        </span>{' '}
        {lastError !== '' && <Text text={lastError} max={300} opens />}
        {triedAgainAt !== null && <span class="quiet"> again at {moment(triedAgainAt)}</span>}
      </>
    ),
  },
  {
    name: 'Issuer',
    cell: ({ issuer, authority }) => <Text text={issuer || authority} max={80} />,
  },
  {
    name: 'Until',
    isWhole: true,
    cell: ({ notAfter }) => (notAfter === null ? '–' : new Date(notAfter).toLocaleDateString('en-GB')),
  },
  {
    name: 'Renewed',
    cell: ({ renewAt, explanation }) => (
      <>
        {renewAt === null ? '–' : moment(renewAt)}{' '}
        <span class="quiet">
          <Text text={explanation} max={120} none="" />
        </span>
      </>
    ),
  },
  {
    name: 'Do',
    isWhole: true,
    cell: ({ names }) => (
      <button
        type="button"
        class="link"
        aria-label={`Renew the certificate of ${safe(names[0] ?? '', 60)}`}
        onClick={() => renew(names[0] ?? '')}
      >
        Renew
      </button>
    ),
  },
];

const leftOf = ({ notAfter }: Certificate) => notAfter - Date.now();

const columns: readonly TableColumn<Certificate>[] = [
  {
    name: 'Names',
    cell: ({ names, name }) => <Text text={names.length > 0 ? names.join(', ') : name} max={160} opens />,
  },
  { name: 'Issuer', cell: ({ issuer }) => <Text text={issuer} max={80} /> },
  {
    name: 'From',
    cell: ({ from, says }) => (
      <>
        <Text text={from === 'local-ca' ? 'our local CA' : from} max={40} />{' '}
        <span class="quiet">
          <Text text={says ?? ''} max={160} none="" />
        </span>
      </>
    ),
  },
  { name: 'Until', isWhole: true, cell: ({ notAfter }) => new Date(notAfter).toLocaleDateString('en-GB') },
  {
    name: 'Left',
    isNumber: true,
    isOdd: (row) => leftOf(row) < 14 * dayMs,
    cell: (row) => (leftOf(row) < 0 ? 'over' : duration(leftOf(row))),
  },
];
