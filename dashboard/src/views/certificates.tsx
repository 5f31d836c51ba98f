// Certificates: for which names, by whom, and how long they still hold.

import { duration } from '../format.ts';
import { useLive } from '../live.ts';
import { Empty, Panel, Waiting } from '../parts/states.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { Text } from '../parts/text.tsx';
import type { Certificate } from '../shapes.ts';

const dayMs = 86_400_000;

/** The view. */
export function Certificates() {
  const { status } = useLive();
  if (status === null) return <Waiting what="the certificates" />;
  if (status.certificates.length === 0)
    return (
      <Empty title="No certificate">
        <p>
          None is needed as long as no listener has <code>tls: true</code>.
        </p>
      </Empty>
    );
  return (
    <Panel title="In force">
      <Table name="Certificates" columns={columns} rows={status.certificates} isBroad />
    </Panel>
  );
}

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
