import { isIP } from 'node:net';
import type { SipUri, Uri } from '../message/mod.ts';
import type { TransportName } from '../transport/flow.ts';
import type { Hop, Resolver } from './resolver.ts';

/** Host name (lower case) → addresses of its instances. The successor of the original's dns.json, kept in shared config. */
export type HostTable = Readonly<Record<string, readonly string[]>>;

const DEFAULT_PORT = 5060;

/** Resolves IP literals and the names of a table; nothing else. Ports and transports come from the URI (RFC 3263 §4.1, §4.2). */
export class StaticResolver implements Resolver {
  readonly #table: ReadonlyMap<string, readonly string[]>;

  constructor(table: HostTable) {
    this.#table = new Map(Object.entries(table));
  }

  resolve(uri: Uri, key: string): readonly Hop[] {
    if (uri.scheme !== 'sip') return []; // sips: needs TLS, tel: a translation before
    const target = uri as SipUri;
    const transport = transportOf(target);
    if (transport === undefined) return [];
    const host = unbracketed(target.params.get('maddr') ?? target.host).toLowerCase();
    const port = target.port ?? DEFAULT_PORT;
    const addresses = isIP(host) === 0 ? (this.#table.get(host) ?? []) : [host];
    const first = addresses.length > 1 ? hash(key) % addresses.length : 0;
    return addresses.map((_, i) => ({
      transport,
      host: addresses[(first + i) % addresses.length] as string,
      port,
    }));
  }
}

/** UDP unless the URI names another transport (RFC 3263 §4.1); undefined for one that we do not speak. */
function transportOf(uri: SipUri): TransportName | undefined {
  switch (uri.params.get('transport')?.toLowerCase()) {
    case undefined:
    case 'udp':
      return 'UDP';
    case 'tcp':
      return 'TCP';
    default:
      return undefined;
  }
}

function unbracketed(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

/** FNV-1a: spreads Call-IDs over instances, the same way on every node. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
