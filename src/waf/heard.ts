// What detectors said of one form of a value, in the order in which it counts.

import { type Detection, weight } from './detectors/detection.ts';

/** What a detector said of a form; `bit` is the place's bit that runs it. */
export interface Heard {
  readonly detector: string;
  readonly bit: number;
  readonly detection: Detection;
  readonly form: string;
}

/**
 * The most telling first. Because one text is in one language, and what is half believed to be a statement and a command is
 * neither, only the doubts of the detectors that doubt most remain.
 */
export function ranked(heard: readonly Heard[]): Heard[] {
  const all = [...heard].sort((one, other) => weight(other.detection) - weight(one.detection));
  const doubt = all.find(({ detection }) => detection.score < 5);
  return all.filter(({ detection, bit }) => detection.score >= 5 || bit === doubt?.bit);
}
