import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  connect,
  createSecureContext,
  createServer,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import type { Address } from './address.ts';

/** What a proxy proves who it is with. */
export type Credentials = {
  readonly name: string;
  readonly context: SecureContext;
};

/** ALPN of connections between proxies that carry requests: HTTP/1.1, see `pool.ts`. */
const HTTP = 'http/1.1';
/** ALPN of those that carry the bytes of one connection to an opaque port. */
const OPAQUE = 'faultline/opaque';

/** What a connection between proxies carries. */
export type Carried = 'http' | 'opaque';

/**
 * TLS 1.3 only, with the suites, groups and signatures of linkerd2-proxy. No sessions to resume: with
 * one, a client would be let in for what it proved earlier, whatever has expired or rotated since.
 */
const HANDSHAKE = {
  secureOptions: constants.SSL_OP_NO_TICKET,
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
  ecdhCurve: 'X25519MLKEM768:X25519:P-256:P-384',
  sigalgs: 'ecdsa_secp256r1_sha256',
} as const;

export function createCredentials(options: {
  name: string;
  keyPem: string;
  chainPem: string;
  anchorsPem: string;
}): Credentials {
  const { name, keyPem: key, chainPem: cert, anchorsPem: ca } = options;
  return { name, context: createSecureContext({ ...HANDSHAKE, key, cert, ca }) };
}

/**
 * Connects to a proxy that must prove to be `identity`. No session is offered for resumption: each
 * connection proves anew, with the certificates that hold then.
 */
export function connectTls(
  to: Address,
  peer: { readonly identity: string; readonly carries: Carried },
  credentials: Credentials,
): TLSSocket {
  return connect({
    ...to,
    servername: peer.identity,
    secureContext: credentials.context,
    ALPNProtocols: [peer.carries === 'http' ? HTTP : OPAQUE],
    rejectUnauthorized: true,
  });
}

/** What became of a client's proof: the identity, or why it is refused. */
export type Proof =
  | { readonly identity: string; readonly carries: Carried }
  | { readonly refused: string };

const HANDSHAKE_MS = 10_000;

/**
 * A server side of TLS without a listener of its own: give it accepted connections that begin with a
 * ClientHello. `onConnection` is called when a client has proved an identity, `onRefused` with the
 * reason when it has not; nothing of its requests has been read then.
 */
export function createTlsAcceptor(options: {
  credentials: () => Credentials;
  onConnection: (socket: TLSSocket, proof: { identity: string; carries: Carried }) => void;
  onRefused: (reason: string) => void;
}): (socket: Socket) => void {
  const server = createServer({
    requestCert: true,
    // Kept open for a moment to learn the reason: a server that rejects tells only of a reset.
    rejectUnauthorized: false,
    ...HANDSHAKE,
    handshakeTimeout: HANDSHAKE_MS,
    ALPNProtocols: [HTTP, OPAQUE],
    SNICallback(name, answer) {
      const { name: own, context } = options.credentials();
      if (name === own) answer(null, context);
      else answer(new Error(`there is no ${name} here`));
    },
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
    options.onRefused(error.code ?? 'HANDSHAKE');
  });
  server.on('secureConnection', (socket) => {
    const proof = proofOf(socket, options.credentials().name);
    if ('identity' in proof) {
      options.onConnection(socket, proof);
      return;
    }
    socket.on('error', () => socket.destroy());
    socket.destroy();
    options.onRefused(proof.refused);
  });
  return (socket) => void server.emit('connection', socket);
}

function proofOf(socket: TLSSocket, own: string): Proof {
  if (socket.servername !== own) return { refused: 'NO_SERVER_NAME' };
  const { alpnProtocol } = socket;
  if (alpnProtocol !== HTTP && alpnProtocol !== OPAQUE) {
    return { refused: 'NO_APPLICATION_PROTOCOL' };
  }
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return { refused: 'NO_CERTIFICATE' };
  if (!socket.authorized) return { refused: String(socket.authorizationError) };
  const identity = /^DNS:([^,\s]+)$/.exec(certificate.subjectAltName ?? '')?.[1];
  if (identity === undefined) return { refused: 'NO_SINGLE_DNS_NAME' };
  return { identity, carries: alpnProtocol === HTTP ? 'http' : 'opaque' };
}
