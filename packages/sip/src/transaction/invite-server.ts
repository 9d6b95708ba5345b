import type { Machine } from './machine.ts';

/**
 * INVITE server transaction: RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §7.1.
 *
 *   proceeding ──2xx──▶ accepted ──L──▶ terminated
 *       └──3xx–6xx──▶ completed ──ACK──▶ confirmed ──I──▶ terminated
 *                         └──H: the ACK never came──▶ terminated
 */
export type InviteServerState = 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';

export const INVITE_SERVER: Machine<InviteServerState> = {
  proceeding: {
    request: ['proceeding', 'resend'],
    'tu-1xx': ['proceeding', 'send'],
    'tu-2xx': ['accepted', 'send', 'start-timer-l'],
    'tu-failure': ['completed', 'send', 'start-timer-g', 'start-timer-h'],
  },
  accepted: {
    // Repetitions are absorbed, only the UAS core repeats its 2xx; the layer passes ACKs on (RFC 6026 §7.1).
    request: ['accepted'],
    'tu-2xx': ['accepted', 'send'],
    'timer-l': ['terminated'],
  },
  completed: {
    request: ['completed', 'resend'],
    'timer-g': ['completed', 'resend', 'start-timer-g'],
    'timer-h': ['terminated', 'tell-timeout'],
    ack: ['confirmed', 'stop-retransmit', 'start-timer-i'],
  },
  confirmed: {
    'timer-i': ['terminated'],
  },
  terminated: {},
};
