import type { ProvisioningClient } from '@clearwater/dime/api';
import { AppError } from '@clearwater/platform';

/** What a phone asks for. */
export interface DemoUser {
  readonly impu: string;
  readonly user: string;
  readonly impi: string;
  readonly password: string;
}

const USERS = ['1000', '1001'];

/** Makes the two demo users, or gives them today's password. */
export async function ensureDemoUsers(
  provisioning: ProvisioningClient,
  { domain, password }: { readonly domain: string; readonly password: string },
): Promise<readonly DemoUser[]> {
  const users = USERS.map((user) => ({
    impu: `sip:${user}@${domain}`,
    user,
    impi: `${user}@${domain}`,
    password,
  }));
  for (const { impu, impi } of users) {
    const reply = await provisioning.putSubscriber({
      params: { impu },
      body: { private_id: impi, plaintext_password: password, realm: domain },
    });
    if (reply.status !== 200) {
      throw new AppError('lab.demo-user-failed', {
        origin: 'internal',
        retry: 'never',
        detail: { impu, status: reply.status },
      });
    }
  }
  return users;
}
