/**
 * A key for one purpose alone, made from `secret` by HKDF-SHA-256 (RFC 5869) and kept once it is made: calling
 * the result again costs nothing. Only the key is kept, never a promise, which would belong to one request.
 */
export function keyDerivedFrom(
  secret: string,
  purpose: string,
  algorithm: { name: 'AES-GCM'; length: 256 } | { name: 'HMAC'; hash: 'SHA-256'; length: 256 },
  usages: string[],
): () => Promise<CryptoKey> {
  let key: CryptoKey | undefined
  return async () => {
    key ??= await derive(secret, purpose, algorithm, usages)
    return key
  }
}

async function derive(
  secret: string,
  purpose: string,
  algorithm: Parameters<typeof keyDerivedFrom>[2],
  usages: string[],
): Promise<CryptoKey> {
  const encoder = new TextEncoder()
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveKey'])
  const parameters = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encoder.encode(purpose),
  }
  return crypto.subtle.deriveKey(parameters, material, algorithm, false, usages)
}
