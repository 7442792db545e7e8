import { engineState } from '../core/engine.ts';
import { NoEngine } from '../ui/no-engine.tsx';
import { FaultForm } from './fault-form.tsx';
import { FaultItems } from './fault-items.tsx';
import { Templates } from './templates.tsx';

/** Lessons, what is broken on purpose, and a form for anything else. */
export function FaultsView() {
  if (engineState.value === 'absent') return <NoEngine what="Faults" />;
  return (
    <div class="page">
      <h1>Faults</h1>
      <div class="faults-columns">
        <section class="panel">
          <h2>Lessons</h2>
          <Templates />
        </section>
        <div class="faults-side">
          <section class="panel">
            <h2>On now</h2>
            <FaultItems />
          </section>
          <section class="panel">
            <h2>Anything else</h2>
            <FaultForm />
          </section>
        </div>
      </div>
    </div>
  );
}
