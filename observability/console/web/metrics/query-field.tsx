import { useEffect, useRef, useState } from 'preact/hooks';
import type { PromqlEditor } from './promql-editor.ts';

type Props = { query: string; onRun: (query: string) => void };

const LABEL = 'PromQL query';

/** Where a query is written: an editor as soon as it is loaded, a plain field until then. */
export function QueryField({ query, onRun }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<PromqlEditor>(undefined);
  const [text, setText] = useState(query);
  const [isLoaded, setLoaded] = useState(false);
  const latest = useRef({ text, onRun });
  latest.current = { text, onRun };
  useEffect(() => {
    let isGone = false;
    void import('./promql-editor.ts').then(({ createEditor }) => {
      if (isGone || host.current === null) return;
      editor.current = createEditor(host.current, {
        query: latest.current.text,
        label: LABEL,
        onChange: setText,
        onRun: () => latest.current.onRun(latest.current.text),
      });
      setLoaded(true);
    });
    return () => {
      isGone = true;
      editor.current?.destroy();
    };
  }, []);
  useEffect(() => {
    setText(query);
    editor.current?.set(query);
  }, [query]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onRun(text);
  };
  return (
    <form class="metrics-query" aria-label="Query" onSubmit={submit}>
      <div class="metrics-editor">
        <div ref={host} hidden={!isLoaded} />
        {!isLoaded && (
          <textarea
            rows={1}
            aria-label={LABEL}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        )}
      </div>
      <button type="submit" class="button primary">
        Run
      </button>
    </form>
  );
}
