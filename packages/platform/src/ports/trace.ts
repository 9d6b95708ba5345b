/**
 * What happened to one call or registration, in order: the open successor of the original's SAS trail. An event belongs to a trail
 * (the Call-ID) and is kept only when someone watches, so the call path asks `isOn` before it builds one.
 */
export interface Trace {
  readonly isOn: boolean;
  event(trail: string, event: string, fields?: Readonly<Record<string, unknown>>): void;
}
