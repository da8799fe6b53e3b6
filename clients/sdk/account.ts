import type {
  EndDevices,
  Invited,
  OwnDevice,
  PasswordChange,
  PasswordReset,
  ResetPerson,
} from '@parley/protocol/identity.ts';
import type * as z from 'zod/mini';
import type { DeviceSession } from './session.ts';

/** What a person does with their own account: password and devices. What needs a session renews its token first. */
export function createAccount(session: DeviceSession) {
  async function signedIn<T>(method: string, path: string, body?: unknown): Promise<T> {
    await session.token();
    return session.request<T>(method, path, body);
  }
  return {
    changePassword: (input: z.input<typeof PasswordChange>) => signedIn<void>('POST', '/api/session/password', input),
    devices: async () => (await signedIn<{ devices: OwnDevice[] }>('GET', '/api/session/devices')).devices,
    endDevice: (deviceId: string) => signedIn<void>('DELETE', `/api/session/devices/${deviceId}`),
    endDevices: (input: z.input<typeof EndDevices>) => signedIn<void>('DELETE', '/api/session/devices', input),
    resetPerson: (token: string) => session.request<ResetPerson>('POST', '/api/password-reset/person', { token }),
    resetPassword: (input: z.input<typeof PasswordReset>) =>
      session.request<Invited>('POST', '/api/password-reset', input),
  };
}
