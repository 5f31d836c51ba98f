// What of this machine can really be reached: the configuration, the kernel and the listeners, port by port. Looked at when asked.

import { useState } from 'preact/hooks';
import { get } from '../api.ts';
import { Scroll } from '../parts/scroll.tsx';
import { Failed, Panel } from '../parts/states.tsx';
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
      <Scroll name="Exposure, table">
        <table class="broad">
          <thead>
            <tr>
              <th class="num">Port</th>
              <th>Family</th>
              <th>Configuration</th>
              <th>Kernel</th>
              <th>Listens</th>
              <th>Together</th>
            </tr>
          </thead>
          <tbody>
            {ports.map(({ protocol, port, family, agreement, configuration, kernel, listener }) => (
              <tr key={`${protocol}${port}${family}`}>
                <td class="num">
                  {port}/<Text text={protocol} max={8} />
                </td>
                <td>IPv{family}</td>
                <td>
                  {configuration.allowed ? 'allowed' : 'denied'}{' '}
                  {configuration.rule > 0 ? `by rule ${configuration.rule}` : 'by default'}
                </td>
                <td>
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
                </td>
                <td>
                  <Text text={listener} max={40} />
                </td>
                <td class={agreement === 'agrees' ? '' : 'stopped'}>
                  <Text text={agreement} max={20} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}
