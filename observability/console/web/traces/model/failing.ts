import type { Tree, TreeNode } from './tree.ts';

/**
 * Where errors began: failed spans none of whose children failed, those first that took everything
 * above them along, then by time. The others were absorbed on the way.
 */
export function failingNodes({ nodes }: Tree): TreeNode[] {
  const hasFailedBelow = new Set<TreeNode>();
  for (const node of nodes.toReversed()) {
    const { parent, span } = node;
    if (parent && (span.isError || hasFailedBelow.has(node))) hasFailedBelow.add(parent);
  }
  const reachesTop = new Set<TreeNode>();
  for (const node of nodes) {
    const { parent, span } = node;
    if (span.isError && (parent === undefined || reachesTop.has(parent))) reachesTop.add(node);
  }
  const rank = (node: TreeNode) => (reachesTop.has(node) ? 0 : 1);
  return nodes
    .filter((node) => node.span.isError && !hasFailedBelow.has(node))
    .toSorted((a, b) => rank(a) - rank(b) || a.span.startUs - b.span.startUs);
}

/** What part a span has in the trace's failure. */
export type FailureRole = 'origin' | 'victim' | 'absorbed' | undefined;

/** Where it began, what failed with it, and what failed without harm for the one at the top. */
export function failureRole(node: TreeNode, failing: readonly TreeNode[]): FailureRole {
  if (!node.span.isError) return undefined;
  if (isAbsorbed(node)) return 'absorbed';
  return failing.includes(node) ? 'origin' : 'victim';
}

/** Whether an error of `node` was no error any more for the one at the top. */
export function isAbsorbed(node: TreeNode): boolean {
  for (let at: TreeNode | undefined = node; at !== undefined; at = at.parent) {
    if (!at.span.isError) return true;
  }
  return false;
}

/** Why a span failed, from what it says itself; '' when it does not say. */
export function reasonOf({ span }: TreeNode): string {
  const keys = ['http.response.status_code', 'error.type', 'otel.status_description'];
  const said = keys.flatMap((key) => {
    const found = span.attributes.find((attribute) => attribute.key === key);
    return found === undefined ? [] : [String(found.value)];
  });
  const exceptions = span.events
    .flatMap(({ attributes }) => attributes)
    .filter(({ key }) => key === 'exception.type')
    .map(({ value }) => String(value));
  return [...new Set([...said, ...exceptions])].join(', ');
}
