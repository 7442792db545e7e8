import { signal } from '@preact/signals';
import { getPrometheus, hasPart } from '../core/api.ts';
import { type Bar, alertBars } from './model.ts';

type Matrix = { result: Parameters<typeof alertBars>[0] };

const EVERY_MS = 10_000;
const STEP_MS = 5_000;
const WINDOW_MS = 30 * 60_000;

/** Alerts that fired in the last half hour; none where there is no Prometheus. */
export const alerts = signal<readonly Bar[]>([]);

/** Keeps them fresh; the answer ends that. */
export function watchAlerts(): () => void {
  if (!hasPart('prometheus')) return () => undefined;
  const look = async () => {
    if (document.hidden) return;
    const nowMs = Date.now();
    const query = {
      query: 'ALERTS{alertstate="firing"}',
      start: (nowMs - WINDOW_MS) / 1_000,
      end: nowMs / 1_000,
      step: STEP_MS / 1_000,
    };
    const found = await getPrometheus<Matrix>('query_range', { query }).catch(() => undefined);
    alerts.value = found ? alertBars(found.result, STEP_MS) : [];
  };
  const timer = setInterval(() => void look(), EVERY_MS);
  void look();
  return () => clearInterval(timer);
}
