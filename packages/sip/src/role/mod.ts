export type {
  ClientFailure,
  ClientLeg,
  ClientLegUser,
  LegOrigin,
  Role,
  RoleHost,
  SendOptions,
  ServerLeg,
  ServerLegUser,
} from './role.ts';
export { SipNode, type SipNodeConfig } from './sip-node.ts';
