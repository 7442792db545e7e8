/** What Flagger's placeholders stand for. */
export type QueryModel = {
  name: string;
  namespace: string;
  target: string;
  service: string;
  ingress: string;
  route: string;
  interval: string;
  variables: Readonly<Record<string, string>>;
};

const placeholder = /\{\{-?\s*(?<inside>.*?)\s*-?\}\}/gs;
const fields = ['name', 'namespace', 'target', 'service', 'ingress', 'route', 'interval'] as const;

/**
 * PromQL with Flagger's placeholders filled in. The subset of Go's templates that queries use:
 * `{{ name }}` and its like, `{{ variables.x }}`, `{{ index variables "x" }}`; no conditions.
 * Throws for what is none of these and for a variable that has no value.
 */
export function renderQuery(query: string, model: QueryModel): string {
  return query.replaceAll(placeholder, (_, inside: string) => {
    const field = fields.find((candidate) => candidate === inside);
    if (field !== undefined) return model[field];
    const variable = variableIn(inside);
    const value = variable === undefined ? undefined : model.variables[variable];
    if (value !== undefined) return value;
    throw new Error(
      variable === undefined
        ? `render a query: ${complaint(inside)}`
        : `render a query: there is no templateVariable '${variable}'`,
    );
  });
}

/** What is wrong with a query's placeholders, before any rollout needs it. */
export function findPlaceholderProblem(query: string): string | undefined {
  for (const { groups } of query.matchAll(placeholder)) {
    const inside = groups?.['inside'] ?? '';
    const isKnown = fields.some((field) => field === inside) || variableIn(inside) !== undefined;
    if (!isKnown) return complaint(inside);
  }
  return undefined;
}

function variableIn(inside: string): string | undefined {
  return (
    /^variables\.(?<name>\w+)$/.exec(inside)?.groups?.['name'] ??
    /^index variables "(?<name>[^"]+)"$/.exec(inside)?.groups?.['name']
  );
}

function complaint(inside: string): string {
  return `expected {{ ${fields.join(' | ')} | variables.<name> }}, not {{ ${inside} }}`;
}
