import { ask, engineState } from '../core/engine.ts';
import { useAsked } from '../core/query.ts';

type ManifestText = { readonly path: string; readonly text: string };

/** The files that describe the service, as they are written. */
export function ManifestPanel({ service }: { service: string }) {
  const isAbsent = engineState.value === 'absent';
  const { value, error } = useAsked(`manifests ${service} ${isAbsent}`, async () =>
    isAbsent ? [] : ask<ManifestText[]>('manifests', { service }),
  );
  return (
    <section class="panel" aria-label="Manifest">
      <h2>Its manifest</h2>
      {error && <p class="problem">It could not be read: {error.message}.</p>}
      {value?.length === 0 && (
        <p class="empty">
          {isAbsent
            ? 'No local engine runs this system. In a cluster: kubectl get deployment -o yaml.'
            : 'No file is named after it.'}
        </p>
      )}
      {value?.map(({ path, text }) => (
        <details key={path} class="service-manifest">
          <summary>
            <code>{path}</code>
          </summary>
          <pre tabIndex={0}>{text}</pre>
        </details>
      ))}
    </section>
  );
}
