import { readConfig } from './config.ts';

/*
 * `node src/hook/abort.ts orders shop` in the pod of the load generator: Flagger takes back what is on
 * trial of orders when it asks next.
 */
const [name, namespace] = process.argv.slice(2);
const { LISTEN_HTTP: address } = readConfig();
if (!('port' in address)) throw new Error('LISTEN_HTTP: expected a port of this machine');
const reply = await fetch(`http://127.0.0.1:${address.port}/rollback/open`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ name, namespace }),
});
process.stdout.write(`${await reply.text()}\n`);
if (!reply.ok) process.exitCode = 1;
