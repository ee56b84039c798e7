import { keyDerivedFrom } from '../derive-key'
import type { SigningSecrets } from '../mac'

/** Encrypts replies that hold a secret, so that the database alone never reveals it. */
export interface ReplySealer {
  seal(reply: unknown): Promise<string>
  /** Rejects when it was not sealed under one of the secrets, or was changed. */
  open<T>(sealed: string): Promise<T>
}

const nonceBytes = 12

/** AES-256-GCM under keys derived from `secrets` by HKDF-SHA-256 for this purpose alone. */
export function createReplySealer([current, ...former]: SigningSecrets): ReplySealer {
  const algorithm = { name: 'AES-GCM', length: 256 } as const
  const derive = (secret: string) =>
    keyDerivedFrom(secret, 'slipway idempotent reply', algorithm, ['encrypt', 'decrypt'])
  const currentKey = derive(current)
  const keys = [currentKey, ...former.map(derive)]
  return {
    async seal(reply) {
      const iv = crypto.getRandomValues(new Uint8Array(nonceBytes))
      const plain = new TextEncoder().encode(JSON.stringify(reply))
      const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await currentKey(), plain)
      return iv.toBase64() + new Uint8Array(sealed).toBase64()
    },
    async open<T>(sealed: string) {
      const bytes = Uint8Array.fromBase64(sealed)
      const [iv, data] = [bytes.subarray(0, nonceBytes), bytes.subarray(nonceBytes)]
      let failure: unknown
      for (const key of keys)
        try {
          const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, await key(), data)
          return JSON.parse(new TextDecoder().decode(plain)) as T
        } catch (error) {
          failure = error
        }
      throw failure
    },
  }
}
