import { keyDerivedFrom } from '../derive-key'

/** Encrypts replies that hold a secret, so that the database alone never reveals it. */
export interface ReplySealer {
  seal(reply: unknown): Promise<string>
  open<T>(sealed: string): Promise<T>
}

const nonceBytes = 12

/** AES-256-GCM under a key derived from `secret` by HKDF-SHA-256 for this purpose alone. */
export function createReplySealer(secret: string): ReplySealer {
  const algorithm = { name: 'AES-GCM', length: 256 } as const
  const derived = keyDerivedFrom(secret, 'slipway idempotent reply', algorithm, ['encrypt', 'decrypt'])
  return {
    async seal(reply) {
      const iv = crypto.getRandomValues(new Uint8Array(nonceBytes))
      const plain = new TextEncoder().encode(JSON.stringify(reply))
      const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await derived(), plain)
      return iv.toBase64() + new Uint8Array(sealed).toBase64()
    },
    async open<T>(sealed: string) {
      const bytes = Uint8Array.fromBase64(sealed)
      const [iv, data] = [bytes.subarray(0, nonceBytes), bytes.subarray(nonceBytes)]
      const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, await derived(), data)
      return JSON.parse(new TextDecoder().decode(plain)) as T
    },
  }
}
