import { canonicalImpu } from './identity.ts';
import type {
  ApplicationServer,
  ImsSubscription,
  InitialFilterCriterion,
  PublicIdentity,
  ServicePointTrigger,
  ServiceProfile,
  SessionCase,
  TriggerMatch,
  TriggerPoint,
} from './service-profile.ts';
import {
  childOf,
  childrenOf,
  parseXml,
  serializeXml,
  textOf,
  XML_BOUNDS,
  type XmlBounds,
  type XmlElement,
} from './xml-tree.ts';

export type SubscriptionResult =
  | { readonly tag: 'parsed'; readonly subscription: ImsSubscription }
  | { readonly tag: 'malformed'; readonly reason: string };

export type FragmentResult<T> =
  | { readonly tag: 'parsed'; readonly value: T }
  | { readonly tag: 'malformed'; readonly reason: string };

/** An `IMSSubscription` document (TS 29.228 annex E). Elements it does not know are passed over; wrong values refuse the whole. */
export function parseSubscription(xml: string, bounds: XmlBounds = XML_BOUNDS): SubscriptionResult {
  const result = readDocument(xml, bounds, 'IMSSubscription', subscriptionOf);
  return result.tag === 'parsed' ? { tag: 'parsed', subscription: result.value } : result;
}

/** Within these a whole document that holds a few fragments stays within `XML_BOUNDS`, two levels above each included. */
const FRAGMENT_BOUNDS: XmlBounds = {
  lengthMax: 64 * 1024,
  depthMax: XML_BOUNDS.depthMax - 2,
  elementsMax: 2_500,
};

/** A fragment, and its text again without prefixes, attributes, comments and white space: fit to be put into a larger document. */
export interface Fragment<T> {
  readonly value: T;
  readonly xml: string;
}

/** A `PublicIdentity` element alone, as the provisioning API takes it. */
export function parsePublicIdentity(xml: string): FragmentResult<Fragment<PublicIdentity>> {
  return readFragment(xml, 'PublicIdentity', publicIdentityOf);
}

/** A `ServiceProfile` element alone, with its filter criteria; identities in it may be missing. */
export function parseServiceProfile(xml: string): FragmentResult<Fragment<ServiceProfile>> {
  return readFragment(xml, 'ServiceProfile', serviceProfileOf);
}

function readFragment<T>(
  text: string,
  name: string,
  read: (root: XmlElement) => T,
): FragmentResult<Fragment<T>> {
  return readDocument(text, FRAGMENT_BOUNDS, name, (root) => {
    const value = read(root);
    const xml = serializeXml(root); // may be longer: characters are escaped
    return { value, xml: xml.length > FRAGMENT_BOUNDS.lengthMax ? wrong('too-long') : xml };
  });
}

function readDocument<T>(
  xml: string,
  bounds: XmlBounds,
  name: string,
  read: (root: XmlElement) => T,
): FragmentResult<T> {
  const result = parseXml(xml, bounds);
  if (result.tag === 'malformed') return result;
  if (result.root.name !== name) return { tag: 'malformed', reason: `root is not ${name}` };
  return attempt(() => read(result.root));
}

function attempt<T>(read: () => T): FragmentResult<T> {
  try {
    return { tag: 'parsed', value: read() };
  } catch (error) {
    if (error instanceof WrongElement) return { tag: 'malformed', reason: error.message };
    throw error;
  }
}

class WrongElement extends Error {}

function wrong(what: string): never {
  throw new WrongElement(what);
}

/** For documents that hold an `IMSSubscription`; undefined when it is wrong. */
export function subscriptionOfElement(root: XmlElement): SubscriptionResult {
  const result = attempt(() => subscriptionOf(root));
  return result.tag === 'parsed' ? { tag: 'parsed', subscription: result.value } : result;
}

function subscriptionOf(root: XmlElement): ImsSubscription {
  const serviceProfiles = childrenOf(root, 'ServiceProfile').map(serviceProfileOf);
  const identities = serviceProfiles.flatMap((profile) => profile.identities);
  const first =
    identities.find((identity) => !identity.isBarred) ?? identities[0] ?? wrong('no PublicIdentity');
  return { privateId: textOf(root, 'PrivateID') ?? '', serviceProfiles, identities, defaultImpu: first.impu };
}

function serviceProfileOf(element: XmlElement): ServiceProfile {
  const authorization = childOf(element, 'CoreNetworkServicesAuthorization');
  const mediaProfile =
    authorization === undefined ? undefined : textOf(authorization, 'SubscribedMediaProfileId');
  const shared = childrenOf(childOf(element, 'Extension') ?? element, 'SharedIFCSetID');
  return {
    identities: childrenOf(element, 'PublicIdentity').map(publicIdentityOf),
    initialFilterCriteria: childrenOf(element, 'InitialFilterCriteria').map(criterionOf),
    sharedIfcSetIds: shared.map((id) => integerOf(id.text, 'SharedIFCSetID')),
    ...(mediaProfile === undefined
      ? {}
      : { subscribedMediaProfileId: integerOf(mediaProfile, 'SubscribedMediaProfileId') }),
  };
}

function publicIdentityOf(element: XmlElement): PublicIdentity {
  const extension = childOf(element, 'Extension');
  const type = extension === undefined ? undefined : textOf(extension, 'IdentityType');
  const inner = extension === undefined ? undefined : childOf(extension, 'Extension');
  const displayName = inner === undefined ? undefined : textOf(inner, 'DisplayName');
  const wildcard = extension === undefined ? undefined : textOf(extension, 'WildcardedPSI');
  const wildcardedImpu = (inner === undefined ? undefined : textOf(inner, 'WildcardedIMPU')) ?? wildcard;
  const impu = canonicalImpu(textOf(element, 'Identity') ?? '');
  return {
    impu: impu ?? wrong('Identity'),
    isBarred: booleanOf(textOf(element, 'BarringIndication'), 'BarringIndication'),
    identityType: type === undefined ? 0 : integerOf(type, 'IdentityType'),
    ...(wildcardedImpu === undefined
      ? {}
      : { wildcardedImpu: canonicalImpu(wildcardedImpu) ?? wrong('WildcardedIMPU') }),
    ...(displayName === undefined ? {} : { displayName }),
  };
}

function criterionOf(element: XmlElement): InitialFilterCriterion {
  const trigger = childOf(element, 'TriggerPoint');
  const part = textOf(element, 'ProfilePartIndicator');
  return {
    priority: integerOf(textOf(element, 'Priority') ?? '', 'Priority'),
    ...(part === undefined ? {} : { profilePart: profilePartOf(part) }),
    ...(trigger === undefined ? {} : { triggerPoint: triggerPointOf(trigger) }),
    applicationServer: applicationServerOf(
      childOf(element, 'ApplicationServer') ?? wrong('no ApplicationServer'),
    ),
  };
}

function profilePartOf(text: string): 'registered' | 'unregistered' {
  if (text === '0') return 'registered';
  return text === '1' ? 'unregistered' : wrong('ProfilePartIndicator');
}

function applicationServerOf(element: XmlElement): ApplicationServer {
  const serverName = textOf(element, 'ServerName') ?? '';
  const serviceInfo = textOf(element, 'ServiceInfo');
  const extension = childOf(element, 'Extension');
  const includes = (name: string): boolean =>
    extension !== undefined && childOf(extension, name) !== undefined;
  return {
    serverName: serverName === '' ? wrong('ServerName') : serverName,
    defaultHandling: booleanOf(textOf(element, 'DefaultHandling'), 'DefaultHandling')
      ? 'terminate'
      : 'continue',
    ...(serviceInfo === undefined ? {} : { serviceInfo }),
    includeRegisterRequest: includes('IncludeRegisterRequest'),
    includeRegisterResponse: includes('IncludeRegisterResponse'),
  };
}

function triggerPointOf(element: XmlElement): TriggerPoint {
  return {
    isConjunctive: booleanOf(textOf(element, 'ConditionTypeCNF'), 'ConditionTypeCNF'),
    points: childrenOf(element, 'SPT').map(pointOf),
  };
}

function pointOf(element: XmlElement): ServicePointTrigger {
  return {
    isNegated: booleanOf(textOf(element, 'ConditionNegated'), 'ConditionNegated'),
    groups: childrenOf(element, 'Group').map((group) => integerOf(group.text, 'Group')),
    match: matchOf(element),
  };
}

function matchOf(element: XmlElement): TriggerMatch {
  for (const child of element.children) {
    switch (child.name) {
      case 'RequestURI':
        return { tag: 'request-uri', pattern: child.text };
      case 'Method':
        return { tag: 'method', method: child.text, registrationTypes: registrationTypesOf(element) };
      case 'SIPHeader':
        return { tag: 'header', header: textOf(child, 'Header') ?? wrong('Header'), ...contentOf(child) };
      case 'SessionCase':
        return { tag: 'session-case', sessionCase: sessionCaseOf(child.text) };
      case 'SessionDescription':
        return {
          tag: 'session-description',
          line: textOf(child, 'Line') ?? wrong('Line'),
          ...contentOf(child),
        };
      default: // ConditionNegated, Group, Extension
    }
  }
  return wrong('SPT');
}

function contentOf(element: XmlElement): { readonly content?: string } {
  const content = textOf(element, 'Content');
  return content === undefined ? {} : { content };
}

function registrationTypesOf(element: XmlElement): readonly number[] {
  const extension = childOf(element, 'Extension');
  const types = extension === undefined ? [] : childrenOf(extension, 'RegistrationType');
  return types.map((type) => integerOf(type.text, 'RegistrationType'));
}

function sessionCaseOf(text: string): SessionCase {
  return /^[0-4]$/.test(text) ? (Number(text) as SessionCase) : wrong('SessionCase');
}

function integerOf(text: string, what: string): number {
  return /^\d{1,10}$/.test(text) ? Number(text) : wrong(what);
}

/** tBool of the schema: 0, 1, false, true; absent is false. */
function booleanOf(text: string | undefined, what: string): boolean {
  if (text === undefined || text === '0' || text === 'false') return false;
  return text === '1' || text === 'true' ? true : wrong(what);
}
