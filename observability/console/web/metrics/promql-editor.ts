import { autocompletion, closeBrackets, completionKeymap } from '@codemirror/autocomplete';
import { history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { PromQLExtension } from '@prometheus-io/codemirror-promql';

export type PromqlEditor = {
  /** Shows another query. */
  set(query: string): void;
  focus(): void;
  destroy(): void;
};

type Options = {
  readonly query: string;
  readonly label: string;
  onChange(query: string): void;
  /** Enter was pressed. */
  onRun(): void;
};

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--series-4)' },
  { tag: tags.operatorKeyword, color: 'var(--series-4)' },
  { tag: tags.operator, color: 'var(--ink-2)' },
  { tag: tags.modifier, color: 'var(--series-4)' },
  { tag: tags.string, color: 'var(--series-3)' },
  { tag: tags.number, color: 'var(--series-2)' },
  { tag: tags.function(tags.variableName), color: 'var(--series-1)', fontWeight: '600' },
  { tag: tags.labelName, color: 'var(--series-6)' },
  { tag: tags.comment, color: 'var(--muted)' },
]);

const look = EditorView.theme({
  '&': { fontSize: '14px', background: 'transparent', color: 'var(--ink)' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '1px', borderRadius: '6px' },
  '.cm-content': { fontFamily: 'var(--mono)', padding: '9px 6px', caretColor: 'var(--ink)' },
  '.cm-placeholder': { color: 'var(--muted)' },
  '.cm-selectionBackground': { background: 'var(--accent-soft) !important' },
  '.cm-tooltip': {
    background: 'var(--raised)',
    border: '1px solid var(--line-strong)',
    borderRadius: '6px',
    boxShadow: 'var(--shadow)',
    color: 'var(--ink)',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    background: 'var(--accent)',
    color: 'var(--on-accent)',
  },
  '.cm-completionDetail': { color: 'inherit', opacity: '0.75' },
  '.cm-diagnostic': { padding: '4px 10px' },
});

/**
 * An editor of PromQL that completes metrics, labels and functions, asking this console's
 * Prometheus. It lives in a shadow root: there its styles need no leave of the content policy.
 */
export function createEditor(host: HTMLElement, options: Options): PromqlEditor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const promql = new PromQLExtension().setComplete({
    remote: { url: '/prometheus', httpMethod: 'GET' },
  });
  const run = () => {
    options.onRun();
    return true;
  };
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: options.query,
      extensions: [
        history(),
        bracketMatching(),
        closeBrackets(),
        autocompletion(),
        promql.asExtension(),
        syntaxHighlighting(colours),
        look,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': options.label }),
        placeholder('Metric, function, or anything else in PromQL'),
        // An open list of completions takes Enter first: its keys are of the highest precedence.
        Prec.high(keymap.of([{ key: 'Enter', run, shift: () => false }])),
        keymap.of([...completionKeymap, ...historyKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    set(query) {
      const { doc } = view.state;
      if (doc.toString() === query) return;
      view.dispatch({ changes: { from: 0, to: doc.length, insert: query } });
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
