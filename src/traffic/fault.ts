// A fault: why bytes on the wire are not a message. Made by the codec, told by whoever reads; never thrown.

/** What is wrong with a message. `status` is what a client is answered; an upstream's fault is a 502 whatever it says. */
export class Fault {
  readonly status: number;
  /** `http/slug`, a row of the codec's table of reasons. */
  readonly why: string;
  /** This case in one sentence. */
  readonly says: string;

  constructor(status: number, why: string, says: string) {
    this.status = status;
    this.why = why;
    this.says = says;
  }
}
