import {
  activeBindings,
  type Impu,
  isBarred,
  isRegistered,
  type KeyedBinding,
  removeBinding,
} from '@clearwater/ims';
import type { Log } from '@clearwater/platform';
import { parseEvent, type Routing, type SipRequest, type Target } from '@clearwater/sip';
import { lookUpCalled } from '../called-user.ts';
import type { RefusalReason } from '../refusal.ts';
import type { SessionParts } from './originating.ts';
import { devicesOf, type Flows, requestTo } from './targets.ts';

export interface TerminatingParts extends SessionParts {
  readonly forkMax: number;
  /** Writer of this node in the records. */
  readonly nodeName: string;
  readonly log: Log;
}

/** Packages that a network serves, not a phone; as long as no application server does, the answer is prompt. */
const NETWORK_EVENTS = new Set(['message-summary', 'presence', 'dialog', 'reg']);

/** The terminating half of the S-CSCF (TS 24.229 5.4.3.3): to all devices that the called user has registered. */
export class Terminating {
  readonly #parts: TerminatingParts;

  constructor(parts: TerminatingParts) {
    this.#parts = parts;
  }

  async route(request: SipRequest, received: SipRequest): Promise<Routing> {
    const { aors, clock, forkMax, home, subscribers } = this.#parts;
    const called = await lookUpCalled(request, home, (impu) => subscribers.subscription(impu));
    if (called === undefined) return this.#refused(received, 'domain-not-served');
    const { impu: served, found } = called;
    if (found.tag === 'unavailable') return this.#refused(received, 'subscribers-unavailable');
    if (found.tag !== 'found') return this.#refused(received, 'callee-unknown');
    const { defaultImpu } = found.value;
    if (isBarred(found.value, served)) return this.#refused(received, 'callee-barred');
    const unserved = unservedReason(request);
    if (unserved !== undefined) return this.#refused(received, unserved);
    const read = await aors.read(defaultImpu);
    if (read.tag === 'unavailable') return this.#refused(received, 'registrations-unavailable');
    // A sips call may go to contacts on TLS flows alone (RFC 5630), of which there are none yet.
    const bindings = request.parsedUri?.scheme === 'sips' ? [] : activeBindings(read.record, clock.now());
    const devices = devicesOf(bindings, forkMax, home);
    if (devices.length === 0) return this.#refused(received, 'callee-not-registered');
    return { tag: 'forward', targets: this.#branches(request, defaultImpu, devices) };
  }

  /** One branch a device. A flow that turns out dead (430) loses its binding, and the device's next flow takes its place. */
  #branches(request: SipRequest, key: Impu, devices: readonly Flows[]): readonly Target[] {
    const targetOf = (flows: Flows): Target => ({
      request: requestTo(request, flows[0]),
      next: (status) => (status === FLOW_FAILED ? nextTarget(flows) : undefined),
      onResponse: (response) => {
        if (response.status !== FLOW_FAILED) return;
        this.#removeDead(key, flows[0]);
        // The caller has no flow of ours; to it the device is not there.
        if (flows.length === 1) response.setStatus(NOT_REACHABLE);
      },
    });
    const nextTarget = ([, ...rest]: Flows): Target | undefined => {
      const [first, ...others] = rest;
      return first === undefined ? undefined : targetOf([first, ...others]);
    };
    return devices.map(targetOf);
  }

  /** Nobody waits for it: if it fails, the next call finds the flow dead again. */
  #removeDead(key: Impu, binding: KeyedBinding): void {
    const { aors, clock, home, log, nodeName, subscribers } = this.#parts;
    const remove = async (): Promise<void> => {
      const update = await aors.update(key, (record) => {
        const after = removeBinding(record, binding, { nowMs: clock.now(), node: nodeName });
        return { record: after, value: after !== record };
      });
      const isLast = update.tag === 'done' && update.value && !isRegistered(update.record, clock.now());
      if (isLast) await subscribers.deregister(key, 'dereg-timeout', home.scscfUri);
    };
    remove().catch((error: unknown) => log.error('registration.removal-failed', { error }));
  }

  #refused(received: SipRequest, reason: RefusalReason): Routing {
    return { tag: 'refused', response: this.#parts.refusals.of(received, reason) };
  }
}

/** RFC 5626 §11.5. */
const FLOW_FAILED = 430;
const NOT_REACHABLE = 480;

function unservedReason(request: SipRequest): RefusalReason | undefined {
  if (request.method === 'PUBLISH') return 'publication-not-served';
  if (request.method !== 'SUBSCRIBE') return undefined;
  const event = parseEvent(request.header('Event') ?? '');
  return event === undefined || NETWORK_EVENTS.has(event.package.toLowerCase())
    ? 'event-not-served'
    : undefined;
}
