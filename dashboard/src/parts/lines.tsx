// Lines of a text, such as changes of settings, as a list.

import { Text } from './text.tsx';

/** Each line once: it is its own key. */
export function Lines({ lines }: { readonly lines: readonly string[] }) {
  return (
    <ul class="plain mono">
      {lines.map((line) => (
        <li key={line}>
          <Text text={line} max={300} />
        </li>
      ))}
    </ul>
  );
}
