// A worker as a process of its own: its channel to the supervisor, signals that are not for it, and errors that nobody caught.

import type { FromWorker, ToWorker } from './messages.ts';
import { Worker } from './worker.ts';

/** How long requests in flight may still take after an error that nobody caught, in ms. */
const faultDrainMs = 2000;

/** sysexits(3) EX_SOFTWARE: an error of our own. */
const faultCode = 70;

/** Longest account of an error, in characters. */
const maxSaid = 2000;

/** Makes the process `host`, which was started with a channel, a worker; it ends when it is told to, or with its supervisor. */
export function runWorker(host: NodeJS.Process): void {
  host.title = `portcullis worker ${host.argv[3] ?? ''}`;
  const worker = new Worker((message: FromWorker) => {
    if (host.connected) host.send!(message, undefined, undefined, () => {});
  });
  host.on('message', (message, handle) => {
    const order = message as ToWorker;
    worker.receive(order, handle === undefined ? undefined : (handle as object));
  });
  host.once('disconnect', () => void worker.orphaned().then(() => host.exit(0)));
  // Ctrl-C and service managers signal every process of the group; when a worker ends is for the supervisor to say.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) host.on(signal, () => {});
  endAfterFault(host, worker);
}

function endAfterFault(host: NodeJS.Process, worker: Worker): void {
  let isEnding = false;
  const onFault = (error: unknown): void => {
    // A second error while the first is being left behind: nothing here can be trusted any more.
    if (isEnding) host.exit(faultCode);
    isEnding = true;
    const says = (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(0, maxSaid);
    host.stderr.write(`${says}\n`);
    void worker.stepDown(says, faultDrainMs).finally(() => host.exit(faultCode));
  };
  host.on('uncaughtException', onFault);
  host.on('unhandledRejection', onFault);
}
