// Metrics as text: the Prometheus format 0.0.4 and OpenMetrics 1.0, from the same families.

/** One number with its labels. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** How durations are spread: counts up to each bound, in the unit of the family; the last is all. */
export interface MetricHistogram {
  readonly labels: Readonly<Record<string, string>>;
  readonly bounds: readonly number[];
  /** As many as `bounds`, and one more for all. */
  readonly counts: readonly number[];
  readonly sum: number;
  /** One observation of each bucket, by its place; what is missing or null has none. OpenMetrics alone shows them. */
  readonly exemplars?: readonly (Exemplar | null)[];
}

/** An observation: what it is known by, what it was, and when (seconds since 1970). */
export interface Exemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly at: number;
}

/** Samples of one name. The name has neither `_total` nor the unit left out: a counter of `seconds` is `…_seconds`. */
export type MetricFamily = {
  readonly name: string;
  readonly help: string;
  readonly unit?: 'seconds' | 'bytes';
} & (
  | { readonly type: 'counter' | 'gauge'; readonly samples: readonly MetricSample[] }
  | { readonly type: 'histogram'; readonly histograms: readonly MetricHistogram[] }
);

/** Text and its Content-Type. */
export interface Exposition {
  readonly type: string;
  readonly text: string;
}

/**
 * The families as whoever asks wants them: OpenMetrics where `accept` (an Accept header field) prefers it to plain text,
 * which is Prometheus' own format. Families without a sample are left out.
 */
export function expose(families: readonly MetricFamily[], accept = ''): Exposition {
  const isOpen = prefersOpenMetrics(accept);
  let text = '';
  for (const family of families) text += familyText(family, isOpen);
  return isOpen
    ? { type: 'application/openmetrics-text; version=1.0.0; charset=utf-8', text: `${text}# EOF\n` }
    : { type: 'text/plain; version=0.0.4; charset=utf-8', text };
}

/** Whether a range for OpenMetrics has a higher weight than that for plain text (RFC 9110 12.5.1); weights are read leniently. */
function prefersOpenMetrics(accept: string): boolean {
  let [open, plain] = [0, 0];
  for (const range of accept.slice(0, 1024).toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const weight = parameters.find((part) => part.startsWith('q='));
    const q = weight === undefined ? 1 : Number(weight.slice(2)) || 0;
    if (type === 'application/openmetrics-text') open = Math.max(open, q);
    else if (type === 'text/plain' || type === 'text/*' || type === '*/*') plain = Math.max(plain, q);
  }
  return open > 0 && open >= plain;
}

function familyText(family: MetricFamily, isOpen: boolean): string {
  const lines =
    family.type === 'histogram' ? histogramLines(family.name, family.histograms, isOpen) : sampleLines(family, isOpen);
  if (lines === '') return '';
  // Prometheus' own format knows a counter by the name of its samples.
  const name = family.type === 'counter' && !isOpen ? `${family.name}_total` : family.name;
  const unit = isOpen && family.unit !== undefined ? `# UNIT ${name} ${family.unit}\n` : '';
  return `# HELP ${name} ${escaped(family.help, isOpen)}\n# TYPE ${name} ${family.type}\n${unit}${lines}`;
}

function sampleLines(family: MetricFamily & { readonly samples: readonly MetricSample[] }, isOpen: boolean): string {
  const name = family.type === 'counter' ? `${family.name}_total` : family.name;
  let text = '';
  for (const { labels, value } of family.samples)
    if (Number.isFinite(value)) text += `${name}${labelText(labels)} ${numberText(value, isOpen)}\n`;
  return text;
}

function histogramLines(name: string, histograms: readonly MetricHistogram[], isOpen: boolean): string {
  let text = '';
  for (const { labels, bounds, counts, sum, exemplars = [] } of histograms) {
    const exemplar = (index: number) => (isOpen ? exemplarText(exemplars[index] ?? null) : '');
    for (const [index, bound] of bounds.entries()) {
      const le = isOpen && Number.isInteger(bound) ? `${bound}.0` : String(bound);
      text += `${name}_bucket${labelText({ ...labels, le })} ${counts[index]}${exemplar(index)}\n`;
    }
    text += `${name}_bucket${labelText({ ...labels, le: '+Inf' })} ${counts.at(-1)}${exemplar(bounds.length)}\n`;
    text += `${name}_sum${labelText(labels)} ${numberText(sum, isOpen)}\n${name}_count${labelText(labels)} ${counts.at(-1)}\n`;
  }
  return text;
}

function exemplarText(exemplar: Exemplar | null): string {
  if (exemplar === null) return '';
  return ` # ${labelText(exemplar.labels)} ${exemplar.value} ${exemplar.at}`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value, true)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

/** A number as both formats read it. */
function numberText(value: number, isOpen: boolean): string {
  return isOpen && Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}.0` : String(value);
}

/** Backslashes and line feeds, and quotes where they end a value; what is no text in UTF-8 is replaced. */
function escaped(text: string, withQuotes: boolean): string {
  let out = '';
  for (const character of text.toWellFormed()) {
    if (character === '\\') out += '\\\\';
    else if (character === '\n') out += '\\n';
    else if (character === '"' && withQuotes) out += '\\"';
    else out += character;
  }
  return out;
}
