import { createServer } from 'node:http';

// The server of the benchmark: 200 bytes to every request, on the socket it is told.
const reply = Buffer.alloc(200, 'x');
const server = createServer((_request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end(reply);
});
server.keepAliveTimeout = 60_000;
server.listen(process.argv[2], () => process.send?.('ready'));
