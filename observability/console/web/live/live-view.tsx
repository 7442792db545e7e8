import { useEffect } from 'preact/hooks';
import { watchFaults } from '../faults/fault-list.ts';
import { SystemMap } from '../map/map.tsx';
import { Timeline } from '../timeline/timeline.tsx';
import { Side } from './side.tsx';

/** The map, what is broken, and what happened when. */
export function LiveView() {
  useEffect(watchFaults, []);
  return (
    <div class="live-page">
      <h1 class="visually-hidden">The system, live</h1>
      <SystemMap />
      <Side />
      <Timeline />
    </div>
  );
}
