export { CELLULAR_TIMERS, RFC_TIMERS, type TimerProfile } from './timers.ts';
