// Which content coding a client wants of those that are offered (RFC 9110 12.5.3).

/** Elements of the list that are looked at. */
const maxElements = 32;

/** The first of `offered` that the client weighs highest; null where it wants none of them, or says nothing, or something that is no list. */
export function chooseCoding<C extends string>(fields: readonly string[], offered: readonly C[]): C | null {
  const weights = new Map<string, number>();
  for (const field of fields)
    for (const element of field.toLowerCase().split(',', maxElements)) {
      const [name = '', ...parameters] = element.split(';', 3);
      const coding = name.trim();
      if (coding === '') continue;
      const weight = weightOf(parameters);
      if (weight === null) return null;
      weights.set(coding, weight);
    }
  const any = weights.get('*') ?? 0;
  const plain = weights.get('identity') ?? 0;
  let chosen: C | null = null;
  let best = 0;
  for (const coding of offered) {
    const weight = weights.get(coding) ?? (coding === 'gzip' ? weights.get('x-gzip') : undefined) ?? any;
    if (weight <= best) continue;
    best = weight;
    chosen = coding;
  }
  // Who weighs the plain bytes higher by name gets them.
  return best < plain ? null : chosen;
}

/** `q=0.5` in thousandths; 1000 where there is none, null for what is no weight (RFC 9110 12.4.2). */
function weightOf(parameters: readonly string[]): number | null {
  if (parameters.length === 0) return 1000;
  const text = parameters[0]!.trim();
  if (parameters.length > 1 || !text.startsWith('q=') || text.length < 3 || text.length > 7) return null;
  const first = text.charCodeAt(2) - 48;
  if (first !== 0 && first !== 1) return null;
  if (text.length > 3 && text[3] !== '.') return null;
  let weight = first * 1000;
  for (let index = 4, unit = 100; index < text.length; index++, unit /= 10) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return null;
    weight += digit * unit;
  }
  return weight > 1000 ? null : Math.round(weight);
}
