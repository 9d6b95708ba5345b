import type { Impu } from './identity.ts';

/** A subscription as the S-CSCF downloads it (TS 29.228 annexes B and E), parsed. Made by `parseSubscription`. */
export interface ImsSubscription {
  /** As in the document; our own Homestead writes `Unspecified`, as a set may have several. */
  readonly privateId: string;
  readonly serviceProfiles: readonly ServiceProfile[];
  /** Identities of all profiles, in document order: the implicit registration set. */
  readonly identities: readonly PublicIdentity[];
  /** The first identity that is not barred, else the first: the key of the registration record. */
  readonly defaultImpu: Impu;
}

export interface ServiceProfile {
  readonly identities: readonly PublicIdentity[];
  readonly initialFilterCriteria: readonly InitialFilterCriterion[];
  readonly sharedIfcSetIds: readonly number[];
  /** SubscribedMediaProfileId of the core network service authorisation. */
  readonly subscribedMediaProfileId?: number;
}

export interface PublicIdentity {
  readonly impu: Impu;
  /** Barred: may be registered implicitly, but neither called nor used to originate (TS 23.228 §5.2.1). */
  readonly isBarred: boolean;
  /** 0 distinct user identity, 1 distinct service identity, 2 wildcarded service identity, 3 non-distinct, 4 wildcarded user identity. */
  readonly identityType: number;
  readonly wildcardedImpu?: Impu;
  readonly displayName?: string;
}

/** TS 29.228 §B.2.2. */
export interface InitialFilterCriterion {
  readonly priority: number;
  /** In which registration state of the user it applies; absent: in both. */
  readonly profilePart?: 'registered' | 'unregistered';
  /** Absent: every initial request matches. */
  readonly triggerPoint?: TriggerPoint;
  readonly applicationServer: ApplicationServer;
}

export interface ApplicationServer {
  readonly serverName: string;
  /** What happens to the session when the server does not answer. */
  readonly defaultHandling: 'continue' | 'terminate';
  readonly serviceInfo?: string;
  readonly includeRegisterRequest: boolean;
  readonly includeRegisterResponse: boolean;
}

export interface TriggerPoint {
  /** True: an AND of ORs (conjunctive form), false: an OR of ANDs; the groups of a point say which belong together. */
  readonly isConjunctive: boolean;
  readonly points: readonly ServicePointTrigger[];
}

export interface ServicePointTrigger {
  readonly isNegated: boolean;
  readonly groups: readonly number[];
  readonly match: TriggerMatch;
}

export type TriggerMatch =
  | { readonly tag: 'request-uri'; readonly pattern: string }
  /** `registrationTypes`: 0 initial, 1 re-, 2 de-registration; empty = all (REGISTER only). */
  | { readonly tag: 'method'; readonly method: string; readonly registrationTypes: readonly number[] }
  | { readonly tag: 'header'; readonly header: string; readonly content?: string }
  | { readonly tag: 'session-case'; readonly sessionCase: SessionCase }
  | { readonly tag: 'session-description'; readonly line: string; readonly content?: string };

/** 0 originating, 1 terminating registered, 2 terminating unregistered, 3 originating unregistered, 4 originating call diversion. */
export type SessionCase = 0 | 1 | 2 | 3 | 4;

/** Whether `impu` is barred in this subscription; false for one that is not in it. */
export function isBarred(subscription: ImsSubscription, impu: Impu): boolean {
  return subscription.identities.some((identity) => identity.impu === impu && identity.isBarred);
}

/** The identities of the set that may be used, default identity first: what P-Associated-URI lists (RFC 7315 §4.1). */
export function usableIdentities(subscription: ImsSubscription): readonly Impu[] {
  return subscription.identities.filter((identity) => !identity.isBarred).map((identity) => identity.impu);
}

/** The service profile that `impu` is served by, or undefined when it is not in the subscription. */
export function serviceProfileOf(subscription: ImsSubscription, impu: Impu): ServiceProfile | undefined {
  return subscription.serviceProfiles.find((profile) =>
    profile.identities.some((identity) => identity.impu === impu),
  );
}
