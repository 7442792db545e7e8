import type { ComponentType } from 'preact';

/** What a view is told by its address: the values of its route's `:names`, decoded. */
export type ViewProps = { params: Readonly<Record<string, string>> };
export type View = ComponentType<ViewProps>;

/** A view of the console. One that is large is loaded when somebody comes to it. */
export type Route = {
  /** Such as `/services/:name`. */
  readonly pattern: string;
  /** In the title of the page. */
  readonly title: string;
  /** The path of the navigation's entry that it belongs to. */
  readonly section: string;
} & ({ readonly view: View } | { readonly load: () => Promise<View> });

/** The first route that fits the path, with its values. */
export function matchRoute(
  routes: readonly Route[],
  path: string,
): { route: Route; params: Record<string, string> } | undefined {
  const parts = path.replace(/\/+$/, '').split('/');
  for (const route of routes) {
    const params = matchParts(route.pattern.replace(/\/+$/, '').split('/'), parts);
    if (params) return { route, params };
  }
  return undefined;
}

function matchParts(
  pattern: readonly string[],
  parts: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const part = parts[index] ?? '';
    if (expected.startsWith(':')) params[expected.slice(1)] = decode(part);
    else if (expected !== part) return undefined;
  }
  return params;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // what is no encoding stands for itself
  }
}
