import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { type KeyedSecret, type KeyRing, keyOf, RecentMap, type SocketAddress } from '@clearwater/platform';
import type { Flow } from '@clearwater/sip';

/** Which process made a token: a connection means nothing in another one, nor after its restart. */
export interface FlowOwner {
  readonly nodeId: string;
  /** Drawn at each start; `BOOT_ID_BYTES` bytes. */
  readonly bootId: Buffer;
}

/** What binds the token of a Record-Route to its dialog. */
export interface DialogBinding {
  readonly callId: string;
  /** The default public identity that was registered on the flow, when it was known. */
  readonly defaultImpu: string | undefined;
}

/** The flow a token names. */
export type FlowName =
  | { readonly tag: 'connection'; readonly connection: number }
  | { readonly tag: 'datagram'; readonly local: SocketAddress; readonly remote: SocketAddress };

export type OpenedToken =
  | { readonly tag: 'flow'; readonly name: FlowName; readonly identityTag: string | undefined }
  /** Genuine, but too old, or of a connection of another process: closed, or not ours to reach. */
  | { readonly tag: 'elsewhere'; readonly identityTag: string | undefined }
  /** Not made with these keys, or not for this dialog. */
  | { readonly tag: 'forged' };

/** What a token that was made or verified here means. */
interface Genuine {
  readonly opened: Extract<OpenedToken, { readonly tag: 'flow' }>;
  readonly key: KeyedSecret;
  /** When a datagram token gets too old. */
  readonly untilS: number;
}

export const BOOT_ID_BYTES = 6;
const NODE_TAG_BYTES = 4;
const CONNECTION_BYTES = 6;
const IDENTITY_TAG_BYTES = 6;
const MAC_BYTES = 12;
const HEAD_BYTES = 2;
const TOKEN_CHARS_MAX = 240;
/** A datagram token older than this is of no registration and no call that still lives. */
const DATAGRAM_AGE_MAX_S = 7 * 86_400;
/** Genuine tokens remembered. */
const GENUINE_MAX = 10_000;

// First byte of a token. Addresses other than IPv4 stand as text, so that they come back exactly as the sockets spell them.
const CONNECTION = 0;
const DATAGRAM_V4 = 1;
const DATAGRAM_TEXT = 2;
const OF_DIALOG = 0x80;
const ISSUED_BYTES = 4;
const ADDRESS_V4_BYTES = 6;

/**
 * Flow tokens (RFC 5626 §5.2): the user part of our Path and Record-Route URIs. A token is kind, key id, flow, for a dialog also a hash
 * of the identity, and a truncated HMAC-SHA-256 (96 bits) over all this and the Call-ID of the dialog. It says where a phone is
 * reached, never who it is: a token alone authorises no identity.
 */
export class FlowTokens {
  readonly #keys: KeyRing;
  readonly #bootId: Buffer;
  readonly #nodeTag: Buffer;
  readonly #nowS: () => number;
  /** So that a token is not verified again for each request of its call; by token and what it is bound to. */
  readonly #genuine = new RecentMap<Genuine>(GENUINE_MAX);

  /** `nowMs` is the wall clock: the issue time of datagram tokens. */
  constructor(keys: KeyRing, owner: FlowOwner, nowMs: () => number) {
    this.#keys = keys;
    this.#bootId = owner.bootId;
    this.#nodeTag = hash('sha256', owner.nodeId, 'buffer').subarray(0, NODE_TAG_BYTES);
    this.#nowS = () => Math.floor(nowMs() / 1_000);
  }

  /** The token of `flow`, characters `[A-Za-z0-9_-]`: for a Path without `dialog`, for a Record-Route with it. */
  seal(flow: Flow, dialog?: DialogBinding): string {
    const { kind, body } = this.#nameOf(flow);
    const key = this.#keys.current;
    const head = Buffer.from([kind | (dialog === undefined ? 0 : OF_DIALOG), key.id]);
    const identityTag = dialog && identityTagOf(dialog.defaultImpu);
    const identity = identityTag === undefined ? [] : [Buffer.from(identityTag, 'hex')];
    const signed = Buffer.concat([head, body, ...identity]);
    const token = Buffer.concat([signed, macOf(signed, key.secret, dialog?.callId)]).toString('base64url');
    const opened = { tag: 'flow', name: nameOf(flow), identityTag } as const;
    this.#remember(token, dialog?.callId, { opened, key, untilS: untilS(kind, body) });
    return token;
  }

  /** What `token` names. `callId` is that of the request which brought it; the token of a Path holds for any. */
  open(token: string, callId: string): OpenedToken {
    return this.#recall(token, callId) ?? this.#recall(token, undefined) ?? this.#verify(token, callId);
  }

  #recall(token: string, callId: string | undefined): OpenedToken | undefined {
    const genuine = this.#genuine.get(memoKey(token, callId));
    if (genuine === undefined || this.#nowS() > genuine.untilS) return undefined;
    const { id, secret } = genuine.key;
    return keyOf(this.#keys, id)?.secret.equals(secret) ? genuine.opened : undefined;
  }

  #remember(token: string, callId: string | undefined, genuine: Genuine): void {
    // As a copy: a part of a message would keep the whole of it in memory.
    const key = Buffer.from(memoKey(token, callId), 'latin1').toString('latin1');
    this.#genuine.set(key, genuine);
  }

  #verify(token: string, callId: string): OpenedToken {
    const bytes = bytesOf(token);
    const key = bytes && keyOf(this.#keys, bytes.readUInt8(1));
    if (bytes === undefined || key === undefined) return { tag: 'forged' };
    const signed = bytes.subarray(0, bytes.length - MAC_BYTES);
    const kind = signed.readUInt8(0);
    const isOfDialog = (kind & OF_DIALOG) !== 0;
    const boundTo = isOfDialog ? callId : undefined;
    const mac = macOf(signed, key.secret, boundTo);
    if (!timingSafeEqual(mac, bytes.subarray(signed.length))) return { tag: 'forged' };

    const bodyEnd = signed.length - (isOfDialog ? IDENTITY_TAG_BYTES : 0);
    const identityTag = isOfDialog ? signed.toString('hex', bodyEnd) : undefined;
    const body = signed.subarray(HEAD_BYTES, bodyEnd);
    const name = this.#parseName(kind & ~OF_DIALOG, body);
    if (name === undefined) return { tag: 'elsewhere', identityTag };
    const opened = { tag: 'flow', name, identityTag } as const;
    this.#remember(token, boundTo, { opened, key, untilS: untilS(kind & ~OF_DIALOG, body) });
    return opened;
  }

  #nameOf(flow: Flow): { kind: number; body: Buffer } {
    if (flow.connection !== 0) {
      const connection = Buffer.alloc(CONNECTION_BYTES);
      connection.writeUIntBE(flow.connection, 0, CONNECTION_BYTES);
      return { kind: CONNECTION, body: Buffer.concat([this.#nodeTag, this.#bootId, connection]) };
    }
    const { local, remote } = flow;
    const issued = Buffer.alloc(ISSUED_BYTES);
    issued.writeUInt32BE(this.#nowS() >>> 0);
    if (isIPv4(local.host) && isIPv4(remote.host))
      return { kind: DATAGRAM_V4, body: Buffer.concat([issued, packV4(local), packV4(remote)]) };
    const text = [local.port, local.host, remote.port, remote.host].join(',');
    return { kind: DATAGRAM_TEXT, body: Buffer.concat([issued, Buffer.from(text, 'latin1')]) };
  }

  /** The name in a genuine token; undefined when it is too old or of another process. */
  #parseName(kind: number, body: Buffer): FlowName | undefined {
    if (kind === CONNECTION) {
      const owner = Buffer.concat([this.#nodeTag, this.#bootId]);
      if (!owner.equals(body.subarray(0, owner.length))) return undefined;
      return { tag: 'connection', connection: body.readUIntBE(owner.length, CONNECTION_BYTES) };
    }
    if (this.#nowS() > untilS(kind, body)) return undefined;
    const addresses = body.subarray(ISSUED_BYTES);
    if (kind === DATAGRAM_V4) {
      const remote = addresses.subarray(ADDRESS_V4_BYTES);
      return { tag: 'datagram', local: unpackV4(addresses), remote: unpackV4(remote) };
    }
    const [localPort, localHost = '', remotePort, remoteHost = ''] = addresses.toString('latin1').split(',');
    return {
      tag: 'datagram',
      local: { host: localHost, port: Number(localPort) },
      remote: { host: remoteHost, port: Number(remotePort) },
    };
  }
}

function nameOf({ connection, local, remote }: Flow): FlowName {
  return connection === 0 ? { tag: 'datagram', local, remote } : { tag: 'connection', connection };
}

/** Until when a token holds, in seconds; that of a connection as long as the connection. */
function untilS(kind: number, body: Buffer): number {
  return kind === CONNECTION ? Number.POSITIVE_INFINITY : body.readUInt32BE() + DATAGRAM_AGE_MAX_S;
}

/** Its length says where the token ends. */
function memoKey(token: string, callId: string | undefined): string {
  return callId === undefined ? ` ${token}` : `${token.length} ${token} ${callId}`;
}

/** One text per flow, equal for equal flows: the key of whatever is remembered about one. */
export function flowKey(flow: Flow): string {
  return flow.connection !== 0 ? `c${flow.connection}` : datagramKey(flow);
}

/** Whether `name` is the name of `flow`. */
export function names(name: FlowName, flow: Flow): boolean {
  if (name.tag === 'connection') return name.connection === flow.connection;
  return flow.connection === 0 && datagramKey(name) === datagramKey(flow);
}

/** A short hash of a default identity as dialog tokens carry it, in hex; of no identity at all: one that is never asked for. */
export function identityTagOf(defaultImpu: string | undefined): string {
  return hash('sha256', defaultImpu ?? '', 'hex').slice(0, 2 * IDENTITY_TAG_BYTES);
}

function datagramKey({ local, remote }: { local: SocketAddress; remote: SocketAddress }): string {
  return `${local.host} ${local.port} ${remote.host} ${remote.port}`;
}

function bytesOf(token: string): Buffer | undefined {
  if (token.length > TOKEN_CHARS_MAX) return undefined;
  const bytes = Buffer.from(token, 'base64url');
  // The second test refuses other spellings of the same bytes.
  const isWhole = bytes.length > HEAD_BYTES + MAC_BYTES && bytes.toString('base64url') === token;
  return isWhole ? bytes : undefined;
}

function macOf(signed: Buffer, secret: Buffer, callId: string | undefined): Buffer {
  const mac = createHmac('sha256', secret).update('bono flow\0').update(signed);
  if (callId !== undefined) mac.update('\0').update(callId, 'latin1');
  return mac.digest().subarray(0, MAC_BYTES);
}

function packV4({ host, port }: SocketAddress): Buffer {
  return Buffer.from([...host.split('.').map(Number), port >> 8, port & 0xff]);
}

function unpackV4(bytes: Buffer): SocketAddress {
  return { host: bytes.subarray(0, 4).join('.'), port: bytes.readUInt16BE(4) };
}
