import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { kustomize, parseManifests } from '../kustomize.ts';
import { Callable, Opaque, Struct, textOf, type Value } from '../starlark/values.ts';
import { Arguments, contentOf, toValue } from './arguments.ts';
import type { Recorder } from './recorder.ts';

export type Options = {
  root: string;
  /** What kubectl points at; empty for nothing. */
  context?: string;
  subcommand?: 'up' | 'ci' | 'down';
  /** What follows `tilt up` and its `--`. */
  settings?: Readonly<Record<string, string | boolean | readonly string[]>>;
};

type Run = (args: Arguments) => Value;

/**
 * Tilt's functions as far as the project's Tiltfiles use them: each with Tilt's parameters, so that
 * a misspelt one is an error, and writing down what Tilt would do.
 */
export function tiltFunctions(
  options: Options,
  { recorder, executing }: { recorder: Recorder; executing: () => string },
): Map<string, Value> {
  const { root, context = '', subcommand = 'up', settings = {} } = options;
  // Not where a function was written, but where the file is that Tilt is loading when it is called.
  const at = (path: string) => resolve(dirname(executing()), path);
  const functions: Record<string, [parameters: string, run: Run]> = {
    allow_k8s_contexts: ['contexts', (args) => recorder.allow(args.texts('contexts'))],
    k8s_context: ['', () => recorder.currentContext(context)],
    kustomize: [
      'pathToDir kustomize_bin flags',
      (args) => {
        recorder.checkContext(context);
        const manifests = kustomize(at(args.text('pathToDir')));
        return blob(manifests.map((one) => stringify(one)).join('---\n'));
      },
    ],
    k8s_yaml: [
      'yaml allow_duplicates',
      (args) => recorder.apply(parseManifests(textOfBlob(args.get('yaml')), 'k8s_yaml')),
    ],
    k8s_resource: [
      'workload new_name port_forwards extra_pod_selectors trigger_mode resource_deps objects ' +
        'auto_init pod_readiness links labels discovery_strategy',
      (args) => recorder.configure(args),
    ],
    local_resource: [
      'name cmd deps trigger_mode resource_deps ignore auto_init serve_cmd cmd_bat serve_cmd_bat ' +
        'allow_parallel links labels env serve_env readiness_probe dir serve_dir',
      (args) => {
        for (const path of args.texts('deps')) {
          if (!existsSync(at(path))) throw new Error(`local_resource: there is no ${path}`);
        }
        return recorder.addLocal(args, dirname(executing()));
      },
    ],
    docker_build: [
      'ref context build_args dockerfile dockerfile_contents live_update match_in_env_vars ignore ' +
        'only entrypoint target ssh network secret extra_tag container_args cache_from pull platform',
      (args) => recorder.addImage(args, at),
    ],
    decode_yaml_stream: ['yaml', (args) => decode(textOfBlob(args.get('yaml')))],
    read_yaml_stream: [
      'path default',
      (args) => decode(readFileSync(at(args.text('path')), 'utf8')),
    ],
    listdir: ['dir recursive', (args) => listFiles(at(args.text('dir')))],
    link: ['url name', (args) => record('link', args, ['url', 'name'])],
    sync: [
      'local_path remote_path',
      (args) =>
        recorder.step(
          new Opaque(
            'sync',
            new Map([
              ['from', at(args.text('local_path'))],
              ['to', args.text('remote_path')],
            ]),
          ),
        ),
    ],
    fall_back_on: [
      'files',
      (args) =>
        recorder.step(
          new Opaque('fall_back_on', new Map([['files', args.texts('files').map(at)]])),
        ),
    ],
    port_forward: [
      'local_port container_port name link_path host',
      (args) => record('port_forward', args, ['local_port', 'container_port', 'name', 'host']),
    ],
    probe: [
      'initial_delay_secs timeout_secs period_secs success_threshold failure_threshold exec http_get tcp_socket',
      (args) => record('probe', args, ['http_get', 'exec', 'tcp_socket']),
    ],
    http_get_action: [
      'port host scheme path',
      (args) => record('action', args, ['port', 'host', 'path']),
    ],
  };
  for (const [name, parameters] of Object.entries(setters)) {
    functions[name] = [parameters, (args) => recorder.set(name, args, parameters.split(' '))];
  }
  return new Map<string, Value>([
    ...Object.entries(functions).map(
      ([name, [parameters, run]]) => [name, builtin(name, parameters, run)] as const,
    ),
    ['TRIGGER_MODE_MANUAL', 'manual'],
    ['config', configModule({ root, subcommand, settings }, recorder)],
    ['os', osModule(at)],
    ['v1alpha1', objects(recorder)],
  ]);
}

const setters: Readonly<Record<string, string>> = {
  analytics_settings: 'enable',
  disable_snapshots: '',
  ci_settings: 'k8s_grace_period timeout readiness_timeout',
  default_registry: 'host host_from_cluster single_name',
  docker_prune_settings: 'disable max_age_mins num_builds interval_hrs keep_recent',
  update_settings: 'max_parallel_updates k8s_upsert_timeout_secs suppress_unused_image_warnings',
  version_settings: 'check_updates constraint',
  watch_settings: 'ignore',
};

function builtin(name: string, parameters: string, run: Run): Callable {
  const names = parameters.split(' ').filter((one) => one !== '');
  return new Callable(name, (call) => run(new Arguments(name, call, names)));
}

function record(kind: string, args: Arguments, keys: readonly string[]): Opaque {
  return new Opaque(kind, new Map(keys.map((key) => [key, args.get(key)])));
}

function blob(text: string): Opaque {
  return new Opaque('blob', new Map([['text', text]]));
}

function textOfBlob(value: Value): string {
  return textOf(contentOf(value, 'blob').get('text') ?? null);
}

function decode(text: string): Value {
  return parseAllDocuments(text).map((document) => toValue(document.toJS()));
}

/** Files only, and not those of folders within. */
function listFiles(dir: string): Value {
  const paths = readdirSync(dir).map((name) => join(dir, name));
  return paths.filter((path) => statSync(path).isFile());
}

type ConfigOptions = Required<Pick<Options, 'root' | 'subcommand' | 'settings'>>;

function configModule({ root, subcommand, settings }: ConfigOptions, recorder: Recorder): Struct {
  const defined = new Set<string>();
  const define = (name: string): [string, Value] => [
    name,
    builtin(`config.${name}`, 'name args usage', (args) => {
      defined.add(args.text('name'));
      return null;
    }),
  ];
  return new Struct(
    new Map<string, Value>([
      ...['define_string', 'define_string_list', 'define_bool'].map(define),
      [
        'parse',
        builtin('config.parse', '', () => {
          const unknown = Object.keys(settings).find((name) => !defined.has(name));
          if (unknown !== undefined) throw new Error(`config.parse: unknown flag ${unknown}`);
          return toValue(settings);
        }),
      ],
      [
        'set_enabled_resources',
        builtin('config.set_enabled_resources', 'resources', (args) =>
          recorder.enable(args.texts('resources')),
        ),
      ],
      ['main_dir', root],
      ['tilt_subcommand', subcommand],
    ]),
  );
}

function osModule(at: (path: string) => string): Struct {
  const path = new Map<string, Value>([
    ['basename', builtin('basename', 'path', (args) => basename(args.text('path')))],
    ['exists', builtin('exists', 'path', (args) => existsSync(at(args.text('path'))))],
    ['join', new Callable('join', ({ args }) => join(...args.map(textOf)))],
  ]);
  return new Struct(new Map([['path', new Struct(path)]]));
}

/** Tilt's API objects. */
function objects(recorder: Recorder): Struct {
  const specs: Readonly<Record<string, string>> = {
    start_on_spec: 'start_after ui_buttons',
    ui_component_location: 'component_id component_type',
    ui_input_spec: 'name label text bool hidden choice',
    ui_text_input_spec: 'default_value placeholder',
  };
  const made = Object.entries(specs).map(([name, parameters]): [string, Value] => [
    name,
    builtin(name, parameters, (args) => record(name, args, parameters.split(' '))),
  ]);
  return new Struct(
    new Map<string, Value>([
      ...made,
      [
        'ui_button',
        builtin(
          'v1alpha1.ui_button',
          'name annotations labels location text icon_name icon_svg disabled requires_confirmation inputs',
          (args) => recorder.addButton(args),
        ),
      ],
      [
        'cmd',
        builtin(
          'v1alpha1.cmd',
          'name annotations labels args dir env readiness_probe restart_on start_on disable_source',
          (args) => recorder.addCommand(args),
        ),
      ],
    ]),
  );
}
