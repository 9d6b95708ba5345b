import { canonicalImpu, type Impu, sipOfTel, telOf } from '@clearwater/ims';
import { AppError } from '@clearwater/platform';
import { parseUri, type SipRequest, SipUri, type Uri } from '@clearwater/sip';
import type { SproutConfig } from './config.ts';

/** The names of the home network, and which of them are this node's. Names, never addresses, go into Routes. */
export class HomeNetwork {
  readonly domain: string;
  readonly scscfUri: string;
  /** Values of Route and Record-Route headers. */
  readonly icscfRoute: string;
  readonly recordRoute: string;
  readonly serviceRoute: string;
  readonly #coreHost: string;
  readonly #icscfHost: string;
  readonly #icscfPort: number;
  readonly #scscfHost: string;
  readonly #scscfPort: number;

  constructor(
    config: Pick<SproutConfig, 'homeDomain' | 'coreHost' | 'icscfPort' | 'scscfPort' | 'scscfUri'>,
  ) {
    this.domain = config.homeDomain.toLowerCase();
    this.#coreHost = config.coreHost.includes(':') ? `[${config.coreHost}]` : config.coreHost;
    this.#icscfHost = `icscf.${this.domain}`;
    this.#icscfPort = config.icscfPort;
    this.scscfUri = config.scscfUri ?? `sip:scscf.${this.domain}:${config.scscfPort};transport=TCP`;
    const scscf = parseUri(this.scscfUri);
    if (scscf?.scheme !== 'sip') {
      const detail = { scscfUri: this.scscfUri };
      throw new AppError('sprout.scscf-uri-malformed', { origin: 'internal', retry: 'never', detail });
    }
    this.#scscfHost = scscf.host;
    this.#scscfPort = scscf.port ?? config.scscfPort;
    this.icscfRoute = `<sip:${this.#icscfHost}:${config.icscfPort};transport=TCP;lr>`;
    const params = scscf.params.set('lr');
    this.recordRoute = `<${scscf.with({ params }).toString()}>`;
    this.serviceRoute = `<${scscf.with({ params: params.set('orig') }).toString()}>`;
  }

  ownsIcscf(host: string, port: number | undefined): boolean {
    if (host === this.#coreHost) return port === this.#icscfPort;
    if (host === this.domain) return port === undefined;
    return host === this.#icscfHost && (port === undefined || port === this.#icscfPort);
  }

  ownsScscf(host: string, port: number | undefined): boolean {
    if (host === this.#coreHost) return port === this.#scscfPort;
    return host === this.#scscfHost && (port === undefined || port === this.#scscfPort);
  }

  /** The Route value that leads to the S-CSCF named by Homestead, or to ours when none was named. */
  routeTo(scscfUri: string | undefined): string {
    const uri = scscfUri === undefined || scscfUri === this.scscfUri ? undefined : parseUri(scscfUri);
    return uri instanceof SipUri
      ? `<${uri.with({ params: uri.params.set('lr') }).toString()}>`
      : this.recordRoute;
  }

  /** Whether a URI leads back to this node: such a next hop is a loop. */
  isOwn(uri: Uri): boolean {
    return (
      uri instanceof SipUri && (this.ownsIcscf(uri.host, uri.port) || this.ownsScscf(uri.host, uri.port))
    );
  }

  /** The public identity a Request-URI or To names: a user of the home domain, or a number. Undefined for anything else. */
  identityOf(uri: Uri | undefined): Impu | undefined {
    if (uri === undefined || uri.scheme === 'other') return undefined;
    if (uri.scheme !== 'tel' && (uri.host !== this.domain || uri.user === undefined)) return undefined;
    return canonicalImpu(uri.toString());
  }

  /** The other form of a number: the tel identity of a SIP identity of ours, or the reverse (TS 24.229 5.3.2.1). */
  aliasOf(impu: Impu): Impu | undefined {
    return telOf(impu) ?? sipOfTel(impu, this.domain);
  }

  /** A REGISTER for our registrar: to the domain, or to one of our names (RFC 3261 §10.2). A user part is overlooked. */
  isForRegistrar(request: SipRequest): boolean {
    const uri = request.parsedUri;
    return uri instanceof SipUri && (this.isOwn(uri) || uri.host === this.domain);
  }

  /** A request for the network itself, not for a user: nothing but OPTIONS is answered there. */
  isForNetwork(request: SipRequest): boolean {
    return this.isForRegistrar(request) && this.identityOf(request.parsedUri) === undefined;
  }
}

/** The `orig` parameter of an own Route: the request is to be served for its sender (TS 24.229 5.4.3.1). */
export function isOriginating(ownRoutes: readonly string[]): boolean {
  return ownRoutes.some((route) => {
    const uri = parseUri(route);
    return uri instanceof SipUri && uri.params.has('orig');
  });
}

/** Puts `route` on top of what is left of Route. */
export function pushRoute(request: SipRequest, route: string): void {
  request.prepend('Route', route);
}
