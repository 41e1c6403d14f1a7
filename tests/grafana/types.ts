// What our dashboards are held against: the types Grafana publishes as @grafana/schema, closed where they are open. A
// dashboard's panels have maps for `options` and `custom`; here each panel takes the types of its own plugin, published beside.
// What Grafana does not publish (queries, the alert list's and the traces panel's options, annotations of Prometheus) is written
// down here from the names in its source.
import type * as schema from '@grafana/schema';
import type * as bargauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as gauge from '@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen';
import type * as heatmap from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as nodegraph from '@grafana/schema/dist/esm/raw/composable/nodegraph/panelcfg/x/NodeGraphPanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as statetimeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as text from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** T as JSON holds it: enum members by their values. */
export type Json<T> = T extends string
  ? string extends T
    ? string
    : `${T}`
  : T extends number
    ? `${T}` extends `${infer Value extends number}`
      ? Value
      : never
    : T extends readonly (infer Item)[]
      ? Json<Item>[]
      : T extends object
        ? { [Key in keyof T]: Json<T[Key]> }
        : T;

type None = Record<string, never>;

interface AlertListOptions {
  alertInstanceLabelFilter: string;
  alertName: string;
  dashboardAlerts: boolean;
  datasource: string;
  groupBy: string[];
  groupMode: 'default' | 'custom';
  maxItems: number;
  showInactiveAlerts: boolean;
  showInstances: boolean;
  sortOrder: 1 | 2 | 3 | 4 | 5;
  stateFilter: Record<'error' | 'firing' | 'noData' | 'normal' | 'pending' | 'recovering', boolean>;
  viewMode: 'list' | 'stat';
}

/** The panels we write, by plugin id: their options and the custom part of their fields. */
interface Kinds {
  alertlist: [AlertListOptions, None];
  bargauge: [bargauge.Options, None];
  gauge: [gauge.Options, None];
  heatmap: [heatmap.Options, heatmap.FieldConfig];
  nodeGraph: [nodegraph.Options, None];
  stat: [stat.Options, None];
  'state-timeline': [statetimeline.Options, statetimeline.FieldConfig];
  table: [table.Options, table.FieldConfig];
  text: [text.Options, None];
  timeseries: [timeseries.Options, timeseries.FieldConfig];
  traces: [None, None];
}

interface Bound<Type extends string> {
  type: Type;
  uid: string;
}

interface PrometheusQuery {
  datasource: Bound<'prometheus'>;
  editorMode: 'code';
  exemplar: boolean;
  expr: string;
  format: 'time_series' | 'table' | 'heatmap';
  instant: boolean;
  legendFormat: string;
  range: boolean;
  refId: string;
}

type JaegerQuery = { datasource: Bound<'jaeger'>; refId: string } & (
  | { queryType: 'search'; service: string; limit: number }
  | { queryType: 'dependencyGraph' }
  | { query: string }
);

type Transformation =
  | { id: 'merge'; options: None }
  | { id: 'filterFieldsByName'; options: { include: { names: string[] } } }
  | {
      id: 'organize';
      options: {
        excludeByName: Record<string, boolean>;
        includeByName: Record<string, boolean>;
        indexByName: Record<string, number>;
        renameByName: Record<string, string>;
      };
    };

interface DataLink {
  targetBlank: boolean;
  title: string;
  url: string;
}

/** The custom part of a kind of panel's fields, as an override sets it. */
export type Custom<Kind extends keyof Kinds> = Partial<Json<Kinds[Kind][1]>>;

/** The rest of a field's config, as an override sets it. */
export type Field = Partial<Json<Omit<schema.FieldConfig, 'custom' | 'links'>> & { links: DataLink[] }>;

/** One panel of a kind, closed. */
export type PanelOf<Kind extends keyof Kinds> = Json<
  Omit<schema.Panel, 'datasource' | 'fieldConfig' | 'options' | 'targets' | 'transformations' | 'type'>
> & {
  datasource: Bound<'prometheus' | 'jaeger' | 'alertmanager'>;
  description: string;
  fieldConfig: {
    defaults: Json<Omit<schema.FieldConfig, 'custom' | 'links'>> & { custom: Json<Kinds[Kind][1]>; links?: DataLink[] };
    overrides: Json<schema.FieldConfigSource['overrides']>;
  };
  options: Json<Kinds[Kind][0]>;
  targets?: Array<PrometheusQuery | JaegerQuery>;
  transformations: Transformation[];
  type: Kind;
};

interface PrometheusAnnotation extends Json<Omit<schema.AnnotationQuery, 'datasource' | 'target' | 'builtIn' | 'type'>> {
  datasource: Bound<'prometheus'>;
  tagKeys: string;
  target: { expr: string; interval: string; refId: string };
  textFormat: string;
  titleFormat: string;
  useValueForTime: boolean;
}

interface BuiltInAnnotation extends Json<Omit<schema.AnnotationQuery, 'target'>> {
  builtIn: 1;
}

/** A whole dashboard as published, its panels open, with the schema version and the shared crosshair we promise. */
export type Dashboard = Json<Omit<schema.Dashboard, 'annotations' | 'schemaVersion' | 'uid' | 'title' | 'description'>> & {
  annotations: { list: Array<BuiltInAnnotation | PrometheusAnnotation> };
  description: string;
  schemaVersion: 42;
  title: string;
  uid: string;
};
