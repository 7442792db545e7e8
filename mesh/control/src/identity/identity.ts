import { randomBytes, X509Certificate } from 'node:crypto';
import type { Clock } from '@faultline/chassis/clock';
import type { WireIdentity } from '@faultline/mesh-core/snapshot';
import {
  type Authority,
  type AuthorityPem,
  clockSkewMs,
  createAnchor,
  createIssuer,
  isIssuedBy,
  openAuthority,
} from './authority.ts';
import { issueCertificate } from './certificate.ts';
import { checkCsr } from './csr.ts';
import { StartupTokens } from './startup-tokens.ts';
import { TrustStore, type TrustState } from './trust-store.ts';

const leafLifetimeMs = 86_400_000;

export type IdentityOptions = {
  /** Where keys are kept. */
  dir: string;
  clock: Clock;
  trustDomain: string;
  /** How long leaves are good; default 24 h. */
  leafLifetimeMs?: number | undefined;
  /** An issuer of one's own and the anchors it chains to; else both are made once. */
  given?: { anchorsPem: readonly string[]; issuer: AuthorityPem } | undefined;
};

/** For people: names and ends of the certificates. */
export type IdentityStatus = {
  readonly trustDomain: string;
  readonly anchors: readonly CertificateStatus[];
  readonly issuer: CertificateStatus;
};

type CertificateStatus = {
  readonly subject: string;
  readonly sha256: string;
  readonly notAfterMs: number;
};

/**
 * The mesh's certificate authority: trust anchors, of which several may overlap during a rotation,
 * and the issuer that signs every proxy's leaf.
 */
export class Identity {
  readonly tokens: StartupTokens;
  readonly #options: IdentityOptions;
  readonly #store: TrustStore;
  #state: TrustState;
  #issuer: Authority;

  /** Reads the keys that are kept in `dir`, or makes and keeps new ones. */
  static async open(options: IdentityOptions): Promise<Identity> {
    const store = new TrustStore(options.dir);
    const kept = await store.read();
    const state = withGiven(kept ?? createState(options), options.given);
    if (state !== kept) await store.write(state);
    return new Identity(options, { store, state });
  }

  private constructor(
    options: IdentityOptions,
    { store, state }: { store: TrustStore; state: TrustState },
  ) {
    this.#options = options;
    this.#store = store;
    this.#state = state;
    this.#issuer = openAuthority(state.issuer);
    this.tokens = new StartupTokens(state.tokenSecret);
    this.#anchorOf(this.#issuer);
  }

  /**
   * Signs a leaf for `identity`, which must be what the CSR asks for and nothing else. It ends with
   * its chain at the latest. Throws `CsrRefused`, or an error when the issuer itself has expired.
   */
  certify(csrPem: string, identity: string): WireIdentity {
    const publicKey = checkCsr(csrPem, identity);
    const nowMs = this.#options.clock.now();
    const anchor = this.#anchorOf(this.#issuer);
    const chainEndMs = Math.min(this.#issuer.notAfterMs, Date.parse(anchor.validTo));
    if (chainEndMs <= nowMs) {
      throw new Error(`certify ${identity}: the issuer expired; rotate it`);
    }
    const wantedMs = nowMs + (this.#options.leafLifetimeMs ?? leafLifetimeMs);
    const notAfterMs = Math.floor(Math.min(wantedMs, chainEndMs) / 1_000) * 1_000;
    const leafPem = issueCertificate(
      {
        commonName: identity,
        publicKey,
        notBeforeMs: nowMs - clockSkewMs,
        notAfterMs,
        use: { dnsName: identity },
      },
      this.#issuer.signer,
    );
    const chainPem = leafPem + this.#issuer.certificatePem;
    return { chainPem, anchorsPem: this.anchorsPem, notAfterMs };
  }

  /** All anchors in force, PEM. */
  get anchorsPem(): string {
    return this.#state.anchors.map(({ certificatePem }) => certificatePem).join('');
  }

  /**
   * First step to a new anchor: everyone learns to trust it beside the old one. The issuer stays
   * what it is until `rotateIssuer`.
   */
  async addAnchor(): Promise<void> {
    const anchor = createAnchor(this.#options.trustDomain, this.#options.clock.now());
    await this.#replace({ ...this.#state, anchors: [...this.#state.anchors, anchor] });
  }

  /** Second step, or a step of its own: a new issuer below the newest anchor. */
  async rotateIssuer(): Promise<void> {
    const newest = this.#state.anchors.at(-1);
    if (newest?.keyPem === undefined) {
      throw new Error('rotate issuer: the key of the newest anchor is not kept here');
    }
    const { certificatePem, keyPem } = newest;
    const anchor = openAuthority({ certificatePem, keyPem });
    const { trustDomain, clock } = this.#options;
    const issuer = createIssuer(trustDomain, { anchor, nowMs: clock.now() });
    await this.#replace({ ...this.#state, issuer });
  }

  /** Last step: the anchors before the newest are trusted no longer. */
  async retireAnchors(): Promise<void> {
    const anchors = this.#state.anchors.slice(-1);
    const isAbove = anchors.some(({ certificatePem }) =>
      isIssuedBy(this.#issuer.certificate, new X509Certificate(certificatePem)),
    );
    if (!isAbove)
      throw new Error('retire anchors: rotate the issuer first, it is below an old one');
    await this.#replace({ ...this.#state, anchors });
  }

  status(): IdentityStatus {
    const describe = (certificate: X509Certificate): CertificateStatus => ({
      subject: certificate.subject,
      sha256: certificate.fingerprint256,
      notAfterMs: Date.parse(certificate.validTo),
    });
    return {
      trustDomain: this.#options.trustDomain,
      anchors: this.#anchors().map(describe),
      issuer: describe(this.#issuer.certificate),
    };
  }

  #anchors(): X509Certificate[] {
    return this.#state.anchors.map(({ certificatePem }) => new X509Certificate(certificatePem));
  }

  #anchorOf({ certificate }: Authority): X509Certificate {
    const anchor = this.#anchors().find((one) => isIssuedBy(certificate, one));
    if (anchor) return anchor;
    throw new Error(`open issuer ${certificate.subject}: it chains to none of the trust anchors`);
  }

  async #replace(state: TrustState): Promise<void> {
    await this.#store.write(state);
    this.#state = state;
    this.#issuer = openAuthority(state.issuer);
  }
}

function createState({ trustDomain, clock, given }: IdentityOptions): TrustState {
  const tokenSecret = randomBytes(32).toString('hex');
  if (given) return { ...trustOf(given), tokenSecret };
  const nowMs = clock.now();
  const anchor = createAnchor(trustDomain, nowMs);
  const issuer = createIssuer(trustDomain, { anchor: openAuthority(anchor), nowMs });
  return { anchors: [anchor], issuer, tokenSecret };
}

/** What was given counts more than what was kept. */
function withGiven(state: TrustState, given: IdentityOptions['given']): TrustState {
  return given ? { ...trustOf(given), tokenSecret: state.tokenSecret } : state;
}

function trustOf({ anchorsPem, issuer }: NonNullable<IdentityOptions['given']>) {
  return { anchors: anchorsPem.map((certificatePem) => ({ certificatePem })), issuer };
}
