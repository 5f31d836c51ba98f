// Members of documents by which clients report what happened to them: the code around an error, the page that was left.

/** Parts of the way to such a member, in lower case. */
const reported: readonly string[] = [
  ...['stacktrace', 'breadcrumbs', 'context_line', 'pre_context', 'post_context', '.frames.', 'context.page.'],
  ...['csp-report', 'body.sample', 'body.blockedurl', 'stack_trace', 'stackframes'],
];

/** Whether the member called `name`, the way to it parted by dots, reports. */
export function isReported(name: string): boolean {
  if (!name.includes('.')) return false;
  const lower = name.toLowerCase();
  return reported.some((part) => lower.includes(part));
}
