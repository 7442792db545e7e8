import { readFileSync } from 'node:fs';
import { isLogLevel, type LogLevel } from './log.ts';
import type { Address } from './net/address.ts';
import type { InboundPortConfig } from './net/inbound-port.ts';

export type Config = {
  readonly instance: string;
  readonly namespace: string;
  readonly account: string;
  readonly token: string;
  readonly controlSocket: Address;
  readonly outbound: Address;
  readonly inbound: readonly InboundPortConfig[];
  readonly admin: Address;
  readonly logLevel: LogLevel;
  readonly shutdownGraceMs: number;
  /** OTLP/HTTP base URL; absent switches tracing off. */
  readonly otlpEndpoint: string | undefined;
  /** How long spans wait for others to be sent with. */
  readonly spanDelayMs: number;
};

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment, once:
 * `PROXY_INSTANCE`, `PROXY_NAMESPACE`, `PROXY_SERVICE_ACCOUNT` who this is;
 * `PROXY_TOKEN` or `PROXY_TOKEN_FILE` what proves it to the control plane at `PROXY_CONTROL_SOCKET`;
 * `PROXY_OUTBOUND_LISTEN`, `PROXY_ADMIN_LISTEN` addresses (`host:port` or a socket's path);
 * `PROXY_INBOUND_PORTS` a comma list of `port=listen>app`, such as `8080=127.0.0.1:21001>/run/app.sock`;
 * `PROXY_LOG_LEVEL`, `PROXY_SHUTDOWN_GRACE_MS`, `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_BSP_SCHEDULE_DELAY`
 * (milliseconds; linkerd's is ten seconds) optional.
 * @throws naming the variable that is missing or wrong.
 */
export function loadConfig(env: Env = process.env): Config {
  const level = env['PROXY_LOG_LEVEL'] ?? 'info';
  if (!isLogLevel(level)) throw new Error(`PROXY_LOG_LEVEL: '${level}' is not a level`);
  return {
    instance: required(env, 'PROXY_INSTANCE'),
    namespace: required(env, 'PROXY_NAMESPACE'),
    account: required(env, 'PROXY_SERVICE_ACCOUNT'),
    token: readToken(env),
    controlSocket: parseAddress('PROXY_CONTROL_SOCKET', required(env, 'PROXY_CONTROL_SOCKET')),
    outbound: parseAddress('PROXY_OUTBOUND_LISTEN', required(env, 'PROXY_OUTBOUND_LISTEN')),
    inbound: parsePorts(env['PROXY_INBOUND_PORTS'] ?? ''),
    admin: parseAddress('PROXY_ADMIN_LISTEN', required(env, 'PROXY_ADMIN_LISTEN')),
    logLevel: level,
    shutdownGraceMs: parseMs('PROXY_SHUTDOWN_GRACE_MS', env['PROXY_SHUTDOWN_GRACE_MS'] ?? '120000'),
    otlpEndpoint: env['OTEL_EXPORTER_OTLP_ENDPOINT'] || undefined,
    spanDelayMs: parseMs('OTEL_BSP_SCHEDULE_DELAY', env['OTEL_BSP_SCHEDULE_DELAY'] || '10000'),
  };
}

function required(env: Env, name: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}

function readToken(env: Env): string {
  const file = env['PROXY_TOKEN_FILE'];
  if (file === undefined || file === '') return required(env, 'PROXY_TOKEN');
  return readFileSync(file, 'utf8').trim();
}

function parsePorts(text: string): InboundPortConfig[] {
  return text
    .split(',')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const match = /^(\d{1,5})=([^>]+)>(.+)$/.exec(entry);
      if (!match) {
        throw new Error(
          `PROXY_INBOUND_PORTS: '${entry}' is not port=listen>app, such as 8080=:0>:1`,
        );
      }
      const [, port, listen = '', app = ''] = match;
      return {
        port: Number(port),
        listen: parseAddress('PROXY_INBOUND_PORTS', listen),
        app: parseAddress('PROXY_INBOUND_PORTS', app),
      };
    });
}

function parseAddress(name: string, text: string): Address {
  const path = text.replace(/^unix:/, '');
  if (path.startsWith('/')) return { path };
  const match = /^([^:]*|\[[^\]]+\]):(\d{1,5})$/.exec(text);
  if (!match || Number(match[2]) > 65_535) {
    throw new Error(`${name}: '${text}' is not host:port or the path of a socket`);
  }
  return { host: match[1]?.replace(/^\[|\]$/g, '') || '127.0.0.1', port: Number(match[2]) };
}

function parseMs(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new Error(`${name}: '${text}' is not a number of milliseconds`);
  return Number(text);
}
