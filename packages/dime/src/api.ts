export {
  AuthVector,
  type HomesteadClient,
  homesteadApi,
  homesteadManagementApi,
  RegDataRequest,
  ServerSelection,
} from './api/homestead-api.ts';
export {
  PrivateBody,
  type ProvisioningClient,
  provisioningApi,
  SubscriberBody,
} from './api/provisioning-api.ts';
