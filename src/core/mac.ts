import { keyDerivedFrom } from './derive-key'

/** The secrets that the gateway signs and seals with: the first makes, any of them is accepted. */
export type SigningSecrets = readonly [current: string, ...former: string[]]

/** How many bytes a MAC has. */
export const macByteLength = 32

/** Message authentication codes for one purpose. */
export interface Mac {
  /** The MAC of `message` under the current secret. */
  sign(message: Uint8Array): Promise<Uint8Array>
  /** Whether `mac` is that of `message` under one of the secrets, compared in constant time. */
  verify(mac: Uint8Array, message: Uint8Array): Promise<boolean>
}

/** HMAC-SHA-256 under keys derived from `secrets` by HKDF-SHA-256 for `purpose` alone. */
export function createMac([current, ...former]: SigningSecrets, purpose: string): Mac {
  const algorithm = { name: 'HMAC', hash: 'SHA-256', length: 256 } as const
  const derive = (secret: string) => keyDerivedFrom(secret, purpose, algorithm, ['sign', 'verify'])
  const currentKey = derive(current)
  const keys = [currentKey, ...former.map(derive)]
  return {
    async sign(message) {
      return new Uint8Array(await crypto.subtle.sign('HMAC', await currentKey(), message))
    },
    async verify(mac, message) {
      for (const key of keys) if (await crypto.subtle.verify('HMAC', await key(), mac, message)) return true
      return false
    },
  }
}
