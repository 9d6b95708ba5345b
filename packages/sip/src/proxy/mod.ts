export type { ForkHooks, Target } from './fork.ts';
export {
  type ProxyPolicy,
  prepareAck,
  proxyRequest,
  type RouteContext,
  type Routing,
  respondTo,
} from './proxy-request.ts';
