// Deadlines as data: whoever may run out of time is an `Expiring`, whoever watches the time is a `Timekeeper`.

/** Something that may run out of time. `due` is written by the timekeeper alone; 0 means "no deadline". */
export interface Expiring {
  due: number;
  /** The deadline has passed; it is no longer set. */
  expire(): void;
}

/** Watches any number of deadlines with one coarse timer (a second late at most, never early). */
export interface Timekeeper {
  /** `entry` expires in `ms` from now; a deadline that it had is replaced. */
  set(entry: Expiring, ms: number): void;
  clear(entry: Expiring): void;
}
