import type { ImsSubscription } from './service-profile.ts';
import { subscriptionOfElement } from './subscription-parser.ts';
import { childOf, childrenOf, escapeXml, parseXml, textOf, XML_BOUNDS, type XmlElement } from './xml-tree.ts';

export type RegistrationState = 'REGISTERED' | 'UNREGISTERED' | 'NOT_REGISTERED';

/** What Homestead answers about a public identity: the `ClearwaterRegData` document. */
export interface RegData {
  readonly registrationState: RegistrationState;
  /** Only in answers to a change (`reg`, `call`). */
  readonly previousRegistrationState?: RegistrationState;
  /** Absent when the answer carries no profile (a de-registration). */
  readonly subscription?: ImsSubscription;
  readonly charging: ChargingAddresses;
}

/** Charging functions, most preferred first. */
export interface ChargingAddresses {
  readonly ccfs: readonly string[];
  readonly ecfs: readonly string[];
}

export interface RegDataText {
  readonly registrationState: RegistrationState;
  readonly previousRegistrationState?: RegistrationState;
  /** The `IMSSubscription` element, without XML declaration; put in as it is. */
  readonly subscriptionXml?: string;
  readonly charging: ChargingAddresses;
}

/** The `ClearwaterRegData` document. */
export function serializeRegData(data: RegDataText): string {
  const previous =
    data.previousRegistrationState === undefined
      ? ''
      : `<PreviousRegistrationState>${data.previousRegistrationState}</PreviousRegistrationState>`;
  return `<ClearwaterRegData><RegistrationState>${data.registrationState}</RegistrationState>${previous}${
    data.subscriptionXml ?? ''
  }${chargingXml(data.charging)}</ClearwaterRegData>`;
}

function chargingXml({ ccfs, ecfs }: ChargingAddresses): string {
  if (ccfs.length === 0 && ecfs.length === 0) return '';
  const list = (name: string, addresses: readonly string[]): string =>
    addresses.map((address, at) => `<${name} priority="${at + 1}">${escapeXml(address)}</${name}>`).join('');
  return `<ChargingAddresses>${list('CCF', ccfs)}${list('ECF', ecfs)}</ChargingAddresses>`;
}

export type RegDataResult =
  | { readonly tag: 'parsed'; readonly regData: RegData }
  | { readonly tag: 'malformed'; readonly reason: string };

/** Parses a `ClearwaterRegData` document; charging functions keep their order in the document. */
export function parseRegData(xml: string): RegDataResult {
  const result = parseXml(xml, XML_BOUNDS);
  if (result.tag === 'malformed') return result;
  const { root } = result;
  const registrationState = stateOf(textOf(root, 'RegistrationState'));
  if (root.name !== 'ClearwaterRegData' || registrationState === undefined) {
    return { tag: 'malformed', reason: 'not ClearwaterRegData' };
  }
  const previous = stateOf(textOf(root, 'PreviousRegistrationState'));
  const base = {
    registrationState,
    ...(previous === undefined ? {} : { previousRegistrationState: previous }),
    charging: chargingOf(childOf(root, 'ChargingAddresses')),
  };
  const element = childOf(root, 'IMSSubscription');
  if (element === undefined) return { tag: 'parsed', regData: base };
  const subscription = subscriptionOfElement(element);
  if (subscription.tag === 'malformed') return subscription;
  return { tag: 'parsed', regData: { ...base, subscription: subscription.subscription } };
}

function stateOf(text: string | undefined): RegistrationState | undefined {
  return text === 'REGISTERED' || text === 'UNREGISTERED' || text === 'NOT_REGISTERED' ? text : undefined;
}

function chargingOf(element: XmlElement | undefined): ChargingAddresses {
  if (element === undefined) return { ccfs: [], ecfs: [] };
  const texts = (name: string): readonly string[] => childrenOf(element, name).map((child) => child.text);
  return { ccfs: texts('CCF'), ecfs: texts('ECF') };
}
