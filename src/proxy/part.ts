// What one worker has of a bound that is written for all of them.

/** The part of worker number `slot`, from 1, of `crew`: all parts together are `whole`, but each is one at least, because whoever waits in
 * one worker hears nothing of room in another. Of nothing each has nothing. */
export function partOf(whole: number, slot: number, crew: number): number {
  if (whole === 0) return 0;
  return Math.max(1, Math.floor(whole / crew) + (slot <= whole % crew ? 1 : 0));
}
