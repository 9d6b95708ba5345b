import type { Clock, HandlersOf } from '@clearwater/platform';
import { canonicalEmail, checkAccount, passwordFault } from './account-input.ts';
import type { Accounts } from './accounts.ts';
import type { ellisApi } from './api.ts';
import type { Gate } from './gate.ts';
import { sessionToken } from './gate.ts';
import type { Numbers } from './numbers.ts';
import { RECOVERY_PAGE_HEADERS, recoveryPage } from './recovery-page.ts';
import { answering, answeringForm, refusal, success, throttled } from './reply.ts';
import { sameSecret } from './secret-token.ts';
import type { Sessions } from './sessions.ts';
import { Throttle } from './throttle.ts';

export interface AccountHandlerParts {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly numbers: Numbers;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly signUpCode: string;
}

export type EllisHandlers = HandlersOf<typeof ellisApi>;
type AccountHandlers = Pick<
  EllisHandlers,
  'createAccount' | 'deleteAccount' | 'changePassword' | 'recoveryPage' | 'logIn' | 'logOut'
>;

const DAY_S = 86_400;

/** The original's limits on recovery, and ours on guessing; those by e-mail address are beside a global one. */
function createThrottles(clock: Clock): Readonly<Record<Limited, Throttle>> {
  return {
    signUp: new Throttle({ ratePerS: 1, burst: 20 }, clock),
    logIn: new Throttle({ ratePerS: 20, burst: 100 }, clock),
    logInByEmail: new Throttle({ ratePerS: 0.1, burst: 10 }, clock),
    mail: new Throttle({ ratePerS: 100 / DAY_S, burst: 5 }, clock),
    recover: new Throttle({ ratePerS: 1, burst: 20 }, clock),
  };
}
type Limited = 'signUp' | 'logIn' | 'logInByEmail' | 'mail' | 'recover';

/** Accounts, sessions and account passwords. */
export function accountHandlers(parts: AccountHandlerParts): AccountHandlers {
  const throttles = createThrottles(parts.clock);
  return {
    ...signUpHandlers(parts, throttles),
    ...passwordHandlers(parts, throttles),
    ...sessionHandlers(parts, throttles),
  };
}

function signUpHandlers(
  { accounts, numbers, gate, signUpCode }: AccountHandlerParts,
  throttles: Readonly<Record<Limited, Throttle>>,
): Pick<AccountHandlers, 'createAccount' | 'deleteAccount'> {
  return {
    createAccount: ({ body, headers = {} }) =>
      answeringForm(body, async () => {
        const waitS = throttles.signUp.admit();
        if (waitS !== undefined) return throttled(waitS);
        if (!sameSecret(headers['ngv-signup-code'] ?? body.signup_code ?? '', signUpCode)) {
          return refusal(403, 'ellis.wrong-sign-up-code');
        }
        throttles.signUp.forgive();
        const input = checkAccount(body);
        if (input.tag === 'invalid') return refusal(400, 'ellis.invalid-account', { detail: input.reason });
        const { email, fullName } = input.account;
        const existing = await accounts.get(email);
        if (existing !== undefined && accounts.isExpired(existing))
          await removeAccount({ accounts, numbers }, email);
        if ((await accounts.create(input.account)) === 'exists') return refusal(409, 'ellis.account-exists');
        return success(201, { username: email, full_name: fullName });
      }),

    deleteAccount: ({ params, headers }) =>
      answering(async () => {
        const email = canonicalEmail(params.email);
        const refused = await gate.refuseChange(email, headers);
        if (refused !== undefined) return refused;
        await removeAccount({ accounts, numbers }, email);
        return success(204, undefined);
      }),
  };
}

function passwordHandlers(
  { accounts }: AccountHandlerParts,
  throttles: Readonly<Record<Limited, Throttle>>,
): Pick<AccountHandlers, 'changePassword' | 'recoveryPage'> {
  return {
    changePassword: ({ params, body, headers = {} }) =>
      answeringForm(body, async () => {
        const email = canonicalEmail(params.email);
        if (isAsked(body.recover)) {
          const waitS = throttles.mail.admit();
          if (waitS !== undefined) return throttled(waitS);
          accounts.requestRecovery(email);
          return success(200, {});
        }
        const waitS = throttles.recover.admit();
        if (waitS !== undefined) return throttled(waitS);
        const token = headers['ngv-recovery-token'] ?? body.recovery_token;
        const fault =
          token === undefined
            ? 'recover or recovery_token: one is needed'
            : passwordFault(body.password ?? '');
        if (token === undefined || fault !== undefined) {
          return refusal(400, 'ellis.invalid-request', { detail: fault ?? '' });
        }
        const isDone = await accounts.recover(email, token, body.password ?? '');
        return isDone ? success(200, {}) : refusal(422, 'ellis.bad-recovery-token');
      }),

    recoveryPage: ({ query }) =>
      Promise.resolve({ status: 200, body: recoveryPage(query), headers: RECOVERY_PAGE_HEADERS }),
  };
}

function sessionHandlers(
  { accounts, sessions, gate }: AccountHandlerParts,
  throttles: Readonly<Record<Limited, Throttle>>,
): Pick<AccountHandlers, 'logIn' | 'logOut'> {
  return {
    logIn: ({ body, headers }) =>
      answeringForm(body, async () => {
        const foreign = gate.refuseForeign(headers); // else another site logs a visitor into its own account
        if (foreign !== undefined) return foreign;
        const email = canonicalEmail(body.email ?? '');
        const waitS = throttles.logInByEmail.admit(email) ?? throttles.logIn.admit();
        if (waitS !== undefined) return throttled(waitS);
        const session = await accounts.logIn(email, body.password ?? '');
        if (session.tag === 'refused') return refusal(403, 'ellis.wrong-e-mail-or-password');
        throttles.logInByEmail.forgive(email);
        return success(201, { username: email }, { 'set-cookie': gate.cookie(session.token) });
      }),

    logOut: ({ headers }) =>
      answering(async () => {
        const foreign = gate.refuseForeign(headers);
        if (foreign !== undefined) return foreign;
        const token = sessionToken(headers);
        if (token !== undefined) await sessions.close(token);
        return success(204, undefined, { 'set-cookie': gate.expiredCookie() });
      }),
  };
}

/**
 * Numbers first: interrupted, the account is still there to be removed again. Then once more, for what a request that was under way
 * has allocated meanwhile; a later one finds the account gone.
 */
export async function removeAccount(
  { accounts, numbers }: Pick<AccountHandlerParts, 'accounts' | 'numbers'>,
  email: string,
): Promise<void> {
  await numbers.removeAll(email);
  await accounts.remove(email);
  await numbers.removeAll(email);
}

function isAsked(flag: boolean | string | undefined): boolean {
  return flag !== undefined && flag !== false && !['', '0', 'false'].includes(String(flag).toLowerCase());
}
