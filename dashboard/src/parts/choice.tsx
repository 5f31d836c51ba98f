// One of a few, each with its name.

/** A select with its label; `value` is the place of what is chosen. */
export function Choice({
  label,
  of,
  value,
  onChange,
}: {
  readonly label: string;
  readonly of: readonly (readonly [name: string, ...rest: unknown[]])[];
  readonly value: number;
  readonly onChange: (value: number) => void;
}) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChange(Number(event.currentTarget.value))}>
        {of.map(([name], index) => (
          <option key={name} value={index}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
