import type { Timer } from '@clearwater/platform';
import {
  createResponse,
  parseExpires,
  parseWholeNumber,
  type SipRequest,
  type SipResponse,
} from '../message/mod.ts';
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
  /** Called with each response to this target, until all branches have ended, before it is considered; may edit it. */
  readonly onResponse?: (response: SipResponse) => void;
}

/** What a role may see and change of the responses on their way upstream. */
export interface ForkHooks {
  /**
   * Called with every response before it is considered; may edit it. Kept for the further 2xx to an INVITE, 32 s longer than all else:
   * it had better hold little.
   */
  onResponse?(response: SipResponse): void;
}

/** RFC 3261 §16.6-11: more than three minutes, reset by every provisional response. */
const TIMER_C_MS = 185_000;
/**
 * How long a call may ring altogether, if its Expires (§13.2.1) does not say less; 0 there says nothing. Deviates from §16.7-2, by
 * which a phone that repeats its 180 for ever would hold its branch for ever.
 */
const RINGING_MAX_MS = 600_000;
/** RFC 5393 §5.3.3: branches a request may have at once, over all proxies, unless it says otherwise. */
const MAX_BREADTH = 60;
/** RFC 3326: phones list a call that was cancelled so as answered, not as missed. */
const COMPLETED_ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"';

interface Branch {
  /** Let go when all branches have ended. */
  target: Target | undefined;
  leg: ClientLeg | undefined;
  finalStatus: number;
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
  #branches: Branch[] = [];
  readonly #isInvite: boolean;
  readonly #ringsUntilMs: number;
  #breadth: number | undefined;
  #best: SipResponse | undefined;
  #hasFinal = false;
  #isCancelled = false;

  constructor(leg: ServerLeg, host: RoleHost) {
    this.#leg = leg;
    this.#host = host;
    const expiresS = parseExpires(leg.request.header('Expires') ?? '') || RINGING_MAX_MS;
    this.#ringsUntilMs = host.clock.monotonic() + Math.min(expiresS * 1_000, RINGING_MAX_MS);
    this.#isInvite = leg.request.method === 'INVITE';
    leg.attach(this);
  }

  /** §16.6: one branch a target, all at once. Without targets the answer is `statusIfNone`. */
  start(targets: readonly Target[], hooks: ForkHooks = {}, statusIfNone = 480): void {
    if (this.#hasFinal) return; // cancelled meanwhile
    if (targets.length === 0) return this.#respondLocally(statusIfNone);
    const breadth = parseWholeNumber(this.#leg.request.header('Max-Breadth') ?? '', 256) ?? MAX_BREADTH;
    if (targets.length > breadth) return this.#respondLocally(440);
    if (targets.length > 1) this.#breadth = Math.floor(breadth / targets.length);
    this.#hooks = hooks;
    const branches = targets.map(branchTo);
    this.#branches.push(...branches);
    for (const branch of branches) this.#call(branch, branch.target);
  }

  /** Ends a request with a response of ours, and what was sent of it already. */
  refuse(response: SipResponse): void {
    this.#finish(response);
    this.#cancelPending();
  }

  /** §16.10. While nothing is sent there is nothing to cancel and nothing to wait for: 487 at once. */
  onCancel(reason?: string): void {
    this.#isCancelled = true;
    if (this.#branches.length === 0) this.#respondLocally(487);
    else this.#cancelPending(reason);
  }

  #call(branch: Branch, target: Target): void {
    if (this.#isInvite) this.#startTimerC(branch);
    if (this.#breadth !== undefined) target.request.set('Max-Breadth', String(this.#breadth));
    branch.leg = this.#host.send(
      target.request,
      {
        onResponse: (response) => this.#guard(branch, () => this.#onResponse(branch, response)),
        onFailure: (failure) => this.#guard(branch, () => this.#onFailure(branch, failure)),
      },
      target.options,
    );
  }

  /** A hook that throws ends its branch with a 500: the caller is not left waiting. */
  #guard(branch: Branch, handle: () => void): void {
    try {
      handle();
    } catch (error) {
      this.#host.log.error('proxy.hook-failed', { error, callId: branch.target?.request.callId });
      if (branch.finalStatus !== 0) return;
      branch.leg?.cancel();
      this.#ended(branch, 500);
      this.#considerStatus(500);
    }
  }

  #onResponse(branch: Branch, response: SipResponse): void {
    branch.target?.onResponse?.(response);
    this.#hooks.onResponse?.(response);
    const { status } = response;
    if (status < 200) {
      if (branch.finalStatus !== 0 || this.#hasFinal) return;
      if (!this.#isInvite) return; // RFC 4320 §4.1
      if (branch.timerC !== undefined) this.#startTimerC(branch);
      this.#leg.respond(response); // §16.7-5
    } else if (status < 300) {
      this.#ended(branch, status);
      const isFirst = !this.#hasFinal;
      this.#hasFinal = true;
      this.#leg.respond(response); // every 2xx to an INVITE goes up, §16.7-5
      if (isFirst) this.#cancelPending(COMPLETED_ELSEWHERE); // §16.7-10
      this.#letGo();
    } else if (branch.finalStatus === 0) {
      this.#ended(branch, status);
      if (!this.#replace(branch, status)) this.#consider(response);
    }
  }

  #onFailure(branch: Branch, failure: ClientFailure): void {
    if (branch.finalStatus !== 0) return;
    const status = STATUS_OF_FAILURE[failure];
    this.#ended(branch, status);
    if (this.#replace(branch, status)) return;
    this.#considerStatus(this.#isCancelled ? 487 : status);
  }

  #considerStatus(status: number): void {
    if (this.#hasFinal) this.#letGo();
    else this.#consider(this.#localResponse(status));
  }

  /** A final failure of one branch: kept if it is the best yet; sent once it can no longer be beaten. */
  #consider(response: SipResponse): void {
    if (this.#hasFinal) return this.#letGo();
    if (this.#best === undefined) this.#best = response;
    else if (isChallenge(response) && isChallenge(this.#best)) addChallenges(this.#best, response);
    else if (rankOf(response.status) < rankOf(this.#best.status)) this.#best = response;
    if (response.status >= 600) this.#cancelPending(); // §16.7-5
    if (this.#branches.some((branch) => branch.finalStatus === 0)) return;
    this.#hasFinal = true;
    const best = this.#best;
    const status = upstreamStatus(best.status);
    if (status !== best.status) best.setStatus(status);
    if (status === 408 && !this.#isInvite)
      this.#leg.abandon(); // RFC 4320 §4.2
    else this.#leg.respond(best);
    this.#letGo();
  }

  /** A target that failed may name another in its place, unless the caller or another branch has ended the matter. */
  #replace({ target }: Branch, status: number): boolean {
    const isDecided = this.#isCancelled || this.#hasFinal || (this.#best?.status ?? 0) >= 600;
    const next = isDecided ? undefined : target?.next?.(status);
    if (next === undefined) return false;
    const branch = branchTo(next);
    this.#branches.push(branch);
    this.#call(branch, next);
    return true;
  }

  #ended(branch: Branch, status: number): void {
    if (branch.finalStatus === 0) branch.finalStatus = status;
    branch.timerC?.cancel();
    branch.timerC = undefined;
  }

  /** What is left after the last branch ended is to pass on further 2xx for 64·T1: the requests are not kept for that. */
  #letGo(): void {
    if (this.#branches.some((branch) => branch.finalStatus === 0)) return;
    for (const branch of this.#branches) branch.target = undefined;
    this.#branches = [];
    this.#best = undefined;
  }

  #cancelPending(reason?: string): void {
    for (const branch of this.#branches) if (branch.finalStatus === 0) branch.leg?.cancel(reason);
  }

  /** §16.8: cancels a branch that rings too long; its final response, or the leg's time-out, ends it. */
  #startTimerC(branch: Branch): void {
    branch.timerC?.cancel();
    const leftMs = this.#ringsUntilMs - this.#host.clock.monotonic();
    branch.timerC = this.#host.clock.startTimer(Math.max(0, Math.min(TIMER_C_MS, leftMs)), () => {
      branch.timerC = undefined;
      branch.leg?.cancel();
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

function branchTo(target: Target): Branch & { readonly target: Target } {
  return { target, leg: undefined, finalStatus: 0, timerC: undefined };
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
