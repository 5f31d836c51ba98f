// Which views share one set of patterns: a set that many views want is made once, and a view that wants little is not made to read
// through everything that others look for.

/** Of the members of a view, as many must be in a set already for the view to join it. */
const minShared = 0.6;
/** And it must want as many of the members of the set. */
const minWanted = 0.3;

/** Members that are matched together, and the views (by their places) that do so. */
export interface Cluster<Member> {
  readonly members: readonly Member[];
  readonly views: readonly number[];
}

/** Puts views together, the largest first. Every view is in one cluster, with all its members. */
export function clustersOf<Member>(views: readonly ReadonlySet<Member>[]): Cluster<Member>[] {
  const clusters: { members: Set<Member>; views: number[] }[] = [];
  const order = views.map((_, view) => view).sort((one, other) => views[other]!.size - views[one]!.size);
  for (const view of order) {
    const own = views[view]!;
    const joined = clusters.find(({ members }) => {
      const shared = [...own].filter((member) => members.has(member)).length;
      return shared >= own.size * minShared && own.size >= members.size * minWanted;
    });
    if (joined === undefined) clusters.push({ members: new Set(own), views: [view] });
    else {
      for (const member of own) joined.members.add(member);
      joined.views.push(view);
    }
  }
  return clusters.map(({ members, views: joined }) => ({ members: [...members], views: joined }));
}
