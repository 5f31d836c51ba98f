// How a generation that every worker has built takes its place in all of them, and the listeners with it.

import type { Crew } from './crew.ts';
import type { Bound } from './listeners.ts';

/** The sockets of the generation before and of this one; what is in both stays open throughout. */
export interface Sockets {
  readonly before: readonly Bound[];
  readonly after: readonly Bound[];
}

/** Swaps generation `number` in for a crew of `size`, opens what is new and closes what is gone; gives what went wrong meanwhile. */
export async function changeOver(
  crew: Crew,
  number: number,
  size: number,
  { before, after }: Sockets,
): Promise<string[]> {
  const listeners = after.map(({ facts }) => facts);
  const numbers = size === crew.size ? null : crew.numbersAnew(size);
  const replies = await Promise.all(
    crew.ready.map((member) =>
      member
        .call({ kind: 'swap', number, listeners, crew: size, numbers: numbers?.(member.slot) ?? null })
        .then((says) => {
          member.generation = number;
          return says as string | null;
        })
        .catch(() => null),
    ),
  );
  const opened = onlyIn(after, before).flatMap(({ socket, facts }) =>
    crew.ready.map((member) =>
      member.call({ kind: 'listen', facts }, socket.handle).then(
        () => null,
        (failure: Error) => failure.message,
      ),
    ),
  );
  replies.push(...(await Promise.all(opened)));
  for (const { socket, facts } of onlyIn(before, after)) {
    socket.close();
    await crew.all({ kind: 'unlisten', key: facts.key, drains: true });
  }
  return [...new Set(replies.filter((says) => says !== null))];
}

/** Those whose socket the others have not. */
export function onlyIn(some: readonly Bound[], others: readonly Bound[]): Bound[] {
  return some.filter(({ socket }) => !others.some((one) => one.socket === socket));
}
