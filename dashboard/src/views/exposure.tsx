// What of this machine can really be reached: the configuration, the kernel and the listeners, port by port. Looked at when asked.

import { useState } from 'preact/hooks';
import { get } from '../api.ts';
import { addressOf } from '../format.ts';
import { Failed, Panel } from '../parts/states.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { Text } from '../parts/text.tsx';

interface Port {
  readonly protocol: string;
  readonly port: number;
  readonly family: number;
  readonly agreement: string;
  readonly configuration: { readonly allowed: boolean; readonly rule: number };
  readonly kernel: {
    readonly verdict: string;
    readonly by: string;
    readonly forwarded: boolean;
    readonly target: string;
  };
  readonly listener: string;
  readonly example: { readonly from: string };
}

/** The panel. */
export function Exposure() {
  const [ports, setPorts] = useState<readonly Port[] | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const look = async () => {
    setBusy(true);
    try {
      setPorts((await get<{ ports: readonly Port[] }>('/firewall/exposure')).ports);
      setTrouble(null);
    } catch (error) {
      setTrouble((error as Error).message);
    }
    setBusy(false);
  };
  const side = (
    <button type="button" disabled={isBusy} onClick={() => void look()}>
      {isBusy ? 'Looking…' : 'Look'}
    </button>
  );
  return (
    <Panel title="What can be reached" side={side}>
      {trouble !== null && <Failed says={trouble} />}
      {ports === null ? (
        <p class="quiet">
          Every port of this machine: what the configuration says, what the kernel does with a packet from outside, and
          who listens.
        </p>
      ) : (
        <Ports ports={ports} />
      )}
    </Panel>
  );
}

function Ports({ ports }: { readonly ports: readonly Port[] }) {
  const odd = ports.filter(({ agreement }) => agreement !== 'agrees').length;
  return (
    <>
      <p>{odd === 0 ? 'Configuration, kernel and listeners agree.' : `${odd} of ${ports.length} do not agree.`}</p>
      <Table name="Exposure" columns={columns} rows={ports} isBroad />
    </>
  );
}

const columns: readonly TableColumn<Port>[] = [
  {
    name: 'Port',
    isNumber: true,
    cell: ({ port, protocol }) => (
      <>
        {port}/<Text text={protocol} max={8} />
      </>
    ),
  },
  { name: 'Family', cell: ({ family }) => `IPv${family}` },
  { name: 'For example from', isCode: true, cell: ({ example }) => <Text text={addressOf(example.from)} max={48} /> },
  {
    name: 'Configuration',
    cell: ({ configuration: { allowed, rule } }) =>
      `${allowed ? 'allowed' : 'denied'} ${rule > 0 ? `by rule ${rule}` : 'by default'}`,
  },
  {
    name: 'Kernel',
    cell: ({ kernel }) => (
      <>
        <Text text={kernel.verdict} max={20} />
        {kernel.forwarded && (
          <>
            {' '}
            to <Text text={kernel.target} />
          </>
        )}{' '}
        <span class="quiet">
          <Text text={kernel.by} max={60} none="" />
        </span>
      </>
    ),
  },
  { name: 'Listens', cell: ({ listener }) => <Text text={listener} max={40} /> },
  {
    name: 'Together',
    isOdd: ({ agreement }) => agreement !== 'agrees',
    cell: ({ agreement }) => <Text text={agreement} max={20} />,
  },
];
