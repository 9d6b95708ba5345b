import type { LifetimeTimer, RetransmitTimer } from './timers.ts';

/** What can happen to a transaction. `tu-…` comes from the transaction user, the others from the wire or a timer. */
export type Input =
  | 'request' // the same request again
  | 'ack'
  | '1xx'
  | '2xx'
  | 'failure' // 3xx to 6xx
  | 'tu-1xx'
  | 'tu-2xx'
  | 'tu-failure'
  | 'tu-silence' // there will be no final response
  | 'transport-error'
  | RetransmitTimer
  | LifetimeTimer;

/** What the driver has to do, in order. */
export type Action =
  | 'send' // the message in hand
  | 'resend' // the last message sent
  | 'ack' // the ACK of this non-2xx final response
  | 'pass' // the message in hand to the transaction user
  | 'tell-timeout'
  | 'tell-unreachable'
  | `start-${RetransmitTimer}` // first, or doubled
  | `start-${LifetimeTimer}` // replaces the running lifetime timer
  | 'stop-retransmit'
  | 'stop-lifetime';

/** Next state, then actions. */
export type Transition<State extends string> = readonly [State, ...Action[]];
/** A machine is data: state × input → transition. What is not listed means nothing in that state. */
export type Machine<State extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Input, Transition<State>>>>>
>;

/** The transition for `input` in `state`, or undefined when the input means nothing there. Pure; allocates nothing. */
export function step<State extends string>(
  machine: Machine<State>,
  state: State,
  input: Input,
): Transition<State> | undefined {
  return machine[state][input];
}
