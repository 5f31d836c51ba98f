// Trouble of a gate that cannot start: text for the person who started it, with the cure.

/** Thrown where the gate cannot start or go on; the message is complete. */
export class GateTrouble extends Error {}
