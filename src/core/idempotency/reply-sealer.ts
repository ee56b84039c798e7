/** Encrypts replies that hold a secret, so that the database alone never reveals one. */
export interface ReplySealer {
  seal(reply: unknown): Promise<string>
  open<T>(sealed: string): Promise<T>
}

const nonceBytes = 12

/** AES-256-GCM under a key derived from `secret` by HKDF-SHA-256 for this purpose alone. */
export function createReplySealer(secret: string): ReplySealer {
  let key: CryptoKey | undefined
  const derived = async () => {
    key ??= await deriveKey(secret)
    return key
  }
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

async function deriveKey(secret: string): Promise<CryptoKey> {
  const encoder = new TextEncoder()
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveKey'])
  const parameters = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encoder.encode('slipway idempotent reply'),
  }
  return crypto.subtle.deriveKey(parameters, material, { name: 'AES-GCM', length: 256 }, false, [
    'encrypt',
    'decrypt',
  ])
}
