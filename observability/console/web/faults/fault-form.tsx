import { useEffect, useState } from 'preact/hooks';
import { engine, type ServiceStatus } from '../core/engine.ts';
import { shownFrame } from '../core/live.ts';
import { attempt, notify } from '../ui/notices.tsx';
import { refreshFaults } from './fault-list.ts';
import { type Field, faultKinds, fieldDefaults, specOf } from './kinds.ts';

const fieldNames: Readonly<Record<Field, string>> = {
  delay: 'By how much (500ms, 2s)',
  status: 'With status',
  rate: 'Bytes a second',
  after: 'After bytes',
  share: 'Per cent of what passes',
};

type Props = { target?: string; onDone?: () => void };

/** Asks what to break, how, and for how long. It ends by itself. */
export function FaultForm({ target: first = '', onDone }: Props) {
  const [target, setTarget] = useState(first);
  const [kind, setKind] = useState('error');
  const [lease, setLease] = useState('60s');
  const [fields, setFields] = useState(fieldDefaults);
  const submit = async (event: Event) => {
    event.preventDefault();
    const isAdded = await attempt('break it', () =>
      engine.addFault(specOf({ kind, target, lease, fields })),
    );
    if (!isAdded) return;
    notify('good', `${target} ${faultKinds[kind]?.effect ?? kind} for ${lease}.`);
    await refreshFaults();
    onDone?.();
  };
  return (
    <form class="fault-form" onSubmit={(event) => void submit(event)}>
      <label class="wide">
        What
        <input
          name="target"
          required
          list="fault-targets"
          value={target}
          placeholder="orders->payments"
          autocomplete="off"
          onInput={(event) => setTarget(event.currentTarget.value)}
        />
      </label>
      <Targets />
      <Kinds kind={kind} onChange={setKind} />
      <p class="wide muted small">{`${target || 'It'} ${faultKinds[kind]?.effect}.`}</p>
      {(faultKinds[kind]?.fields ?? []).map((field) => (
        <label key={field}>
          {fieldNames[field]}
          <input
            name={field}
            value={fields[field]}
            onInput={(event) => setFields({ ...fields, [field]: event.currentTarget.value })}
          />
        </label>
      ))}
      <label>
        For how long
        <input
          name="lease"
          value={lease}
          onInput={(event) => setLease(event.currentTarget.value)}
        />
      </label>
      <p class="wide incident-actions">
        <button type="submit" class="button danger">
          Break it
        </button>
        {onDone && (
          <button type="button" class="button" onClick={onDone}>
            Leave it
          </button>
        )}
      </p>
    </form>
  );
}

function Kinds({ kind, onChange }: { kind: string; onChange(kind: string): void }) {
  return (
    <fieldset class="wide fault-kinds">
      <legend>How</legend>
      {Object.entries(faultKinds).map(([name, one]) => (
        <label key={name} title={one.effect}>
          <input
            type="radio"
            name="kind"
            value={name}
            checked={kind === name}
            onChange={() => onChange(name)}
          />
          {one.name}
        </label>
      ))}
    </fieldset>
  );
}

/** Everything that the map shows, and each instance. */
function Targets() {
  const [services, setServices] = useState<readonly ServiceStatus[]>([]);
  useEffect(() => {
    // Without instances the list is shorter, and names can be typed.
    void engine.status().then(
      (status) => setServices(status.services),
      () => undefined,
    );
  }, []);
  const frame = shownFrame.value;
  const nodes = (frame?.nodes ?? []).flatMap(({ name, kind }) =>
    kind === 'queue' ? [] : kind === 'store' ? [`store:${name}`] : [name],
  );
  const edges = (frame?.edges ?? []).flatMap(({ from, to, kind }) =>
    kind === 'http' ? [`${from}->${to}`] : [],
  );
  const instances = services.flatMap((service) => service.instances.map(({ name }) => name));
  return (
    <datalist id="fault-targets">
      {[...nodes, ...edges, ...instances].map((name) => (
        <option key={name} value={name} />
      ))}
    </datalist>
  );
}
