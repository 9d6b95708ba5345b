import type { Timer } from '@clearwater/platform';
import { createResponse, type SipRequest, type SipResponse } from '../message/mod.ts';
import type {
  ClientFailure,
  ClientLeg,
  RoleHost,
  SendOptions,
  ServerLeg,
  ServerLegUser,
} from '../role/role.ts';
import { rankOf, upstreamStatus } from './best-response.ts';

/** A request ready to be sent: everything but the Via is in place. */
export interface Target {
  readonly request: SipRequest;
  readonly options?: SendOptions;
  /** What takes this target's place when it ended with `status` and nothing is decided yet: the next flow of one device (RFC 5626 §5.3). */
  readonly next?: (status: number) => Target | undefined;
}

/** What a role may see and change of the responses on their way upstream. */
export interface ForkHooks {
  /** Called with every response before it is considered; may edit it. `target` is the one that it answers. */
  onResponse?(response: SipResponse, target: Target): void;
  /** Called when a target gives no final response; the status (default 408 or 500) counts as its answer. */
  onFailure?(failure: ClientFailure, target: Target): number | undefined;
}

/** RFC 3261 §16.6-11: more than three minutes, reset by every provisional response; and what sip-rules call the hard cap. */
const TIMER_C_MS = 185_000;
const RINGING_MAX_MS = 600_000;

interface Branch {
  readonly target: Target;
  leg: ClientLeg | undefined;
  finalStatus: number;
  hasProvisional: boolean;
  timerC: Timer | undefined;
}

/**
 * The response context of RFC 3261 §16.7: one request upstream, its branches downstream. Forwards provisional and 2xx responses at
 * once, keeps the best of the others until all branches have ended, and passes a CANCEL on.
 */
export class Fork implements ServerLegUser {
  readonly #leg: ServerLeg;
  readonly #host: RoleHost;
  #hooks: ForkHooks = {};
  readonly #branches: Branch[] = [];
  readonly #startedAtMs: number;
  #best: SipResponse | undefined;
  #hasFinal = false;
  #isCancelled = false;

  constructor(leg: ServerLeg, host: RoleHost) {
    this.#leg = leg;
    this.#host = host;
    this.#startedAtMs = host.clock.monotonic();
    leg.attach(this);
  }

  /** §16.6: one branch a target, all at once. Without targets the answer is `statusIfNone`. */
  start(targets: readonly Target[], hooks: ForkHooks = {}, statusIfNone = 480): void {
    this.#hooks = hooks;
    if (this.#isCancelled) return this.#respondLocally(487);
    if (targets.length === 0) return this.#respondLocally(statusIfNone);
    for (const target of targets) this.#branches.push(branchTo(target));
    for (const branch of this.#branches) this.#call(branch);
  }

  /** Ends a request that was not forwarded. A CANCEL that came meanwhile wins. */
  refuse(response: SipResponse): void {
    if (this.#isCancelled) this.#respondLocally(487);
    else this.#finish(response);
  }

  /** §16.10. Before the targets are known there is nothing to cancel: the request then ends with 487 instead of being sent. */
  onCancel(): void {
    this.#isCancelled = true;
    this.#cancelPending();
  }

  #call(branch: Branch): void {
    const { target } = branch;
    if (target.request.method === 'INVITE') this.#startTimerC(branch);
    branch.leg = this.#host.send(
      target.request,
      {
        onResponse: (response) => this.#onResponse(branch, response),
        onFailure: (failure) => this.#onFailure(branch, failure),
      },
      target.options,
    );
  }

  #onResponse(branch: Branch, response: SipResponse): void {
    this.#hooks.onResponse?.(response, branch.target);
    const { status } = response;
    if (status < 200) {
      branch.hasProvisional = true;
      if (branch.finalStatus !== 0 || this.#hasFinal) return;
      if (branch.timerC !== undefined) this.#startTimerC(branch);
      this.#leg.respond(response); // §16.7-5
    } else if (status < 300) {
      this.#ended(branch, status);
      const isFirst = !this.#hasFinal;
      this.#hasFinal = true;
      this.#leg.respond(response); // every 2xx to an INVITE goes up, §16.7-5
      if (isFirst) this.#cancelPending(); // §16.7-10
    } else {
      this.#ended(branch, status);
      if (!this.#replace(branch, status)) this.#consider(response);
    }
  }

  #onFailure(branch: Branch, failure: ClientFailure): void {
    if (branch.finalStatus !== 0) return;
    const status = this.#hooks.onFailure?.(failure, branch.target) ?? STATUS_OF_FAILURE[failure];
    this.#ended(branch, status);
    if (this.#replace(branch, status)) return;
    this.#consider(this.#localResponse(this.#isCancelled && status === 408 ? 487 : status));
  }

  /** A final failure of one branch: kept if it is the best yet; sent once it can no longer be beaten. */
  #consider(response: SipResponse): void {
    if (this.#best === undefined) this.#best = response;
    else if (isChallenge(response) && isChallenge(this.#best)) addChallenges(this.#best, response);
    else if (rankOf(response.status) < rankOf(this.#best.status)) this.#best = response;
    if (response.status >= 600) this.#cancelPending(); // §16.7-5
    if (this.#hasFinal || this.#branches.some((branch) => branch.finalStatus === 0)) return;
    this.#hasFinal = true;
    const best = this.#best;
    const status = upstreamStatus(best.status);
    if (status !== best.status) best.setStatus(status);
    if (status === 408 && this.#leg.request.method !== 'INVITE')
      this.#leg.abandon(); // RFC 4320 §4.2
    else this.#leg.respond(best);
  }

  /** A target that failed may name another in its place, unless the caller or another branch has ended the matter. */
  #replace({ target }: Branch, status: number): boolean {
    const isDecided = this.#isCancelled || this.#hasFinal || (this.#best?.status ?? 0) >= 600;
    const next = isDecided ? undefined : target.next?.(status);
    if (next === undefined) return false;
    const branch = branchTo(next);
    this.#branches.push(branch);
    this.#call(branch);
    return true;
  }

  #ended(branch: Branch, status: number): void {
    if (branch.finalStatus === 0) branch.finalStatus = status;
    branch.timerC?.cancel();
    branch.timerC = undefined;
  }

  #cancelPending(): void {
    for (const branch of this.#branches) if (branch.finalStatus === 0) branch.leg?.cancel();
  }

  /** §16.8: on firing, cancel a branch that rings; one that said nothing is as good as timed out. */
  #startTimerC(branch: Branch): void {
    branch.timerC?.cancel();
    const leftMs = this.#startedAtMs + RINGING_MAX_MS - this.#host.clock.monotonic();
    branch.timerC = this.#host.clock.startTimer(Math.max(0, Math.min(TIMER_C_MS, leftMs)), () => {
      branch.timerC = undefined;
      branch.leg?.cancel();
      if (!branch.hasProvisional) this.#onFailure(branch, 'timeout');
    });
  }

  #respondLocally(status: number): void {
    this.#finish(this.#localResponse(status));
  }

  #finish(response: SipResponse): void {
    if (this.#hasFinal) return;
    this.#hasFinal = true;
    this.#leg.respond(response);
  }

  #localResponse(status: number): SipResponse {
    return createResponse(this.#leg.request, status, undefined, { toTag: this.#host.random.token(10) });
  }
}

function branchTo(target: Target): Branch {
  return { target, leg: undefined, finalStatus: 0, hasProvisional: false, timerC: undefined };
}

/** RFC 3261 §16.7-2 and §16.9: silence is a 408; a next hop that cannot be reached counts as a 503; a dead flow is RFC 5626's 430. */
const STATUS_OF_FAILURE: Readonly<Record<ClientFailure, number>> = {
  timeout: 408,
  unreachable: 503,
  'flow-failed': 430,
};

function isChallenge(response: SipResponse): boolean {
  return response.status === 401 || response.status === 407;
}

/** §16.7-7: the caller sees the challenges of all branches. */
function addChallenges(best: SipResponse, other: SipResponse): void {
  for (const name of ['WWW-Authenticate', 'Proxy-Authenticate']) {
    for (const challenge of other.headers(name)) best.append(name, challenge);
  }
}
