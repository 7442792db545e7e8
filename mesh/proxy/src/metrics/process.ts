import type { Clock } from '../clock.ts';
import type { Registry } from './registry.ts';

/** What is shown of the process itself, and of its certificate. */
export function observeProcess(
  registry: Registry,
  {
    clock,
    certificate,
  }: { clock: Clock; certificate: () => { refreshedMs: number; notAfterMs: number } },
): void {
  const startSeconds = clock.now() / 1_000 - process.uptime();
  const gauge = (name: string, help: string, read: () => number): void =>
    registry.observed(name, help, { kind: 'gauge', read });
  gauge('control_identity_cert_expiration_timestamp_seconds', 'End of the certificate.', () => {
    return certificate().notAfterMs / 1_000;
  });
  gauge('control_identity_cert_refresh_timestamp_seconds', 'When the certificate came.', () => {
    return certificate().refreshedMs / 1_000;
  });
  gauge('process_start_time_seconds', 'Start of the process.', () => startSeconds);
  gauge('process_resident_memory_bytes', 'Resident set size.', () => process.memoryUsage.rss());
  registry.observed('process_cpu_seconds_total', 'User and system time.', {
    kind: 'counter',
    read: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  });
  const build = { vendor: 'faultline', profile: 'embedded' };
  registry.observed('proxy_build_info', 'What this proxy is.', {
    kind: 'gauge',
    labels: build,
    read: () => 1,
  });
}
