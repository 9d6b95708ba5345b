import type { Impu } from '@clearwater/ims';
import { type Flow, hostForUri, parseUri, type Uri } from '@clearwater/sip';
import type { BonoConfig } from './config.ts';

/** Names and URIs of this Bono, and what it knows of the names around it. */
export class OwnUris {
  readonly homeDomain: string;
  /** Our host in routes of the core: a name, never an address. */
  readonly coreHost: string;
  /** Route value of the I-CSCF. */
  readonly icscfRoute: string;
  /** Route value for what a phone originates when its S-CSCF told no Service-Route. */
  readonly icscfOriginatingRoute: string;
  readonly #config: BonoConfig;
  readonly #edgeHosts: ReadonlySet<string>;
  readonly #coreHosts: ReadonlySet<string>;
  readonly #coreDomains: readonly string[];
  readonly #icscfHost: string | undefined;

  constructor(config: BonoConfig) {
    this.#config = config;
    this.homeDomain = config.homeDomain.toLowerCase();
    this.coreHost = `bono.${this.homeDomain}`;
    const advertised = config.advertisedHost === undefined ? [] : [config.advertisedHost];
    this.#edgeHosts = hostSet([...config.edgeAddresses, ...advertised, this.coreHost]);
    this.#coreHosts = hostSet([config.coreAddress, this.coreHost]);
    this.#coreDomains = [this.homeDomain, ...config.coreDomains.map((domain) => domain.toLowerCase())];
    const icscfUri = config.icscfUri ?? `sip:icscf.${this.homeDomain}:5052;transport=TCP`;
    this.#icscfHost = hostOf(parseUri(icscfUri));
    this.icscfRoute = `<${icscfUri};lr>`;
    this.icscfOriginatingRoute = `<${icscfUri};lr;orig>`;
  }

  /** Whether a Route or Request-URI with this host (lower case) and port names this Bono. */
  owns(host: string, port: number | undefined): boolean {
    const { edgePort, corePort } = this.#config;
    return (
      ((port ?? 5060) === edgePort && this.#edgeHosts.has(host)) ||
      (port === corePort && this.#coreHosts.has(host)) ||
      (port === undefined && host === this.coreHost)
    );
  }

  /** Whether `uri` names the home domain or this Bono and nobody there. */
  isServerItself(uri: Uri | undefined): boolean {
    if (uri === undefined || (uri.scheme !== 'sip' && uri.scheme !== 'sips') || uri.user !== undefined)
      return false;
    return uri.host === this.homeDomain || this.owns(uri.host, uri.port);
  }

  /**
   * Whether a request within a dialog may take this way, from its next Route on: by hosts of the core, not by wherever a phone likes. A
   * Bono on it ends the question, for it sends to the flow it has a token for and nowhere else.
   */
  staysInCore(routes: readonly (Uri | undefined)[], requestUri: Uri | undefined): boolean {
    for (const uri of routes) {
      if (!this.isOfCore(uri)) return false;
      if (this.#isFlow(uri)) return true;
    }
    return this.isOfCore(requestUri);
  }

  /** Whether `uri` leads to a flow of this or another Bono. */
  #isFlow(uri: Uri | undefined): boolean {
    return (
      uri?.scheme === 'sip' &&
      uri.user !== undefined &&
      uri.host === this.coreHost &&
      uri.port === this.#config.corePort
    );
  }

  /** Whether `uri` is a host of the core. */
  isOfCore(uri: Uri | undefined): boolean {
    const host = hostOf(uri);
    if (host === undefined) return false;
    return (
      host === this.#icscfHost ||
      this.#coreDomains.some((domain) => host === domain || host.endsWith(`.${domain}`))
    );
  }

  /** Whether `impu` may be a user of ours. */
  isHomeIdentity(impu: Impu): boolean {
    return impu.startsWith('tel:') || impu.endsWith(`@${this.homeDomain}`);
  }

  /** Path and core side of Record-Route: the token names the phone's flow (RFC 5626 §5.2). Without `ob`: there is no STUN keep-alive yet. */
  coreRoute(token: string): string {
    return `<sip:${token}@${this.coreHost}:${this.#config.corePort};transport=TCP;lr>`;
  }

  /** Where a phone reaches us again the way it did: the edge side of Record-Route (RFC 5658 §5). */
  edgeRoute(flow: Flow): string {
    const host = hostForUri(this.#config.advertisedHost ?? flow.local.host);
    const transport = flow.transport === 'UDP' ? '' : `;transport=${flow.transport}`;
    return `<sip:${host}:${this.#config.edgePort}${transport};lr>`;
  }
}

/** What of our own Route entries belongs to one side, see `takeOwnRoutes`. */
export interface OwnRoutes {
  /** User part of the core-side entry. */
  readonly token: string | undefined;
  /** Own entries behind them, of a request that comes through us twice. */
  readonly rest: readonly string[];
}

/**
 * Splits the own Route URIs on top of a request into the pair of this pass, which ends with the one that has the token, and the rest:
 * when no core proxy recorded itself, the pair of the other phone follows at once.
 */
export function takeOwnRoutes(uris: readonly string[]): OwnRoutes {
  for (let at = 0; at < uris.length; at += 1) {
    const uri = parseUri(uris[at] ?? '');
    if (uri?.scheme === 'sip' && uri.user !== undefined) return { token: uri.user, rest: uris.slice(at + 1) };
  }
  return { token: undefined, rest: [] };
}

function hostOf(uri: Uri | undefined): string | undefined {
  return uri?.scheme === 'sip' || uri?.scheme === 'sips' ? uri.host : undefined;
}

function hostSet(hosts: readonly string[]): ReadonlySet<string> {
  return new Set(hosts.map((host) => hostForUri(host).toLowerCase()));
}
