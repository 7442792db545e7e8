/** One thing asked of Prometheus; `legend` names its series by their labels. */
export type Query = { readonly expr: string; readonly legend: string };

/** A picture of some queries. */
export type Panel = {
  readonly title: string;
  readonly kind: 'timeseries' | 'stat' | 'bargauge' | 'table';
  /** Grafana's name of the unit; `percentunit` is 0–1. */
  readonly unit: 'percentunit' | 'reqps' | 'ms' | 's' | 'bytes' | 'short' | 'dateTimeAsIso';
  readonly queries: readonly Query[];
  /** What it shows and how to read it, where the title does not say it. */
  readonly description?: string;
  /** Of 24 columns; default 8. */
  readonly width?: number;
  /** From here on it is drawn in red; `below` turns it round. */
  readonly limit?: { readonly value: number; readonly below?: boolean };
};

/** What people choose at the top; its values are those of a label. */
export type Variable = { readonly name: string; readonly values: string; readonly all?: boolean };

/** A page of panels. `uid` is part of its address. */
export type Dashboard = {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
};

const columns = 24;
const panelWidth = 8;
const panelHeight = 8;
const datasource = { type: 'prometheus', uid: '${datasource}' } as const;

/** The JSON that Grafana imports or provisions, the same for every engine's Prometheus. */
export function toGrafana({ uid, title, description, variables, rows }: Dashboard): object {
  return {
    uid,
    title,
    description,
    tags: ['faultline'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '5s',
    time: { from: 'now-30m', to: 'now' },
    timezone: 'browser',
    templating: { list: [datasourceVariable, ...variables.map(toVariable)] },
    links: [
      {
        type: 'dashboards',
        tags: ['faultline'],
        title: 'Faultline',
        asDropdown: true,
        keepTime: true,
      },
    ],
    panels: layOut(rows),
  };
}

const datasourceVariable = {
  name: 'datasource',
  label: 'Prometheus',
  type: 'datasource',
  query: 'prometheus',
};

function toVariable({ name, values, all = false }: Variable): object {
  return {
    name,
    type: 'query',
    datasource,
    query: { query: values, refId: name },
    refresh: 2,
    sort: 1,
    includeAll: all,
    multi: all,
    ...(all && { allValue: '.*', current: { text: 'All', value: '$__all' } }),
  };
}

/** Row after row, panels from left to right as they fit. */
function layOut(rows: Dashboard['rows']): object[] {
  const placed: object[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    placed.push({
      id: placed.length + 1,
      type: 'row',
      title,
      panels: [],
      gridPos: { x: 0, y, w: columns, h: 1 },
    });
    y += 1;
    let x = 0;
    for (const panel of panels) {
      const width = panel.width ?? panelWidth;
      if (x + width > columns) {
        x = 0;
        y += panelHeight;
      }
      const gridPos = { x, y, w: width, h: panelHeight };
      placed.push({ id: placed.length + 1, ...toPanel(panel), gridPos });
      x += width;
    }
    y += panelHeight;
  }
  return placed;
}

function toPanel({ title, kind, unit, queries, description, limit }: Panel): object {
  const isInstant = kind !== 'timeseries';
  return {
    type: kind,
    title,
    ...(description !== undefined && { description }),
    datasource,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      expr,
      legendFormat: legend,
      ...(isInstant ? { instant: true, range: false } : { range: true }),
      ...(kind === 'table' && { format: 'table' }),
    })),
    fieldConfig: {
      defaults: {
        unit,
        ...(unit === 'percentunit' && { max: 1 }),
        min: 0,
        ...thresholds(limit),
        custom: {},
      },
      overrides: [],
    },
    options: kind === 'timeseries' ? timeseriesOptions : {},
  };
}

const timeseriesOptions = {
  legend: { displayMode: 'list', placement: 'bottom' },
  tooltip: { mode: 'multi', sort: 'desc' },
};

function thresholds(limit: Panel['limit']): object {
  if (limit === undefined) return {};
  const [first, second] = limit.below ? ['red', 'green'] : ['green', 'red'];
  const steps = [
    { color: first, value: null },
    { color: second, value: limit.value },
  ];
  return { thresholds: { mode: 'absolute', steps } };
}
