import { createHmac, timingSafeEqual } from 'node:crypto';
import { type KeyRing, keyOf } from '@clearwater/platform';

export type NonceCheck =
  | { readonly tag: 'fresh' | 'expired'; readonly issuedAtMs: number; readonly attempt: number }
  | { readonly tag: 'forged' };

/** Where unpredictable bytes come from; the platform's Random is one. */
export interface RandomBytes {
  bytes(length: number): Buffer;
}

// key id (1), issue time in ms (6), attempt (1), random (8), MAC (16)
const TIME_AT = 1;
const ATTEMPT_AT = 7;
const RANDOM_AT = 8;
const MAC_AT = 16;
const NONCE_BYTES = 32;
const NONCE_CHARS = 43;

/**
 * Makes and checks nonces that carry their own state: issue time, attempt number, and a MAC over these and the private identity,
 * so nothing is stored when a challenge goes out. Replay after the first success is the registrar's to refuse.
 */
export class NonceMint {
  readonly #keys: KeyRing;
  readonly #random: RandomBytes;

  constructor(keys: KeyRing, random: RandomBytes) {
    this.#keys = keys;
    this.#random = random;
  }

  /** A nonce of 43 chars `[A-Za-z0-9_-]`. `attempt` is 0 to 255. */
  mint(input: { readonly impi: string; readonly nowMs: number; readonly attempt: number }): string {
    const { id, secret } = this.#keys.current;
    const nonce = Buffer.allocUnsafe(NONCE_BYTES);
    nonce.writeUInt8(id, 0);
    nonce.writeUIntBE(Math.floor(input.nowMs), TIME_AT, 6);
    nonce.writeUInt8(Math.min(input.attempt, 255), ATTEMPT_AT);
    this.#random.bytes(MAC_AT - RANDOM_AT).copy(nonce, RANDOM_AT);
    macOf(nonce, secret, input.impi).copy(nonce, MAC_AT, 0, NONCE_BYTES - MAC_AT);
    return nonce.toString('base64url');
  }

  /** 'forged' covers all that these keys did not make for this identity; 'expired' is older than `lifetimeMs` (or from the future). */
  check(nonce: string, impi: string, nowMs: number, lifetimeMs: number): NonceCheck {
    if (nonce.length !== NONCE_CHARS) return { tag: 'forged' };
    const bytes = Buffer.from(nonce, 'base64url');
    // The second test refuses other spellings of the same bytes.
    if (bytes.length !== NONCE_BYTES || bytes.toString('base64url') !== nonce) return { tag: 'forged' };
    const secret = keyOf(this.#keys, bytes.readUInt8(0))?.secret;
    if (secret === undefined) return { tag: 'forged' };
    const mac = macOf(bytes, secret, impi).subarray(0, NONCE_BYTES - MAC_AT);
    if (!timingSafeEqual(mac, bytes.subarray(MAC_AT))) return { tag: 'forged' };
    const issuedAtMs = bytes.readUIntBE(TIME_AT, 6);
    const ageMs = nowMs - issuedAtMs;
    const tag = ageMs <= lifetimeMs && ageMs >= -lifetimeMs ? 'fresh' : 'expired';
    return { tag, issuedAtMs, attempt: bytes.readUInt8(ATTEMPT_AT) };
  }
}

function macOf(nonce: Buffer, secret: Buffer, impi: string): Buffer {
  return createHmac('sha256', secret).update(nonce.subarray(0, MAC_AT)).update(impi).digest();
}
