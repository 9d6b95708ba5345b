import type { Machine } from './machine.ts';

/**
 * INVITE client transaction: RFC 3261 §17.1.1 with the Accepted state of RFC 6026 §7.2.
 *
 *   calling ──1xx──▶ proceeding
 *      │ │ └──────────2xx──────┴──▶ accepted ──M──▶ terminated
 *      │ └─────────3xx–6xx─────┴──▶ completed ─D──▶ terminated
 *      └─B, transport error──▶ terminated
 */
export type InviteClientState = 'calling' | 'proceeding' | 'completed' | 'accepted' | 'terminated';

export const INVITE_CLIENT: Machine<InviteClientState> = {
  calling: {
    'timer-a': ['calling', 'resend', 'start-timer-a'],
    'timer-b': ['terminated', 'tell-timeout'],
    'transport-error': ['terminated', 'tell-unreachable'],
    '1xx': ['proceeding', 'stop-retransmit', 'stop-lifetime', 'pass'],
    '2xx': ['accepted', 'stop-retransmit', 'start-timer-m', 'pass'],
    failure: ['completed', 'stop-retransmit', 'ack', 'start-timer-d', 'pass'],
  },
  proceeding: {
    '1xx': ['proceeding', 'pass'],
    '2xx': ['accepted', 'start-timer-m', 'pass'],
    failure: ['completed', 'ack', 'start-timer-d', 'pass'],
  },
  completed: {
    failure: ['completed', 'ack'],
    'transport-error': ['terminated'],
    'timer-d': ['terminated'],
  },
  accepted: {
    '2xx': ['accepted', 'pass'], // each fork's and each retransmitted 2xx goes up: RFC 6026 §7.2
    'timer-m': ['terminated'],
  },
  terminated: {},
};
