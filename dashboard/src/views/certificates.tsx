// Certificates: for which names, by whom, and how long they still hold.

import { duration } from '../format.ts';
import { useLive } from '../live.ts';
import { Scroll } from '../parts/scroll.tsx';
import { Empty, Panel, Waiting } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';

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
      <Scroll name="Certificates, table">
        <table class="broad">
          <thead>
            <tr>
              <th>Names</th>
              <th>Issuer</th>
              <th>From</th>
              <th>Until</th>
              <th class="num">Left</th>
            </tr>
          </thead>
          <tbody>
            {status.certificates.map(({ name, names, issuer, from, notAfter, says }, index) => {
              const left = notAfter - Date.now();
              return (
                <tr key={index}>
                  <td>
                    <Text text={names.length > 0 ? names.join(', ') : name} max={160} opens />
                  </td>
                  <td>
                    <Text text={issuer} max={80} />
                  </td>
                  <td>
                    <Text text={from === 'local-ca' ? 'our local CA' : from} max={40} />{' '}
                    <span class="quiet">
                      <Text text={says ?? ''} max={160} none="" />
                    </span>
                  </td>
                  <td class="nowrap">{new Date(notAfter).toLocaleDateString('en-GB')}</td>
                  <td class={left < 14 * dayMs ? 'num stopped' : 'num'}>{left < 0 ? 'over' : duration(left)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}
