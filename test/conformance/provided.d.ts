import 'vitest'
import type { Finding } from './seals/finding'

declare module 'vitest' {
  interface ProvidedContext {
    /** The store that is asked. */
    conformance: {
      endpoint: string
      region: string
      bucket: string
      credentials: { accessKeyId: string; secretAccessKey: string }
      /** The put-only principal; null: none was given. */
      uploadCredentials: { accessKeyId: string; secretAccessKey: string } | null
    }
  }

  interface TaskMeta {
    /** What a test of test/conformance/seals has learned. */
    finding?: Finding
  }
}
