import type { Machine } from './machine.ts';

/**
 * Non-INVITE server transaction, RFC 3261 §17.2.2.
 *
 *   trying ──1xx──▶ proceeding ──final──▶ completed ──J──▶ terminated
 *      └────final─────────────────────────▲
 *
 * Silence instead of a final response (RFC 4320 §4.2) leads to completed as well: repetitions must not count as new requests.
 */
export type NonInviteServerState = 'trying' | 'proceeding' | 'completed' | 'terminated';

export const NON_INVITE_SERVER: Machine<NonInviteServerState> = {
  trying: {
    'tu-1xx': ['proceeding', 'send'],
    'tu-2xx': ['completed', 'send', 'start-timer-j'],
    'tu-failure': ['completed', 'send', 'start-timer-j'],
    'tu-silence': ['completed', 'start-timer-j'],
  },
  proceeding: {
    request: ['proceeding', 'resend'],
    'tu-1xx': ['proceeding', 'send'],
    'tu-2xx': ['completed', 'send', 'start-timer-j'],
    'tu-failure': ['completed', 'send', 'start-timer-j'],
    'tu-silence': ['completed', 'start-timer-j'],
  },
  completed: {
    request: ['completed', 'resend'],
    'timer-j': ['terminated'],
  },
  terminated: {},
};
