import 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** The local S3 endpoint that test/e2e/support/local-s3.ts starts. */
    s3: { endpoint: string; region: string; bucket: string; accessKeyId: string; secretAccessKey: string }
    /** What the keys of the storage contracts begin with, where the bucket holds other objects. Ends in a slash. */
    keyPrefix?: string
  }
}
