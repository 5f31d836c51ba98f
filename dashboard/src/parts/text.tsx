// Text that may hold anything an attacker sent: always a text node, with what steers or hides made visible, and kept from
// reordering what stands beside it.

import { useState } from 'preact/hooks';
import { plain } from '../../../src/observe/plain.ts';

/** Longest text that is shown at once, in characters. */
const usual = 160;

interface Props {
  readonly text: string;
  readonly max?: number;
  /** What stands where there is nothing. */
  readonly none?: string;
  /** Whether the rest can be asked for. */
  readonly opens?: boolean;
}

/** The text, safe to look at. */
export function Text({ text, max = usual, none = '–', opens = false }: Props) {
  const [isOpen, setOpen] = useState(false);
  if (text === '') return <span class="none">{none}</span>;
  const whole = plain(text);
  if (whole.length <= max || isOpen) return <bdi>{whole}</bdi>;
  return (
    <>
      <bdi title={opens ? undefined : whole.slice(0, 2000)}>{whole.slice(0, max)}…</bdi>
      {opens && (
        <button type="button" class="link" onClick={() => setOpen(true)}>
          {whole.length - max} more characters
        </button>
      )}
    </>
  );
}

/** Most lines of one sentence of the gate. */
const maxLines = 12;

/** What the gate says, which may have several lines, each safe to look at. */
export function Lines({ text }: { readonly text: string }) {
  return (
    <>
      {text.split('\n', maxLines).map((line, index) => (
        <span key={index} class="line">
          <Text text={line.trim()} max={400} none="" />
        </span>
      ))}
    </>
  );
}

/** The text as it may stand in an attribute or a title. */
export function safe(text: string, max = usual): string {
  const whole = plain(text);
  return whole.length <= max ? whole : `${whole.slice(0, max)}…`;
}
