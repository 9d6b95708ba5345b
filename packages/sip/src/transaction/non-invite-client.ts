import type { Machine } from './machine.ts';

/**
 * Non-INVITE client transaction, RFC 3261 §17.1.2.
 *
 *   trying ──1xx──▶ proceeding ──final──▶ completed ──K──▶ terminated
 *      └────final─────────────────────────▲
 *   F or a transport error end trying and proceeding.
 */
export type NonInviteClientState = 'trying' | 'proceeding' | 'completed' | 'terminated';

export const NON_INVITE_CLIENT: Machine<NonInviteClientState> = {
  trying: {
    'timer-e': ['trying', 'resend', 'start-timer-e'],
    'timer-f': ['terminated', 'tell-timeout'],
    'transport-error': ['terminated', 'tell-unreachable'],
    '1xx': ['proceeding', 'pass'],
    '2xx': ['completed', 'stop-retransmit', 'start-timer-k', 'pass'],
    failure: ['completed', 'stop-retransmit', 'start-timer-k', 'pass'],
  },
  proceeding: {
    'timer-e': ['proceeding', 'resend', 'start-timer-e'], // the driver goes on at T2 here
    'timer-f': ['terminated', 'tell-timeout'],
    'transport-error': ['terminated', 'tell-unreachable'],
    '1xx': ['proceeding', 'pass'],
    '2xx': ['completed', 'stop-retransmit', 'start-timer-k', 'pass'],
    failure: ['completed', 'stop-retransmit', 'start-timer-k', 'pass'],
  },
  completed: { 'timer-k': ['terminated'] },
  terminated: {},
};
