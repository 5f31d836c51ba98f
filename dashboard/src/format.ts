// Figures as people read them.

const whole = new Intl.NumberFormat('en-GB');
const short = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumSignificantDigits: 3 });

/** `12,345`. */
export function count(value: number): string {
  return whole.format(Math.round(value));
}

/** `12.3K`, for where there is little room. */
export function brief(value: number): string {
  return value < 10_000 ? whole.format(Math.round(value)) : short.format(value);
}

/** `1.2 GiB`. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `850 ms`, `12 s`, `3 h 5 min`, `90 d 2 h`, `12 years`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return parts([Math.floor(seconds / 60), 'min'], [seconds % 60, 's']);
  if (seconds < 86_400) return parts([Math.floor(seconds / 3600), 'h'], [Math.floor((seconds % 3600) / 60), 'min']);
  const days = Math.floor(seconds / 86_400);
  // Because nobody counts years in days.
  return days < 1000
    ? parts([days, 'd'], [Math.floor((seconds % 86_400) / 3600), 'h'])
    : `${Math.floor(days / 365.25)} years`;
}

/** The larger part, and the smaller one where there is any of it. */
function parts([most, unit]: readonly [number, string], [rest, smaller]: readonly [number, string]): string {
  return rest === 0 ? `${most} ${unit}` : `${most} ${unit} ${rest} ${smaller}`;
}

/** A duration in microseconds: `0.2 µs`, `3.4 ms`; '' for none. */
export function micros(us: number): string {
  if (!(us > 0)) return '';
  if (us < 9.95) return `${us.toFixed(1)} µs`;
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 9950) return `${(us / 1000).toFixed(1)} ms`;
  return us < 1_000_000 ? `${Math.round(us / 1000)} ms` : `${(us / 1_000_000).toFixed(1)} s`;
}

/** `22:47:50`, with the day where it is another. */
export function moment(at: number | string, nowMs = Date.now()): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  const time = date.toLocaleTimeString('en-GB');
  return date.toDateString() === new Date(nowMs).toDateString() ? time : `${date.toLocaleDateString('en-GB')} ${time}`;
}

/** `1 rule`, `2 rules`. */
export function plural(value: number, what: string): string {
  return `${count(value)} ${what}${value === 1 ? '' : 's'}`;
}

/** The address of `address:port`, without the brackets of IPv6. */
export function addressOf(endpoint: string): string {
  const address = endpoint.slice(0, Math.max(0, endpoint.lastIndexOf(':')));
  return address.startsWith('[') ? address.slice(1, -1) : address;
}
