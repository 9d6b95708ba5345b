import {
  type AorRecord,
  activeBindings,
  decodeRecord,
  type Impu,
  mergeRecordTexts,
  parseRegData,
} from '@clearwater/ims';
import type { Clock, Log } from '@clearwater/platform';
import { type Flow, parseNameAddr, splitList } from '@clearwater/sip';
import type { Records, RecordTable } from '@clearwater/vellum';
import type { FlowIdentity, FlowRegistration } from './flow-identities.ts';
import { type FlowTokens, names } from './flow-token.ts';

/** What of Homestead's signalling API is used here; its `HomesteadClient` fits. */
export interface RegDataSource {
  getRegData(request: {
    readonly params: { readonly impu: string };
    readonly query: Record<string, never>;
  }): Promise<{ readonly status: number; readonly body?: unknown }>;
}

export interface FlowRecoveryParts {
  readonly records: Records;
  readonly homestead: RegDataSource;
  readonly tokens: FlowTokens;
  readonly clock: Clock;
  readonly log: Log;
  /** Host of our Path URIs. */
  readonly coreHost: string;
  /** Recoveries at once; one beyond is answered `unavailable`, so that strangers cannot make us flood the stores. */
  readonly concurrentMax: number;
}

export type Recovered =
  | { readonly tag: 'registered'; readonly registration: FlowRegistration }
  /** Certainly: no live binding of that user names the flow. */
  | { readonly tag: 'unregistered' }
  | { readonly tag: 'unavailable' };

/**
 * Finds out who is registered over a flow this process knows nothing of (it restarted, or another Bono took the REGISTER): by the
 * registration record of the identity the phone claims, when one of its live bindings has a Path that names the flow.
 */
export class FlowRecovery {
  readonly #parts: FlowRecoveryParts;
  readonly #table: RecordTable;
  #runningCount = 0;

  constructor(parts: FlowRecoveryParts) {
    this.#parts = parts;
    this.#table = parts.records.table({ name: 'reg', merge: mergeRecordTexts });
  }

  /** Never rejects. */
  async recover(flow: Flow, impu: Impu): Promise<Recovered> {
    if (this.#runningCount >= this.#parts.concurrentMax) return { tag: 'unavailable' };
    this.#runningCount += 1;
    try {
      const record = await this.#recordOf(impu);
      if (typeof record === 'string') return { tag: record };
      const registration = this.#registrationOver(flow, record);
      return registration === undefined ? { tag: 'unregistered' } : { tag: 'registered', registration };
    } catch (error) {
      this.#parts.log.warn('bono.recovery-failed', { error });
      return { tag: 'unavailable' };
    } finally {
      this.#runningCount -= 1;
    }
  }

  /** The record of the implicit set of `impu`: most users call by their default identity, so Homestead is asked only on a miss. */
  async #recordOf(impu: Impu): Promise<AorRecord | 'unregistered' | 'unavailable'> {
    const own = await this.#read(impu);
    if (own !== 'unregistered') return own;
    const reply = await this.#parts.homestead.getRegData({ params: { impu }, query: {} });
    if (reply.status === 404) return 'unregistered';
    const parsed =
      typeof reply.body === 'string' && reply.status === 200 ? parseRegData(reply.body) : undefined;
    if (parsed?.tag !== 'parsed') return 'unavailable';
    const defaultImpu = parsed.regData.subscription?.defaultImpu;
    return defaultImpu === undefined || defaultImpu === impu ? 'unregistered' : this.#read(defaultImpu);
  }

  async #read(defaultImpu: Impu): Promise<AorRecord | 'unregistered' | 'unavailable'> {
    const read = await this.#table.get(defaultImpu);
    if (read.tag === 'found') return decodeRecord(read.value);
    return read.tag === 'absent' ? 'unregistered' : 'unavailable';
  }

  #registrationOver(flow: Flow, record: AorRecord): FlowRegistration | undefined {
    const binding = activeBindings(record, this.#parts.clock.now()).find(({ path }) =>
      path.flatMap(splitList).some((value) => this.#isPathOf(value, flow)),
    );
    const identities = (record.registration?.associated ?? [])
      .filter(({ isBarred }) => !isBarred)
      .map(({ impu }): FlowIdentity => ({ uri: impu, impu }));
    const [first, ...others] = identities;
    if (binding === undefined || first === undefined) return undefined;
    return {
      impi: binding.impi,
      identities: [first, ...others],
      serviceRoute: record.registration?.serviceRoute ?? [],
      expiresAtMs: binding.expiresAtMs,
    };
  }

  #isPathOf(value: string, flow: Flow): boolean {
    const uri = parseNameAddr(value)?.parsedUri;
    if (uri?.scheme !== 'sip' || uri.host !== this.#parts.coreHost || uri.user === undefined) return false;
    const opened = this.#parts.tokens.open(uri.user, '');
    return opened.tag === 'flow' && names(opened.name, flow);
  }
}
