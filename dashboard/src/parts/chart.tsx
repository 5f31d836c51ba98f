// A chart of the last minutes. What it shows is also said in words, because a drawing tells nothing to who does not see it.

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

/** One line of a chart. */
export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** The name of a colour of the page: `accent`, `block`, `detect`, `quiet`. */
  readonly colour: string;
  readonly fills?: boolean;
}

interface Props {
  readonly title: string;
  /** Seconds since 1970. */
  readonly at: readonly number[];
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** What may lie between two lines of the grid, as multiples of these. */
  readonly steps?: 'whole' | 'bytes';
  readonly height?: number;
}

/** The chart with its name, and the newest values as its legend. */
export function Chart({ title, at, lines, format, steps, height = 120 }: Props) {
  // Because one point makes no line, and axes around it would lie about times and figures.
  const isDrawn = at.length > 1 && lines.some(({ values }) => values.some((value) => value !== null));
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const names = lines.map(({ name }) => name).join();
  const data = useRef<uPlot.AlignedData>([[]]);
  data.current = [at, ...lines.map(({ values }) => values)] as unknown as uPlot.AlignedData;

  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(lines, format, steps, box.clientWidth, height), data.current, box);
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: box.clientWidth, height }));
    resized.observe(box);
    const media = matchMedia('(prefers-color-scheme: dark)');
    media.addEventListener('change', draw);
    window.addEventListener('themechange', draw);
    return () => {
      resized.disconnect();
      media.removeEventListener('change', draw);
      window.removeEventListener('themechange', draw);
      plot.current?.destroy();
    };
  }, [names, height, isDrawn]);
  useEffect(() => plot.current?.setData(data.current), [at]);

  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{title}</span>
        {lines.map(({ name, values, colour }) => (
          <span key={name} class="chart-value">
            <i class={`dot dot-${colour}`} aria-hidden="true" /> {name} <b>{newest(values, format)}</b>
          </span>
        ))}
      </figcaption>
      {isDrawn ? (
        <div ref={place} class="chart-place" aria-hidden="true" />
      ) : (
        <p class="chart-place chart-none">
          {at.length > 1 ? 'Nothing in this time.' : 'The line begins with the second look.'}
        </p>
      )}
    </figure>
  );
}

function newest(values: readonly (number | null)[], format: Props['format']): string {
  const value = values.findLast((candidate) => candidate !== null);
  return value === undefined || value === null ? '–' : format(value);
}

function optionsOf(
  lines: readonly Line[],
  format: Props['format'],
  steps: Props['steps'],
  width: number,
  height: number,
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => resolved(style.getPropertyValue(`--${name}`));
  const axis = {
    stroke: colour('quiet'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
  };
  return {
    width,
    height,
    padding: [6, 26, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, Math.max(1e-9, max * 1.08) || 1] } },
    axes: [
      { ...axis, space: 70, size: 22, values: [[1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1]] },
      {
        ...axis,
        space: 26,
        size: 58,
        ...(steps === undefined ? {} : { incrs: increments(steps) }),
        values: (_, ticks) => ticks.map((tick) => format(tick)),
      },
    ],
    series: [
      {},
      ...lines.map(({ name, colour: its, fills }) => ({
        label: name,
        stroke: colour(its),
        width: 1.5,
        points: { show: false },
        ...(fills ? { fill: `color-mix(in srgb, ${colour(its)} 14%, transparent)` } : {}),
      })),
    ],
  };
}

/** A colour of the theme as a canvas takes it: it knows nothing of light-dark(). */
function resolved(value: string): string {
  const probe = document.createElement('i');
  probe.style.color = value;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** Distances between lines of the grid that give round figures. */
function increments(steps: 'whole' | 'bytes'): number[] {
  if (steps === 'bytes') return Array.from({ length: 40 }, (_, power) => 2 ** power);
  return Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((factor) => factor * 10 ** power)).flat();
}
